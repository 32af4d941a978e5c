using System.Reflection;
using System.Runtime.Loader;
using Exploration;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Compilation;

/// <summary>
/// The library's files, what they stand on and the scenarios, compiled so that each access to a field is a step of the explorer; with
/// faults planted in the text if wanted.
/// </summary>
internal sealed class ExploredCode
{
    private const string Prefix = "source/";

    // The library's files whose fields threads share. The others, and what stands in for the framework and the kernel, are taken as they
    // are.
    private static readonly HashSet<string> Instrumented = new(StringComparer.Ordinal)
    {
        "BlockingCall.cs", "LastingCallback.cs", "Mailbox.cs", "MpscQueue.cs", "Parker.cs", "SpinGate.cs", "UserEvent.cs", "Waker.cs",
        "WorkQueue.cs",
    };

    private const string ImplicitUsings =
        """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.Latest);
    private static readonly Lazy<(CSharpCompilation Plain, CSharpCompilation Instrumented)> Compilations = new(Compile);
    private static readonly Lazy<ExploredCode> Instance = new(() => With());

    private readonly Assembly _assembly;

    private ExploredCode(Assembly assembly) => _assembly = assembly;

    /// <summary>The code as it is shipped, except that a receiver looks once for a message that is being sent, not 32 times.</summary>
    public static ExploredCode Shipped => Instance.Value;

    /// <summary>The code with faults.</summary>
    public static ExploredCode With(params PlantedFault[] faults)
    {
        (CSharpCompilation plain, CSharpCompilation instrumented) = Compilations.Value;
        foreach (PlantedFault fault in faults)
        {
            SyntaxTree shipped = plain.SyntaxTrees.Single(tree => string.Equals(tree.FilePath, fault.File, StringComparison.Ordinal));
            SyntaxTree planted = fault.PlantedIn(shipped);
            plain = plain.ReplaceSyntaxTree(shipped, planted);
            instrumented = instrumented.ReplaceSyntaxTree(
                instrumented.SyntaxTrees.Single(tree => string.Equals(tree.FilePath, fault.File, StringComparison.Ordinal)),
                InstrumentedOf(plain, planted));
        }

        return new ExploredCode(Loaded(instrumented));
    }

    /// <summary>Explores a scenario in this code.</summary>
    /// <typeparam name="TScenario">The scenario.</typeparam>
    /// <param name="machine">The memory, and how states are recognised.</param>
    /// <param name="arguments">The arguments of its constructor.</param>
    public Coverage Explore<TScenario>(Machine machine, params object?[] arguments)
        where TScenario : Scenario
    {
        ConstructorInfo constructor = _assembly.GetType(typeof(TScenario).FullName!, throwOnError: true)!.GetConstructors().Single();
        ConstructorInvoker create = ConstructorInvoker.Create(constructor);
        return Explorer.Explore(() => (Scenario)create.Invoke(arguments), machine);
    }

    /// <inheritdoc cref="Explore{TScenario}(Machine, object[])"/>
    public Coverage Explore<TScenario>(params object?[] arguments)
        where TScenario : Scenario => Explore<TScenario>(Machine.Exact, arguments);

    private static (CSharpCompilation Plain, CSharpCompilation Instrumented) Compile()
    {
        Assembly assembly = typeof(ExploredCode).Assembly;
        SyntaxTree[] trees = [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => Parsed(ReadText(assembly, name), name[Prefix.Length..]))
            .Select(tree => string.Equals(tree.FilePath, PlantedFault.FewerLooks.File, StringComparison.Ordinal)
                ? PlantedFault.FewerLooks.PlantedIn(tree)
                : tree)];
        CSharpCompilation plain = CSharpCompilation.Create(
            "Vigil.Protocols.Explored",
            [.. trees, Parsed(ImplicitUsings, "ImplicitUsings.cs")],
            Referenced(),
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                optimizationLevel: OptimizationLevel.Release,
                allowUnsafe: true,
                nullableContextOptions: NullableContextOptions.Enable));
        return (plain, trees.Aggregate(plain, (compilation, tree) => compilation.ReplaceSyntaxTree(tree, InstrumentedOf(plain, tree))));
    }

    private static string ReadText(Assembly assembly, string resource)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }

    private static SyntaxTree Parsed(string text, string file) => CSharpSyntaxTree.ParseText(text, Parsing, file);

    // Parsed anew: "field" is a keyword only where the parser knows that it is in a property.
    private static SyntaxTree InstrumentedOf(CSharpCompilation compilation, SyntaxTree tree) => Instrumented.Contains(tree.FilePath)
        ? Parsed(new AccessRewriter(compilation.GetSemanticModel(tree)).Visit(tree.GetRoot()).ToFullString(), tree.FilePath)
        : tree;

    private static Assembly Loaded(CSharpCompilation compilation)
    {
        using var image = new MemoryStream();
        Microsoft.CodeAnalysis.Emit.EmitResult emitted = compilation.Emit(image);
        if (!emitted.Success)
        {
            throw new InvalidOperationException(
                string.Join(
                    Environment.NewLine,
                    emitted.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Select(Described)));
        }

        image.Position = 0;
        return new AssemblyLoadContext("explored").LoadFromStream(image);
    }

    private static string Described(Diagnostic diagnostic) =>
        $"{diagnostic}: {diagnostic.Location.SourceTree?.GetText().Lines[diagnostic.Location.GetLineSpan().StartLinePosition.Line]}";

    private static IEnumerable<MetadataReference> Referenced()
    {
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        string trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        return trusted.Split(Path.PathSeparator)
            .Where(path => string.Equals(Path.GetDirectoryName(path), runtime, StringComparison.Ordinal))
            .Append(typeof(ExploredCode).Assembly.Location)
            .Select(path => MetadataReference.CreateFromFile(path));
    }
}
