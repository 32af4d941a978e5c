using System.Diagnostics;
using System.Reflection;

namespace Vigil.Testing.Tests;

/// <summary>
/// Bugs that are planted in the library to see whether simulations find them. tests/long/planted.sh builds and runs each; here is what is
/// quick.
/// </summary>
[Collection(Processes)]
public sealed class PlantedTests
{
    /// <summary>The tests that start processes, and those that other tests' processes would disturb: one after the other.</summary>
    public const string Processes = "Processes";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static string Root { get; } = typeof(PlantedTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    [Fact]
    public void Every_planted_bug_still_applies_to_the_library()
    {
        string[] patches = Directory.GetFiles(Path.Combine(Root, "tests", "Planted"), "*.patch");

        Assert.True(patches.Length >= 10, $"There are only {patches.Length} patches.");
        foreach (string patch in patches)
        {
            (int code, string output) = Run("git", ["apply", "--check", patch]);
            Assert.True(code == 0, $"{Path.GetFileName(patch)} does not apply any more: {output}");
        }
    }

    [Fact]
    public void The_library_as_it_is_passes_the_scenarios_that_find_them()
    {
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        (int code, string output) = Run(dotnet, [Path.Combine(AppContext.BaseDirectory, "Planted.Driver.dll"), "50"]);

        Assert.True(code == 0, output);
    }

    private static (int Code, string Output) Run(string program, string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = Root,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove(Simulation.SeedVariable);
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill();
            Assert.Fail($"{program} {string.Join(' ', arguments)} does not end.");
        }

        return (process.ExitCode, output.Result + errors.Result);
    }
}
