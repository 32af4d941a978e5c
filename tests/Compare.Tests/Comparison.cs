using System.Diagnostics;

namespace Compare.Tests;

/// <summary>The tool as users run it, in a process of its own, with files of its own.</summary>
internal sealed class Comparison : IDisposable
{
    // A whole quick run takes half a minute on an idle machine. On a busy processor it has taken ten times as long.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);

    private const string Compiler = "cc";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("vigil-compare-");
    private string? _path;

    public string ReportFile => Path.Combine(_directory.FullName, "report.md");

    public string PlotDirectory => Path.Combine(_directory.FullName, "plots");

    /// <summary>Whether this machine has a C compiler at the usual places.</summary>
    public static bool HasCompiler => CompilerFile is not null;

    private static string SearchPath => Environment.GetEnvironmentVariable("PATH") ?? "";

    private static string? CompilerFile =>
        SearchPath.Split(':').Select(folder => Path.Combine(folder, Compiler)).FirstOrDefault(File.Exists);

    /// <summary>Puts a compiler in front that does not find a header, as if the package with it were not installed.</summary>
    public void Hide(string header)
    {
        string script = Path.Combine(_directory.FullName, Compiler);
        File.WriteAllText(script, $"#!/bin/sh\ncase \"$*\" in *{header}*) exit 1;; esac\nexec {CompilerFile} \"$@\"\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _path = $"{_directory.FullName}:{SearchPath}";
    }

    /// <param name="canCompile">Whether it may find a compiler. Without one it finds no programs at all, and needs none.</param>
    /// <param name="arguments">Its command line.</param>
    public (int ExitCode, string Output, string Errors) Run(bool canCompile, params string[] arguments)
    {
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        ProcessStartInfo start = new(dotnet, [Path.Combine(AppContext.BaseDirectory, "Compare.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = canCompile ? _path ?? SearchPath : _directory.FullName;

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("The comparison does not end.");
        }

        return (process.ExitCode, output.Result, errors.Result);
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
