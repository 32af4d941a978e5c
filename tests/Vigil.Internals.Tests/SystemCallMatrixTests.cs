using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Vigil.Internals.Tests.Architecture;

namespace Vigil.Internals.Tests;

/// <summary>
/// Every system call fails once. Vigil.Failures is a program that contains the library with a gate in front of each call; for each
/// scenario, it makes the first, second … call of each kind fail with each errno of its manual page, and checks the outcome. With
/// VIGIL_ALL_FAILURES=1 each call fails in every way; otherwise in one to three, and of many calls of a kind not each one.
/// </summary>
public sealed partial class SystemCallMatrixTests
{
    // The program ends a case that hangs; this is for the sum.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);

    private static bool IsWhole => Environment.GetEnvironmentVariable("VIGIL_ALL_FAILURES") == "1";

    private static string Host =>
        Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";

    public static TheoryData<string> Scenarios() =>
    [
        "timers", "timers-of-old-kernels", "sockets", "posts", "orphans", "spinning", "disposal", "watchdog", "transfers", "connections",
        "datagrams", "notifier", "passed-descriptors", "signals", "children", "replacement", "tree", "single-files", "workers",
    ];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Every_call_that_fails_once_has_a_defined_outcome(string scenario)
    {
        (int exitCode, string output, string error) = Run(IsWhole ? [scenario, "whole"] : [scenario]);
        Assert.True(exitCode == 0, $"Exit code {exitCode}. {output}\n{error}");
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        if (Environment.GetEnvironmentVariable("VIGIL_FAILURES_FIGURES") is { Length: > 0 } figures)
        {
            File.AppendAllText(figures, output);
        }
    }

    [Fact]
    public void No_scenario_is_left_out() =>
        Assert.Equal(Scenarios().Select(row => row.Data).Order(StringComparer.Ordinal), Lines("scenarios"));

    [Fact]
    public void Every_function_of_the_C_library_that_the_library_imports_can_fail_or_has_a_reason_not_to()
    {
        var imported = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string file in Directory.GetFiles(Path.Combine(Repository.Library, "Interop"), "*.cs"))
        {
            foreach (Match match in Declaration().Matches(File.ReadAllText(file)))
            {
                imported.Add($"{Path.GetFileNameWithoutExtension(file)}.{match.Groups["name"].Value}");
            }
        }

        Assert.NotEmpty(imported);
        Assert.Equal(imported, Lines("functions"));
    }

    [Fact]
    public void The_librarys_own_assembly_contains_nothing_of_the_seam()
    {
        Assembly library = typeof(EventManager).Assembly;
        Assert.Null(library.GetType("Vigil.Interop.Gate"));
        Assert.DoesNotContain(library.GetTypes(), type => type.Namespace?.StartsWith("Vigil.Failures", StringComparison.Ordinal) == true);
        Assert.DoesNotContain(
            library.GetTypes().SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)),
            method => method.Name.StartsWith("imported_", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Lines(string command)
    {
        (int exitCode, string output, string error) = Run(command);
        Assert.True(exitCode == 0, error);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal);
    }

    private static (int ExitCode, string Output, string Error) Run(params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Vigil.Failures.dll");
        using Process process = Process.Start(new ProcessStartInfo(Host, [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{string.Join(' ', arguments)} did not end.");
        }

        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    [GeneratedRegex(
        @"\[LibraryImport\([^\]]*\)\]\s*(\[\w+\]\s*)*private static partial \S+ (?<name>\w+)\(",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Declaration();
}
