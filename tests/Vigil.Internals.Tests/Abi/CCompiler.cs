using System.Diagnostics;

namespace Vigil.Internals.Tests.Abi;

/// <summary>A C compiler, for the tests that compare the library's interop types with C.</summary>
/// <param name="Program">Its name.</param>
/// <param name="Options">Its arguments besides the source.</param>
internal sealed record CCompiler(string Program, params string[] Options)
{
    /// <summary>Whether it is installed.</summary>
    public bool IsThere =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, Program)));

    /// <summary>
    /// Compiles a source, and links it if an output is named. Returns the compiler's messages; empty if there are none.
    /// </summary>
    public string Compile(string source, string? output = null)
    {
        string[] what = output is null ? ["-fsyntax-only"] : ["-o", output];
        (int exitCode, string text) = Run(Program, [.. what, "-x", "c", "-std=gnu11", "-fno-builtin", "-w", .. Options, "-"], source);
        return exitCode == 0 ? "" : text.Length == 0 ? $"{Program} ended with {exitCode}." : text;
    }

    /// <summary>Runs a program to its end, with a text as its input. Returns its standard output and error.</summary>
    public static (int ExitCode, string Text) Run(string program, IEnumerable<string> arguments, string input)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> written = process.StandardOutput.ReadToEndAsync();
        Task<string> complained = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return (process.ExitCode, written.GetAwaiter().GetResult() + complained.GetAwaiter().GetResult());
    }
}
