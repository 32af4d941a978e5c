using System.Diagnostics;

namespace Vigil.Benchmarks.Reporting;

/// <summary>Runs programs to their end and returns their output.</summary>
internal static class ChildProgram
{
    /// <exception cref="System.ComponentModel.Win32Exception">There is no such program.</exception>
    /// <exception cref="InvalidOperationException">It failed; the reason is on standard error.</exception>
    public static string OutputOf(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            string command = $"{Path.GetFileName(program)} {string.Join(' ', arguments)}";
            throw new InvalidOperationException($"{command} failed with exit code {process.ExitCode}.");
        }

        return output;
    }
}
