using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Vigil.Tests.Systemd;

/// <summary>What a service inherits, in processes of their own.</summary>
public sealed class InheritanceTests
{
    private const string Passed = "exec 3</dev/null 4</dev/zero 5</dev/null; ";
    private const string Mine = Passed + "export LISTEN_PID=$$ ";

    private static string Host =>
        Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";

    private static string Program => Path.Combine(AppContext.BaseDirectory, "Vigil.TestChild.dll");

    [Theory]
    [InlineData(
        "systemd-inherited",
        Mine + "LISTEN_PIDFDID=7 LISTEN_FDS=3 LISTEN_FDNAMES=a:b:a NOTIFY_SOCKET=@vigil-nobody WATCHDOG_USEC=1000000 "
            + "WATCHDOG_PID=$$ FDSTORE=5; ")]
    [InlineData("systemd-unclaimed", Mine + "LISTEN_FDS=3; ")]
    [InlineData(
        "systemd-foreign",
        Passed + "export LISTEN_PID=1 LISTEN_FDS=3 LISTEN_FDNAMES=a:b:a NOTIFY_SOCKET=@vigil-nobody WATCHDOG_USEC=1000000 "
            + "WATCHDOG_PID=1; ")]
    [InlineData("systemd-refused", Passed + "export LISTEN_PID=me LISTEN_FDS=3; ", "LISTEN_PID=me", "a process id")]
    [InlineData("systemd-refused", Passed + "export LISTEN_PID=0 LISTEN_FDS=3; ", "LISTEN_PID=0", "a process id")]
    [InlineData("systemd-refused", Mine + "LISTEN_FDS=-1; ", "LISTEN_FDS=-1", "0 to 2147483644")]
    [InlineData("systemd-refused", Mine + "LISTEN_FDS=three; ", "LISTEN_FDS=three", "0 to 2147483644")]
    [InlineData("systemd-refused", Mine + "LISTEN_FDS=2147483645; ", "LISTEN_FDS=2147483645", "0 to 2147483644")]
    [InlineData("systemd-refused", Mine + "LISTEN_FDS=2147483644; ", "LISTEN_FDS=2147483644", "fd ")]
    [InlineData("systemd-refused", "exec 3</dev/null; export LISTEN_PID=$$ LISTEN_FDS=2; ", "LISTEN_FDS=2", "fd 4")]
    [InlineData(
        "systemd-refused", Mine + "LISTEN_FDS=3 LISTEN_FDNAMES=a:b; ", "LISTEN_FDNAMES=a:b", "2 names", "LISTEN_FDS=3")]
    [InlineData(
        "systemd-refused", Mine + "LISTEN_FDS=1 LISTEN_FDNAMES=a:b; ", "LISTEN_FDNAMES=a:b", "2 names", "LISTEN_FDS=1")]
    [InlineData("systemd-refused", "export NOTIFY_SOCKET=notify; ", "NOTIFY_SOCKET=notify", "an address is")]
    [InlineData("systemd-refused", "export NOTIFY_SOCKET=@x WATCHDOG_USEC=0; ", "WATCHDOG_USEC=0", "microseconds")]
    [InlineData("systemd-refused", "export NOTIFY_SOCKET=@x WATCHDOG_USEC=1s; ", "WATCHDOG_USEC=1s", "microseconds")]
    [InlineData("systemd-refused", "export NOTIFY_SOCKET=@x WATCHDOG_USEC=1 WATCHDOG_PID=x; ", "WATCHDOG_PID=x", "a process id")]
    [InlineData("systemd-refused", "export NOTIFY_SOCKET=@x FDSTORE=-1; ", "FDSTORE=-1", "0 or more")]
    public void A_process_that_inherits(string scenario, string preparation, params string[] arguments)
    {
        (int exitCode, string error) = ExternalProgram.Run(
            "sh", ["-c", $"{preparation}exec \"$@\"", "sh", Host, Program, scenario, .. arguments]);
        Assert.True(exitCode == 0, $"exit code {exitCode}: {error}");
    }

    [Fact]
    public void A_hanging_callback_under_FailFast_is_told_to_the_service_manager_before_the_program_aborts()
    {
        const int CodeOfSigAbrt = 128 + 6;
        using NotifySocketServer server = NotifySocketServer.AtAbstractName();
        (int exitCode, string error) = ExternalProgram.Run(
            "env", [$"NOTIFY_SOCKET={server.Address}", Host, Program, "systemd-fail-fast"]);
        Assert.True(exitCode == CodeOfSigAbrt, $"exit code {exitCode}: {error}");
        Assert.Equal("WATCHDOG=trigger", server.Receive());
        Assert.Null(server.ReceiveWithin(TimeSpan.Zero));
    }

    [Fact]
    public void Two_sockets_of_systemd_are_served_by_their_names()
    {
        const string Activate = "/usr/bin/systemd-socket-activate";
        Assert.SkipUnless(File.Exists(Activate), "systemd-socket-activate is not installed (package systemd).");
        string directory = Directory.CreateTempSubdirectory("vigil-").FullName;
        string http = Path.Combine(directory, "http");
        string admin = Path.Combine(directory, "admin");
        using Process process = Process.Start(new ProcessStartInfo(
            Activate, ["-l", http, "-l", admin, "--fdname=http:admin", Host, Program, "systemd-activated"])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        string? line;
        do
        {
            line = Patience.Result(process.StandardError.ReadLineAsync());
        }
        while (line is not null && !line.StartsWith($"Listening on {admin}", StringComparison.Ordinal));
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(("admin", "http"), (Ask(admin), Ask(http)));
        Assert.True(process.WaitForExit(Patience.Limit));
        Assert.True(process.ExitCode == 0, Patience.Result(error));
        Directory.Delete(directory, recursive: true);
    }

    private static string Ask(string path)
    {
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(path));
        client.ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds;
        byte[] buffer = new byte[16];
        return Encoding.UTF8.GetString(buffer, 0, client.Receive(buffer));
    }
}
