using System.Reflection;
using Microsoft.CodeAnalysis;

namespace Vigil.Testing.Analyzers;

/// <summary>
/// What is told, with three arguments: the member that is used, what to use instead, and from where the code is reached that uses it.
/// </summary>
internal static class Warnings
{
    private const string Category = "Vigil.Testing";

    // Known if the package says where its sources are published. Before the warnings, which are created in the order of the text.
    private static readonly string? HelpLink = typeof(Warnings).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .FirstOrDefault(metadata => string.Equals(metadata.Key, nameof(HelpLink), StringComparison.Ordinal))?.Value;

    public static readonly DiagnosticDescriptor Thread = new(
        "VIGILT001",
        "Simulated code uses a thread of its own",
        "'{0}' runs code on a thread that is not the world's, so the seed does not decide when it runs; use {1}{2}",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        description: "Everything in a world runs on one thread, in an order that the seed decides. Other threads are outside of it.",
        helpLinkUri: HelpLink,
        customTags: WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor Clock = new(
        "VIGILT002",
        "Simulated code reads the machine's clock",
        "'{0}' reads the machine's clock, which goes on while simulated time stands still; use {1}{2}",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        description: "Simulated time goes by the world's clock alone. What the machine's clocks show differs from run to run.",
        helpLinkUri: HelpLink,
        customTags: WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor Wait = new(
        "VIGILT003",
        "Simulated code waits by the machine's clock",
        "'{0}' waits by the machine's clock, and the world does not wait for it; use {1}{2}",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        description: "A world knows the timers of its own clock only. What waits by another goes on in real time, on a thread of the pool.",
        helpLinkUri: HelpLink,
        customTags: WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor Block = new(
        "VIGILT004",
        "Simulated code blocks its thread",
        "'{0}' blocks the one thread on which everything in a world runs; use {1}{2}",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        description: "Everything in a world runs on one thread. While that waits, what it waits for cannot happen.",
        helpLinkUri: HelpLink,
        customTags: WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor Randomness = new(
        "VIGILT005",
        "Simulated code uses the machine's randomness",
        "'{0}' is different in each run, so the seed does not repeat it; use {1}{2}",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        description: "A run repeats only if its random numbers do.",
        helpLinkUri: HelpLink,
        customTags: WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor Descriptor = new(
        "VIGILT006",
        "Simulated code opens a real descriptor",
        "'{0}' opens a descriptor of the kernel, for which the world decides neither times nor faults; use {1}{2}",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        description: "A world decides when its own descriptors are ready and what goes wrong with them. The kernel's go by real time.",
        helpLinkUri: HelpLink,
        customTags: WellKnownDiagnosticTags.CompilationEnd);
}
