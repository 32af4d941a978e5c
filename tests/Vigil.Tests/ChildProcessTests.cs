using System.Diagnostics;

namespace Vigil.Tests;

/// <summary>What needs limits, signals or inherited descriptors of its own runs in a process of its own.</summary>
public sealed class ChildProcessTests
{
    [Theory]
    [InlineData("no-descriptors-left")]
    [InlineData("timers-without-descriptors")]
    [InlineData("signals-while-waiting")]
    [InlineData("nothing-is-inherited")]
    public void In_a_process_of_its_own(string scenario)
    {
        (int exitCode, string error) = Run(scenario);
        Assert.True(exitCode == 0, error);
    }

    [Fact]
    public void A_fault_that_nobody_hears_is_written_to_standard_error()
    {
        (int exitCode, string error) = Run("unheard-fault");
        Assert.Equal("unheard: PostedWork: InvalidOperationException: nobody listens", error.Trim());
        Assert.Equal(0, exitCode);
    }

    private static (int ExitCode, string Error) Run(string scenario)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Vigil.TestChild.dll");
        using Process process = Process.Start(new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet", [program, scenario])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        string error = process.StandardError.ReadToEnd();
        if (!process.WaitForExit(Patience.Limit))
        {
            process.Kill();
            Assert.Fail($"{scenario} did not end.");
        }

        return (process.ExitCode, error);
    }
}
