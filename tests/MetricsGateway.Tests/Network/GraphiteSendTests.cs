using System.Globalization;
using System.Net.Sockets;
using MetricsGateway.Tests.Flushing;

namespace MetricsGateway.Tests.Network;

/// <summary>A Graphite server that reads, stalls, dies and returns, and the data that the gateway sends it.</summary>
public sealed class GraphiteSendTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly GraphiteServer _server = new(receiveBufferSize: 4096);

    // In the time of the test's clock. A worker waits half of it in real time for a server that does not read.
    private TimeSpan _interval = TimeSpan.FromSeconds(10);

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Flushes_are_sent_one_after_the_other_over_one_connection()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        for (int i = 1; i <= 3; i++)
        {
            Flush(gateway, admin, $"hits:{i}|c");
            _server.ReadUntilLine(string.Create(CultureInfo.InvariantCulture, $"stats.counters.hits.count {i} "));
        }

        Assert.Equal(1, _server.Connections);
        IReadOnlyDictionary<string, long> stats = WaitUntilSent(admin);
        Assert.Equal(1, stats["graphite_send.connected"]);
        _server.ReadUntil(() => _server.Text.Length >= stats["graphite_send.bytes"]);
        Assert.Equal(_server.Text.Length, stats["graphite_send.bytes"]);
        Assert.Equal(_server.Lines.Count, stats["graphite_send.lines"]);
        Assert.True(stats["workers.done"] >= 3);
    }

    [Fact]
    public void What_is_flushed_while_the_server_is_away_is_sent_when_it_is_back_and_both_are_said_once()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        Flush(gateway, admin, "hits:1|c");
        _server.ReadUntilLine("stats.counters.hits.count 1 ");
        _server.Kill();
        admin.WaitForStat("graphite_send.connected", 0);
        Flush(gateway, admin, "hits:2|c");
        Flush(gateway, admin, "hits:3|c");

        _server.Return();

        ReadUntilLineInTime("stats.counters.hits.count 3 ");
        Assert.Single(_server.Lines, line => line.StartsWith("stats.counters.hits.count 2 ", StringComparison.Ordinal));
        string[] errors = TakeErrorsUntilAgain(gateway).Split('\n');
        Assert.StartsWith($"MetricsGateway: cannot send to Graphite at {_server.Endpoint}: ", errors[0], StringComparison.Ordinal);
        Assert.StartsWith(
            $"MetricsGateway: everything is sent to Graphite at {_server.Endpoint} again, after ",
            errors[1],
            StringComparison.Ordinal);
        Assert.EndsWith("; 0 lines were dropped", errors[1], StringComparison.Ordinal);
        Assert.Equal(3, errors.Length);
    }

    [Fact]
    public void A_server_that_takes_connections_and_closes_them_is_one_trouble_until_one_lasts()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        for (int i = 1; i <= 5; i++)
        {
            _server.Accept().Dispose();
            admin.WaitForStat("graphite_send.failures", i);

            // Less than the longest delay before an attempt, and than the time after which a connection has lasted.
            _time.Advance(9.9);
            admin.WaitForStat("graphite_send.connections", i + 1);
        }

        string errors = gateway.TakeErrors();
        Assert.Single(errors.Split('\n')[..^1]);
        Assert.Contains("cannot send to Graphite", errors, StringComparison.Ordinal);

        _server.Accept();

        Assert.Matches(
            "^MetricsGateway: everything is sent to Graphite at [^ ]+ again, after [0-9.]+ s and 5 failures; 0 lines were dropped\n$",
            TakeErrorsUntilAgain(gateway));
    }

    [Fact]
    public void A_server_that_was_never_there_is_found_when_it_comes()
    {
        _server.Kill();
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        Flush(gateway, admin, "hits:1|c");
        admin.WaitForStatAbove("graphite_send.failures", 0);
        _server.Return();

        ReadUntilLineInTime("stats.counters.hits.count 1 ");

        Assert.Contains("Connection refused", TakeErrorsUntilAgain(gateway), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_server_that_does_not_read_the_oldest_lines_are_dropped_and_none_is_cut()
    {
        const int Limit = 65_536;
        _interval = TimeSpan.FromSeconds(1);
        using RunningGateway gateway = Start(buffer: Limit, timeout: null);
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket sender = Client.Connect(gateway.StatsDTcp);
        _server.Accept();
        string name = new('x', 200);
        long flushes = 0;
        while (admin.Stat("graphite_send.dropped_lines") == 0)
        {
            sender.Send(string.Concat(Enumerable.Range(0, 100).Select(i => $"{name}{i}:{flushes}|g\n")).Utf8());
            flushes = Flush(gateway, admin, $"flush:{flushes}|g");
            Assert.InRange(admin.Stat("graphite_send.waiting_bytes"), 0, Limit);
        }

        Assert.Contains("the oldest are dropped", gateway.TakeErrors(), StringComparison.Ordinal);
        _server.ReadUntilLine(string.Create(CultureInfo.InvariantCulture, $"stats.gauges.flush {flushes - 1} "));
        IReadOnlyDictionary<string, long> stats = WaitUntilSent(admin);
        _server.ReadUntil(() => _server.Lines.Count >= stats["graphite_send.lines"]);

        Assert.All(_server.Lines, line => Assert.Matches("^stats\\.[^ ]+ [0-9.E+-]+ [0-9]+$", line));
        Assert.Equal(_server.Lines.Count, stats["graphite_send.lines"]);
        Assert.Contains(
            $"; {stats["graphite_send.dropped_lines"]} lines were dropped\n",
            TakeErrorsUntilAgain(gateway),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_takes_nothing_for_too_long_is_connected_to_again_and_gets_whole_lines()
    {
        using RunningGateway gateway = Start(buffer: 1 << 20, timeout: TimeSpan.FromSeconds(60));
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket sender = Client.Connect(gateway.StatsDTcp);
        _server.Accept();
        string name = new('x', 200);

        // The kernels may still take some data when their buffers grow, and then the timeout begins anew.
        while (admin.Stat("graphite_send.failures") == 0)
        {
            if (admin.Stat("graphite_send.waiting_bytes") == 0)
            {
                sender.Send(string.Concat(Enumerable.Range(0, 200).Select(i => $"{name}{i}:1|g\n")).Utf8());
                Flush(gateway, admin, "flush:1|g");
            }
            else
            {
                _time.Advance(61);
            }
        }

        Assert.Contains("it takes nothing", gateway.TakeErrors(), StringComparison.Ordinal);
        _server.Kill();
        _server.Return();
        Flush(gateway, admin, "flush:2|g");

        ReadUntilLineInTime("stats.gauges.flush 2 ");
        Assert.All(_server.Lines, line => Assert.Matches("^stats\\.[^ ]+ [0-9.E+-]+ [0-9]+$", line));
        TakeErrorsUntilAgain(gateway);
    }

    [Fact]
    public void A_server_that_closes_its_half_is_connected_to_again()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        _server.Accept().Shutdown(SocketShutdown.Send);
        admin.WaitForStat("graphite_send.failures", 1);

        Flush(gateway, admin, "hits:1|c");

        ReadUntilLineInTime("stats.counters.hits.count 1 ");
        Assert.Equal(2, _server.Connections);
        Assert.Contains("it closed the connection", TakeErrorsUntilAgain(gateway), StringComparison.Ordinal);
    }

    [Fact]
    public void Datagrams_that_the_kernel_drops_are_told_by_the_next_flush_though_nobody_asks_for_them()
    {
        using GatewayProcess gateway = GatewayProcess.Start(
            "--receive-buffer", "4096", "--graphite-send", $"{_server.Endpoint}", GatewayProcess.FlushInterval, "100ms");
        gateway.Signal("STOP");
        for (int i = 0; i < 2_000; i++)
        {
            Client.SendDatagram(gateway.StatsDUdp, "hits:1|c"u8);
        }

        gateway.Signal("CONT");

        double told = 0;
        _server.ReadUntil(
            () => (told = Sum("stats.counters.statsd.dropped_datagrams.count ")) > 0 && told + Sum("stats.counters.hits.count ") >= 2_000);
        using AdminClient admin = gateway.ConnectAdmin();
        Assert.Equal(admin.Stat("statsd_udp.drops"), told);

        double Sum(string start) => _server.Lines
            .Where(line => line.StartsWith(start, StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }

    [Fact]
    public void The_last_flush_is_sent_before_the_end()
    {
        RunningGateway gateway = Start();
        using (gateway)
        {
            using AdminClient admin = gateway.ConnectAdmin();
            Client.SendDatagram(gateway.StatsDUdp, "hits:1|c"u8);
            admin.WaitForStat("statsd_udp.metrics", 1);
            Socket connection = _server.Accept();

            gateway.Stop();

            connection.ReceiveTimeout = Patience.Milliseconds;
            Assert.Contains("stats.counters.hits.count 1 ", connection.ReceiveToEnd(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_server_that_is_not_there_does_not_hold_up_the_end()
    {
        _server.Kill();
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        Client.SendDatagram(gateway.StatsDUdp, "hits:1|c"u8);
        admin.WaitForStat("statsd_udp.metrics", 1);

        gateway.Stop();

        Assert.Matches("MetricsGateway: stopped: [0-9]+ lines were not sent to Graphite \\(--graphite-send\\)\n$", gateway.TakeErrors());
    }

    [Fact]
    public void The_last_flush_does_not_take_the_place_of_the_complete_interval_before_it()
    {
        long start = ManualTime.Start.ToUnixTimeSeconds();
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        Flush(gateway, admin, "hits:100|c");
        _server.ReadUntilLine("stats.counters.hits.count 100 ");
        Client.SendDatagram(gateway.StatsDUdp, "hits:1|c"u8);
        admin.WaitForStat("statsd_udp.metrics", 2);
        _time.Advance(3);

        gateway.Stop();

        _server.ReadUntilLine("stats.counters.hits.count 1 ");
        Assert.Equal(
            [$"stats.counters.hits.count 100 {start + 10}", $"stats.counters.hits.count 1 {start + 20}"],
            _server.Lines.Where(line => line.StartsWith("stats.counters.hits.count ", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_flush_of_more_than_may_wait_is_sent_as_a_whole_to_a_server_that_reads()
    {
        // With the default receive buffer the server needs only a few reads. The worker waits at most 10 s of real time for it.
        using GraphiteServer server = new();
        using RunningGateway gateway = Start(buffer: 1 << 16, server: server);
        using AdminClient admin = gateway.ConnectAdmin();
        admin.WaitForStat("graphite_send.connected", 1);
        using Socket client = Client.Connect(gateway.StatsDTcp);
        client.Send(string.Concat(Enumerable.Range(0, 5_000).Select(i => $"timer{i}:1|ms\n")).Utf8());
        admin.WaitForStat("statsd_tcp.metrics", 5_000);

        _time.Advance(_interval.TotalSeconds);

        // 3 MB.
        server.ReadUntilLine("stats.statsd.graphiteStats.calculationtime ");
        Assert.Equal((5_000 * 12) + 10, server.Lines.Count);
        Assert.Equal(0, admin.Stat("graphite_send.dropped_lines"));
    }

    // Waits for the lines after the one that a test has waited for, too.
    private static IReadOnlyDictionary<string, long> WaitUntilSent(AdminClient admin)
    {
        IReadOnlyDictionary<string, long> stats = admin.Stats();
        Patience.WaitUntil(
            () => (stats = admin.Stats())["graphite_send.waiting_bytes"] == 0 && stats["flush.computing"] == 0,
            () => $"{stats["graphite_send.waiting_bytes"]} bytes wait");
        return stats;
    }

    // The outage is over when the connection has lasted. A gateway that stops before that reports the end of the outage while it stops.
    private string TakeErrorsUntilAgain(RunningGateway gateway)
    {
        string errors = "";
        Patience.WaitUntil(
            () =>
            {
                _time.Advance(1);
                return (errors += gateway.TakeErrors()).Contains(" again, after ", StringComparison.Ordinal);
            },
            () => errors);
        return errors;
    }

    // The next attempt comes some time after the previous one has failed.
    private void ReadUntilLineInTime(string start) => _server.ReadUntil(() =>
    {
        _time.Advance(1);
        return _server.Lines.Any(line => line.StartsWith(start, StringComparison.Ordinal));
    });

    private RunningGateway Start(int buffer = 1 << 20, TimeSpan? timeout = null, GraphiteServer? server = null) => new(
        options => options with
        {
            FlushInterval = _interval,
            FlushConsole = false,
            GraphiteSend = (server ?? _server).Endpoint,
            GraphiteBuffer = buffer,
            GraphiteTimeout = timeout,
        },
        _time);

    /// <returns>The number of flushes.</returns>
    private long Flush(RunningGateway gateway, AdminClient admin, string metric)
    {
        IReadOnlyDictionary<string, long> before = admin.Stats();
        Client.SendDatagram(gateway.StatsDUdp, metric.Utf8());
        admin.WaitForStat("statsd_udp.metrics", before["statsd_udp.metrics"] + 1);
        IReadOnlyDictionary<string, long> after;
        do
        {
            // If a test has advanced the clock far, another flush may still be being computed, and this one is skipped.
            long missed = admin.Stat("flush.missed");
            _time.Advance(_interval.TotalSeconds);
            after = before;
            Patience.WaitUntil(
                () => (after = admin.Stats())["flush.computing"] == 0
                    && (after["flush.count"] > before["flush.count"] || after["flush.missed"] > missed),
                () => $"flush.count is {after["flush.count"]}, flush.missed {after["flush.missed"]}");
        }
        while (after["flush.count"] == before["flush.count"]);

        return before["flush.count"] + 1;
    }
}
