using System.Globalization;
using System.Net.Sockets;
using System.Text;
using MetricsGateway.Tests.Flushing;
using MetricsGateway.Tests.Network;
using Vigil.IO;

namespace MetricsGateway.Tests.Operation;

/// <summary>SIGTERM and SIGINT: what has arrived is used, what is left is reported, and a client that does not read delays the end only
/// briefly.</summary>
public sealed class ShutdownTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gateway");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void What_had_arrived_by_any_listener_is_used()
    {
        const int Datagrams = 100;
        string path = Path.Combine(_directory.FullName, "socket");
        using GatewayProcess gateway = GatewayProcess.Start("--unix-socket", path, GatewayProcess.FlushInterval, "24h");
        using Socket open = Client.Connect(gateway.StatsDTcp);
        open.SendLine("before:1|c");
        using (AdminClient admin = gateway.ConnectAdmin())
        {
            admin.WaitForCounter("before", 1);
        }

        // While the process is stopped, all of this arrives at its sockets, including a connection that it has not accepted.
        gateway.Signal("STOP");
        for (int i = 0; i < Datagrams; i++)
        {
            Client.SendDatagram(gateway.StatsDUdp, "udp:1|c"u8);
        }

        Client.SendDatagram(path, "unix:1|c"u8);
        open.Send(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("tcp:1|c\n", 20_000)) + "unfinished:1|"));
        using Socket waiting = Client.Connect(gateway.Graphite);
        waiting.SendLine("waiting 1 1");
        using Socket asking = Client.Connect(gateway.Admin);
        asking.Send("health\n"u8);
        gateway.Signal("TERM", "CONT");

        (int exitCode, string output, string errors) = gateway.WaitForExit();
        Assert.Equal("", errors);
        Assert.Equal(0, exitCode);
        Assert.Contains($"{{\"counter\":\"udp\",\"count\":{Datagrams},", output, StringComparison.Ordinal);
        Assert.Contains("{\"counter\":\"unix\",\"count\":1,", output, StringComparison.Ordinal);
        Assert.Contains("{\"counter\":\"tcp\",\"count\":20000,", output, StringComparison.Ordinal);
        Assert.Contains("{\"gauge\":\"waiting\",\"value\":1}", output, StringComparison.Ordinal);
        Assert.DoesNotContain("unfinished", output, StringComparison.Ordinal);
        Assert.Equal("", open.ReceiveToEnd());
        Assert.Equal("", waiting.ReceiveToEnd());
        Assert.StartsWith("health: up\n", asking.ReceiveToEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_more_datagrams_than_one_turn_takes_each_is_received_or_told_as_dropped()
    {
        const int Datagrams = 20_000;
        using GraphiteServer server = new();
        using GatewayProcess gateway = GatewayProcess.Start(
            "--receive-buffer", "134217728", "--graphite-send", $"{server.Endpoint}", "--stop-timeout", "off", GatewayProcess.FlushInterval,
            "24h");
        Socket connection = server.Accept();
        connection.ReceiveTimeout = Patience.Milliseconds;
        gateway.Signal("STOP");
        using Socket sender = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.Connect(gateway.StatsDUdp);
        for (int i = 0; i < Datagrams; i++)
        {
            sender.Send("hits:1|c"u8);
        }

        gateway.Signal("TERM", "CONT");

        string[] lines = connection.ReceiveToEnd().Split('\n');
        Assert.Equal(Datagrams, Value("stats.counters.hits.count ") + Value("stats.counters.statsd.dropped_datagrams.count "));
        Assert.DoesNotContain("not everything", gateway.WaitForExit().Errors, StringComparison.Ordinal);

        double Value(string start) => double.Parse(
            lines.Single(line => line.StartsWith(start, StringComparison.Ordinal)).Split(' ')[1], CultureInfo.InvariantCulture);
    }

    [Fact]
    public void A_reader_that_is_stuck_is_waited_for_no_longer_than_the_stop_timeout()
    {
        using GatewayProcess gateway = StartWithStuckReader("1s");

        gateway.Signal("TERM");

        // Other parts of the message depend on the speed of the machine.
        gateway.WaitForError("MetricsGateway: stopped after 1s (--stop-timeout): ");
        gateway.WaitForError("nobody reads standard output, the last reports are lost\n");
        Assert.Equal(0, gateway.WaitForExitUnread());
    }

    [Theory]
    [InlineData("TERM", "TERM", 143)]
    [InlineData("INT", "INT", 130)]
    [InlineData("INT", "TERM", 143)]
    [InlineData("TERM", "INT", 130)]
    public void A_second_signal_ends_it_at_once_with_the_exit_code_of_that_signal(string first, string second, int exitCode)
    {
        using GatewayProcess gateway = StartWithStuckReader("off");
        gateway.Signal(first);
        Client.WaitUntilRefused(gateway.Graphite);

        gateway.Signal(second);

        Assert.Equal(exitCode, gateway.WaitForExitUnread());
    }

    [Fact]
    public void Two_signals_in_the_same_moment_end_it_too_if_it_does_not_get_done()
    {
        using GatewayProcess gateway = StartWithStuckReader("off");

        // The kernel would merge two equal signals.
        gateway.Signal("INT", "TERM");

        int exitCode = gateway.WaitForExitUnread();
        Assert.True(exitCode is 130 or 143, $"The exit code is {exitCode}.");
    }

    [Fact]
    public void While_it_stops_it_does_not_reload()
    {
        using TestConfiguration configuration = new();
        configuration.Write(("stop-timeout", "off"), ("flush-interval", "20ms"));
        using GatewayProcess gateway = GatewayProcess.StartBare("--config", configuration.Path);
        gateway.ReadUntilListening();
        FillOutput(gateway);
        gateway.Signal("TERM");
        Client.WaitUntilRefused(gateway.Graphite);

        gateway.Signal("HUP");

        gateway.WaitForError("MetricsGateway: not reloaded: the gateway is stopping\n");
    }

    [Fact]
    public void An_end_that_fails_is_an_end_and_is_told()
    {
        ManualTime time = new();
        using RunningGateway gateway = new(options => options with { FlushInterval = TimeSpan.FromSeconds(10) }, time);
        time.IsBroken = true;

        gateway.Stop();

        Assert.StartsWith(
            "MetricsGateway: stopping failed, so not everything that was left is told: System.InvalidOperationException: it is broken\n",
            gateway.TakeErrors(),
            StringComparison.Ordinal);
        byte[] buffer = new byte[1 << 16];
        int count = NonBlocking.TryRead(gateway.Reports, buffer).Count;
        Assert.EndsWith("total: 0 lines, 0 metrics, 0 rejected, 0 names\n", buffer.AsSpan(0, count).Text(), StringComparison.Ordinal);
    }

    private static GatewayProcess StartWithStuckReader(string stopTimeout, params IReadOnlyList<string> arguments)
    {
        GatewayProcess gateway = GatewayProcess.Start([GatewayProcess.FlushInterval, "20ms", "--stop-timeout", stopTimeout, .. arguments]);
        FillOutput(gateway);
        return gateway;
    }

    // One report is larger than the pipe, which the test does not read, so the last report is never written completely.
    private static void FillOutput(GatewayProcess gateway)
    {
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket sender = Client.Connect(gateway.StatsDTcp);
        sender.Send(string.Concat(Enumerable.Range(0, 5_000).Select(i => $"level{i}:1|g\n")).Utf8());
        admin.WaitForStat("names.gauges", 5_000);
        admin.WaitForStatAbove("flush.lost_reports", 2);
    }
}
