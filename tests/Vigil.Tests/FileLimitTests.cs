using System.ComponentModel;
using System.Diagnostics;

namespace Vigil.Tests;

/// <summary>File watching where the kernel's limits are low: in a user namespace, which has limits of its own, so that nobody else's watches count and nobody else is disturbed.</summary>
public sealed class FileLimitTests
{
    [Theory]
    [InlineData("file-limits", "max_inotify_watches", 8)]
    [InlineData("file-instances", "max_inotify_instances", 2)]
    public void In_a_user_namespace_of_its_own(string scenario, string setting, int limit)
    {
        if (!MayCreateNamespaces())
        {
            // Many containers may not; there the limits are shown by nothing.
            return;
        }

        string program = Path.Combine(AppContext.BaseDirectory, "Vigil.TestChild.dll");
        string dotnet = Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";
        (int exitCode, string error) = Unshare("sh", "-c", $"echo {limit} > /proc/sys/user/{setting} && exec \"$@\"", "sh", dotnet, program, scenario);
        Assert.True(exitCode == 0, error);
    }

    private static bool MayCreateNamespaces()
    {
        try
        {
            return Unshare("true").ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static (int ExitCode, string Error) Unshare(params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo("unshare", ["--user", "--map-root-user", .. command]) { RedirectStandardError = true, UseShellExecute = false })!;
        string error = process.StandardError.ReadToEnd();
        if (!process.WaitForExit(Patience.Limit))
        {
            process.Kill();
            Assert.Fail($"{string.Join(' ', command)} did not end.");
        }

        return (process.ExitCode, error);
    }
}
