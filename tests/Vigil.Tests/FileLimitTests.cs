using System.ComponentModel;

namespace Vigil.Tests;

/// <summary>File watching at the kernel's limits and at mount points, in namespaces of its own, so that other processes' watches do not
/// count and are not disturbed.</summary>
public sealed class FileLimitTests
{
    [Theory]
    [InlineData("file-limits", "max_inotify_watches", 8)]
    [InlineData("file-instances", "max_inotify_instances", 2)]
    public void In_a_user_namespace_of_its_own(string scenario, string setting, int limit)
    {
        RequireNamespaces();
        (int exitCode, string error) = Unshare(
            "sh",
            "-c",
            $"echo {limit} > /proc/sys/user/{setting} && exec \"$@\"",
            "sh",
            DotNet,
            Program,
            scenario);
        Assert.True(exitCode == 0, error);
    }

    [Theory]
    [InlineData("file-unmounts")]
    [InlineData("mount-changes")]
    [InlineData("file-mounts")]
    [InlineData("file-bind-mounts")]
    [InlineData("file-mounts-unreadable")]
    [InlineData("file-kindless-entries")]
    [InlineData("files-without-proc")]
    [InlineData("file-bad-directory")]
    [InlineData("file-mounts-at-random")]
    public void In_a_mount_namespace_of_its_own(string scenario)
    {
        RequireNamespaces();
        (int exitCode, string error) = Unshare("--mount", DotNet, Program, scenario);
        Assert.True(exitCode == 0, error);
    }

    [Theory]
    [InlineData("children-in-an-outer-proc")]
    [InlineData("signals-restart-in-nested-namespaces")]
    public void In_a_process_id_namespace_with_the_proc_of_another(string scenario)
    {
        RequireNamespaces();
        (int exitCode, string error) = Unshare("--pid", "--fork", DotNet, Program, scenario);
        Assert.True(exitCode == 0, error);
    }

    [Fact]
    public void Where_a_directory_may_not_be_searched()
    {
        // This needs a user other than root, who may search everything. Root of another user namespace does not qualify, and cannot become
        // another user.
        (int exitCode, string error) = ExternalProgram.Run(DotNet, Program, "file-unsearchable");
        Assert.True(exitCode == 0, error);
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "Vigil.TestChild.dll");

    private static string DotNet =>
        Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";

    // Many containers do not permit it.
    private static void RequireNamespaces() => Assert.SkipUnless(MayCreateNamespaces(), "This user may not create namespaces here.");

    private static bool MayCreateNamespaces()
    {
        try
        {
            return Unshare("--mount", "true").ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static (int ExitCode, string Error) Unshare(params string[] command) =>
        ExternalProgram.Run("unshare", ["--user", "--map-root-user", .. command]);
}
