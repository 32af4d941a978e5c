using System.Diagnostics;

namespace Vigil.TestChild;

/// <summary>This program, for scenarios that need another process with a start of its own.</summary>
internal static class Self
{
    public static ProcessStartInfo Info(params string[] arguments)
    {
        string host = Environment.ProcessPath!;
        string[] program = Path.GetFileNameWithoutExtension(host) == "dotnet"
            ? [Path.Combine(AppContext.BaseDirectory, "Vigil.TestChild.dll")]
            : [];
        return new ProcessStartInfo(host, [.. program, .. arguments]) { UseShellExecute = false };
    }

    public static Process Start(params string[] arguments) => Process.Start(Info(arguments))!;
}
