using System.Diagnostics;

namespace Vigil.Tests;

/// <summary>A program that is run to its end, and its standard error.</summary>
internal static class ExternalProgram
{
    // The program itself may make several such waits, one after the other, and take more rounds (Scale).
    private static readonly TimeSpan Limit = Patience.Limit * Scale.Times(4);

    public static (int ExitCode, string Error) Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end. {Patience.Result(error)}");
        }

        return (process.ExitCode, Patience.Result(error));
    }
}
