using System.Diagnostics;

namespace Compare.Tests;

/// <summary>The tool as users run it, in a process of its own, with files of its own.</summary>
internal sealed class Comparison : IDisposable
{
    // A quick run of a few cases takes seconds; this is for machines that do much else.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("vigil-compare-");

    public string ReportFile => Path.Combine(_directory.FullName, "report.md");

    public string PlotDirectory => Path.Combine(_directory.FullName, "plots");

    /// <summary>Whether this machine has a C compiler where one is looked for.</summary>
    public static bool HasCompiler => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "cc")));

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
        if (!canCompile)
        {
            start.Environment["PATH"] = _directory.FullName;
        }

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
