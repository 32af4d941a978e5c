using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Vigil.Testing.Analyzers.Tests;

/// <summary>
/// A program that is compiled with the analyzer. A comment at the end of a line, <c>// VIGILT001</c>, says that the line warns; all other
/// lines must not.
/// </summary>
internal static class Snippet
{
    private const string Usings =
        """
        global using System;
        global using System.Collections.Generic;
        global using System.Diagnostics;
        global using System.IO;
        global using System.Linq;
        global using System.Net;
        global using System.Net.Sockets;
        global using System.Security.Cryptography;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly Lazy<ImmutableArray<MetadataReference>> References = new(() =>
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':')
            .Where(path => !Path.GetFileName(path).StartsWith("xunit", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ]);

    /// <summary>The code is the body of a simulation.</summary>
    public static Task WarnsInASimulationAsync(string body) => WarnsWhereItSaysAsync(
        $$"""
        using Vigil;
        using Vigil.IO;
        using Vigil.Testing;

        static class Program
        {
            static void Main() => Simulation.Run(world =>
            {
        {{body}}
            });
        }
        """);

    /// <summary>The code is a whole file of a test project.</summary>
    public static Task WarnsWhereItSaysAsync(string source) => WarnsWhereItSaysAsync([("Tests.cs", source)]);

    /// <param name="files">The files of the project.</param>
    /// <param name="simulated">The file that an editor configuration says to be simulated.</param>
    /// <param name="knowsWorlds">Whether the project refers to Vigil.Testing, and not only to its analyzer.</param>
    public static async Task WarnsWhereItSaysAsync((string Path, string Source)[] files, string? simulated = null, bool knowsWorlds = true)
    {
        string[] expected = [.. files.SelectMany(file => MarkedIn(file.Path, file.Source)).Order(StringComparer.Ordinal)];

        ImmutableArray<Diagnostic> told = await WarningsOfAsync(files, simulated, knowsWorlds);

        Assert.All(told, diagnostic => Assert.Equal(DiagnosticSeverity.Warning, diagnostic.Severity));
        Assert.Equal(
            expected,
            told.Select(
                diagnostic => Mark(
                    diagnostic.Location.GetLineSpan().Path, diagnostic.Location.GetLineSpan().StartLinePosition.Line, diagnostic.Id))
                .Order(StringComparer.Ordinal));
    }

    /// <summary>What the analyzer tells.</summary>
    public static async Task<ImmutableArray<Diagnostic>> WarningsOfAsync(
        (string Path, string Source)[] files, string? simulated = null, bool knowsWorlds = true)
    {
        var parsing = new CSharpParseOptions(LanguageVersion.Latest);
        var compilation = CSharpCompilation.Create(
            "Program",
            files.Prepend((Path: "Usings.cs", Source: Usings)).Select(file => CSharpSyntaxTree.ParseText(file.Source, parsing, file.Path)),
            References.Value.Where(
                reference => knowsWorlds || !reference.Display!.EndsWith("/Vigil.Testing.dll", StringComparison.Ordinal)),
            new CSharpCompilationOptions(
                files[0].Source.Contains(" Main(", StringComparison.Ordinal)
                    ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary));
        Assert.DoesNotContain(compilation.GetDiagnostics(), diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);

        // What an analyzer throws is otherwise a warning of the compiler's only.
        CompilationWithAnalyzersOptions options = new(
            new AnalyzerOptions([], new FileOptions(simulated)),
            onAnalyzerException: null,
            concurrentAnalysis: true,
            logAnalyzerExecutionTime: false);
        ImmutableArray<Diagnostic> told = await compilation.WithAnalyzers([new SimulatedCodeAnalyzer()], options)
            .GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain(told, diagnostic => diagnostic.Id.StartsWith("AD", StringComparison.Ordinal));
        return told;
    }

    private static IEnumerable<string> MarkedIn(string path, string source) => source.Split('\n').SelectMany(
        (line, index) => Regex.Matches(line, "(?<=// .*)VIGILT[0-9]{3}", RegexOptions.None, TimeSpan.FromSeconds(10))
            .Select(mark => Mark(path, index, mark.Value)));

    private static string Mark(string path, int line, string id) =>
        string.Create(CultureInfo.InvariantCulture, $"{path}:{line + 1:D3} {id}");

    private sealed class FileOptions(string? simulated) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Options(isSimulated: false);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) =>
            new Options(string.Equals(tree.FilePath, simulated, StringComparison.Ordinal));

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;
    }

    private sealed class Options(bool isSimulated) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, out string value)
        {
            value = isSimulated ? "true" : "";
            return isSimulated && string.Equals(key, "vigil_testing_simulated", StringComparison.Ordinal);
        }
    }
}
