using System.Net;
using System.Net.Sockets;

namespace MetricsGateway.Tests.Network;

/// <summary>The program on its command line: what it prints, how it is stopped, and its exit codes.</summary>
public sealed class ProgramTests : IDisposable
{
    private static readonly string[] AnyPlace =
        ["--statsd-udp", "127.0.0.1:0", "--statsd-tcp", "off", "--graphite", "off", "--admin", "127.0.0.1:0"];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gateway");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void A_signal_stops_it_clean_and_it_flushes_what_is_left_and_prints_its_totals(string signal)
    {
        string path = Path.Combine(_directory.FullName, "socket");
        using GatewayProcess gateway = GatewayProcess.Start("--unix-socket", path, GatewayProcess.FlushInterval, "24h");
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket client = Client.Connect(gateway.StatsDTcp);
        client.Send("a:3|c\nb:1|x\n"u8);
        admin.WaitForStat("statsd_tcp.lines", 2);
        Client.SendDatagram(path, "c:1|c"u8);
        admin.WaitForStat("statsd_unix.lines", 1);

        gateway.Signal(signal);

        (int exitCode, string output, string errors) = gateway.WaitForExit();
        Assert.Equal(0, exitCode);
        Assert.Equal("", errors);
        string[] lines = output.Split('\n');
        int start = Array.FindIndex(lines, line => line.StartsWith("{\"flush\":1,", StringComparison.Ordinal));
        Assert.EndsWith(",\"missed\":0,\"last\":true}", lines[start], StringComparison.Ordinal);
        Assert.StartsWith("{\"counter\":\"a\",\"count\":3,\"rate\":", lines[start + 1], StringComparison.Ordinal);
        Assert.StartsWith("{\"counter\":\"c\",\"count\":1,\"rate\":", lines[start + 2], StringComparison.Ordinal);
        Assert.Equal("{\"end\":1,\"series\":2}", lines[start + 3]);
        Assert.StartsWith("statsd_udp: 0 packets", lines[start + 4], StringComparison.Ordinal);
        Assert.Contains("statsd_tcp: 1 packets, 12 bytes, 2 lines, 1 metrics, 1 rejected\n", output, StringComparison.Ordinal);
        Assert.EndsWith("rejected unknown_type: 1\ntotal: 3 lines, 2 metrics, 1 rejected, 2 names\n", output, StringComparison.Ordinal);
        Assert.Equal("", client.ReceiveToEnd());
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Whoever_reads_its_output_may_leave_and_it_goes_on_without()
    {
        using GatewayProcess gateway = GatewayProcess.Start(GatewayProcess.FlushInterval, "20ms");
        using AdminClient admin = gateway.ConnectAdmin();

        gateway.CloseOutput();

        admin.WaitForStatAbove("flush.lost_reports", 2);
        Client.SendDatagram(gateway.StatsDUdp, "a:1|g"u8);
        admin.WaitForStat("statsd_udp.metrics", 1);
        gateway.Signal("TERM");
        (int exitCode, _, string errors) = gateway.WaitForExit();
        Assert.Equal(0, exitCode);
        Assert.Equal("MetricsGateway: nothing is reported any more: cannot write to standard output: Broken pipe (errno 32)\n", errors);
    }

    [Fact]
    public void Whoever_does_not_read_its_output_stops_the_reports_and_nothing_else()
    {
        using GatewayProcess gateway = GatewayProcess.Start(GatewayProcess.FlushInterval, "20ms");
        using AdminClient admin = gateway.ConnectAdmin();

        // These reports soon fill the pipe.
        Client.SendDatagram(gateway.StatsDUdp, string.Join('\n', Enumerable.Range(0, 500).Select(i => $"level{i}:1|g")).Utf8());
        admin.WaitForStatAbove("flush.lost_reports", 2);

        long count = admin.Stat("flush.count");
        admin.WaitForStatAbove("flush.count", count + 2);
        gateway.Signal("TERM");
        (int exitCode, string output, string errors) = gateway.WaitForExit();
        Assert.Equal(0, exitCode);
        Assert.Equal("", errors);
        Assert.Contains(",\"last\":true}", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exec 2>/dev/full; ")]
    [InlineData("exec 2</dev/null; ")]
    [InlineData("exec 2>&-; ")]
    public void It_goes_on_where_standard_error_cannot_be_written(string preparation)
    {
        using GatewayProcess gateway = GatewayProcess.StartPrepared(preparation, AnyPlace);
        gateway.ReadUntilListening();
        using AdminClient admin = gateway.ConnectAdmin();

        // Each is answered on standard error.
        gateway.Signal("USR1");
        gateway.Signal("USR1");
        admin.Stats();
        gateway.Signal("TERM");

        (int exitCode, string output, _) = gateway.WaitForExit();
        Assert.Equal(0, exitCode);
        Assert.EndsWith("total: 0 lines, 0 metrics, 0 rejected, 0 names\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exec >/dev/full; ", "No space left on device")]
    [InlineData("exec 1</dev/null; ", "Bad file descriptor")]
    public void It_goes_on_where_standard_output_cannot_be_written_and_says_so(string preparation, string reason)
    {
        using GatewayProcess gateway = GatewayProcess.StartPrepared(preparation, [.. AnyPlace, GatewayProcess.FlushInterval, "off"]);

        gateway.WaitForError($"MetricsGateway: cannot write to standard output: {reason}\n");
        gateway.Signal("TERM");

        Assert.Equal(0, gateway.WaitForExit().ExitCode);
    }

    [Theory]
    [InlineData("exec 1>&-; ")]
    [InlineData("exec 0<&- 1>&-; ")]
    public void Where_standard_output_is_closed_it_reports_nothing_says_so_and_ends_at_once(string preparation)
    {
        using GatewayProcess gateway = GatewayProcess.StartPrepared(preparation, [.. AnyPlace, GatewayProcess.FlushInterval, "20ms"]);

        gateway.WaitForError(
            "MetricsGateway: cannot write to standard output: Bad file descriptor\n"
                + "MetricsGateway: nothing is reported any more: cannot write to standard output: Bad file descriptor (errno 9)\n");
        gateway.Signal("TERM");

        (int exitCode, _, string errors) = gateway.WaitForExit();
        Assert.Equal(0, exitCode);
        Assert.DoesNotContain("--stop-timeout", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "exec >/dev/full; ", 1)]
    [InlineData("--help", "exec 0<&- 1>&-; ", 1)]
    [InlineData("--version", "exec 1</dev/null; ", 1)]
    [InlineData("--help", "exec >/dev/full 2>/dev/full; ", 1)]
    [InlineData("--nonsense", "exec 2>/dev/full; ", 2)]
    public void What_cannot_be_shown_is_a_failure_and_no_crash(string argument, string preparation, int exitCode)
    {
        using GatewayProcess gateway = GatewayProcess.StartPrepared(preparation, argument);
        Assert.Equal(exitCode, gateway.WaitForExit().ExitCode);
    }

    [Fact]
    public void Several_signals_at_once_are_one_request()
    {
        using GatewayProcess gateway = GatewayProcess.Start();

        gateway.Signal("TERM", "INT", "TERM");

        (int exitCode, string output, string errors) = gateway.WaitForExit();
        Assert.Equal(0, exitCode);
        Assert.Equal("", errors);
        Assert.EndsWith("total: 0 lines, 0 metrics, 0 rejected, 0 names\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_back_on_its_port_at_once_though_connections_linger()
    {
        IPEndPoint place = KeptPort.NextAtLoopback();
        for (int i = 0; i < 2; i++)
        {
            using RunningGateway gateway = new(options => options with { Admin = place });
            using AdminClient admin = gateway.ConnectAdmin();
            admin.Stats();

            // The gateway closes the connection first, so the kernel keeps it in TIME_WAIT on the port of the gateway.
            gateway.Stop();
            admin.WaitUntilClosed();
        }
    }

    [Fact]
    public void A_port_that_is_taken_is_a_clear_error()
    {
        using Socket holder = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        holder.Listen();
        using GatewayProcess gateway = GatewayProcess.StartBare(OnlyAdminOn(((IPEndPoint)holder.LocalEndPoint!).Port));

        (int exitCode, string output, string errors) = gateway.WaitForExit();
        Assert.Equal(1, exitCode);
        Assert.Equal("", output);
        Assert.Equal($"MetricsGateway: cannot listen on {holder.LocalEndPoint} (--admin): Address already in use\n", errors);
    }

    [Fact]
    public void Options_come_from_a_JSON_file_and_the_command_line_wins()
    {
        string file = Path.Combine(_directory.FullName, "gateway.json");
        File.WriteAllText(
            file,
            """
            {
              // Nobody here speaks Graphite.
              "graphite": "off",
              "statsd-udp": "127.0.0.1:0",
              "statsd-tcp": "127.0.0.1:0",
              "admin": "127.0.0.1:0",
              "max-names": 1,
              "max-packet": 1000,
            }
            """);
        using GatewayProcess gateway = GatewayProcess.StartBare("--config", file, "--max-packet=2000");
        gateway.ReadUntilListening();
        using AdminClient admin = gateway.ConnectAdmin();

        Assert.DoesNotContain("graphite listens", gateway.Output, StringComparison.Ordinal);
        string configuration = admin.Ask("config");
        Assert.Contains("graphite: off\n", configuration, StringComparison.Ordinal);
        Assert.Contains("max-packet: 2000\n", configuration, StringComparison.Ordinal);
        Client.SendDatagram(gateway.StatsDUdp, "first:1|c\nsecond:1|c"u8);
        admin.WaitForStat("rejected.too_many_names", 1);
    }

    [Theory]
    [InlineData(0, "--help")]
    [InlineData(0, "--version")]
    [InlineData(2, "--no-such-option")]
    [InlineData(2, "--admin", "8126")]
    [InlineData(2, "--config", "/no/such/file")]
    public void Everything_else_ends_at_once_with_an_exit_code(int expected, params string[] arguments)
    {
        using GatewayProcess gateway = GatewayProcess.StartBare(arguments);

        (int exitCode, string output, string errors) = gateway.WaitForExit();
        Assert.Equal(expected, exitCode);
        Assert.Equal(expected == 0, output.Length > 0);
        Assert.Equal(expected != 0, errors.Length > 0);
    }

    private static string[] OnlyAdminOn(int port) =>
        ["--statsd-udp", "127.0.0.1:0", "--statsd-tcp", "off", "--graphite", "off", "--admin", $"127.0.0.1:{port}"];
}
