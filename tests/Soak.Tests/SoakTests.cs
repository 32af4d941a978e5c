using System.Diagnostics;
using System.Xml.Linq;

namespace Soak.Tests;

/// <summary>The program as users run it, in a process of its own, with files of its own.</summary>
public sealed class SoakTests : IDisposable
{
    // A quick run takes less than 20 seconds on an idle machine.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("vigil-soak-");

    private string ReportFile => Path.Combine(_directory.FullName, "report.md");

    private string PlotDirectory => Path.Combine(_directory.FullName, "plots");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_quick_run_loses_nothing_leaves_nothing_and_writes_its_figures_between_the_markers()
    {
        File.WriteAllText(ReportFile, "before\n<!-- soak:begin -->\nold\n<!-- soak:end -->\nafter\n");
        (int exitCode, string output, string errors) = Run("--quick", "--seed", "7", "--output", ReportFile, "--plots", PlotDirectory);

        Assert.True(exitCode == 0, $"{output}\n{errors}");
        Assert.StartsWith("seed 7\n", output, StringComparison.Ordinal);
        Assert.Contains("wall clock is not stepped", output, StringComparison.Ordinal);
        Assert.EndsWith(", 2 rests, seed 7, 0 wrong\n", output, StringComparison.Ordinal);

        string report = File.ReadAllText(ReportFile);
        Assert.StartsWith("before\n<!-- soak:begin -->\n- machine: ", report, StringComparison.Ordinal);
        Assert.EndsWith("\n<!-- soak:end -->\nafter\n", report, StringComparison.Ordinal);
        Assert.Contains("Nothing was wrong", report, StringComparison.Ordinal);
        Assert.Contains("--quick --seed 7 ", report, StringComparison.Ordinal);
        Assert.Contains("](plots/soak.svg)", report, StringComparison.Ordinal);

        XElement plot = XDocument.Load(Path.Combine(PlotDirectory, "soak.svg")).Root!;
        XElement[] lines = [.. plot.Elements().Where(element => element.Name.LocalName == "polyline")];

        // Two processes in three panels.
        Assert.Equal(6, lines.Length);
        Assert.All(lines, line => Assert.True(line.Attribute("points")!.Value.Split(' ').Length > 10));
    }

    [Theory]
    [InlineData("--fast")]
    [InlineData("--seed")]
    [InlineData("--minutes", "0")]
    [InlineData("--seed", "-1")]
    public void What_is_not_understood_is_said_with_the_usage(params string[] arguments)
    {
        (int exitCode, string output, string errors) = Run(["--quick", .. arguments]);

        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        Assert.StartsWith($"{arguments[0]}: ", errors, StringComparison.Ordinal);
        Assert.Contains("usage: ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_the_markers_is_refused_before_anything_is_done()
    {
        File.WriteAllText(ReportFile, "nothing of ours\n");
        (int exitCode, string output, string errors) = Run("--quick", "--output", ReportFile);

        Assert.Equal(1, exitCode);
        Assert.Equal("", output);
        Assert.Contains("<!-- soak:begin -->", errors, StringComparison.Ordinal);
        Assert.Equal("nothing of ours\n", File.ReadAllText(ReportFile));
    }

    private static (int ExitCode, string Output, string Errors) Run(params string[] arguments)
    {
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        ProcessStartInfo start = new(dotnet, [Path.Combine(AppContext.BaseDirectory, "Soak.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("The soak does not end.");
        }

        return (process.ExitCode, output.Result, errors.Result);
    }
}
