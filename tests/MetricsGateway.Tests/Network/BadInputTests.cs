using System.Net.Sockets;

namespace MetricsGateway.Tests.Network;

/// <summary>Bad input is counted by reason, the rest is used, and the gateway goes on.</summary>
public sealed class BadInputTests : IDisposable
{
    private const int MaxLineLength = 64;
    private const int MaxPacket = 512;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"gateway-{Guid.NewGuid():N}");
    private readonly RunningGateway _gateway;
    private readonly AdminClient _admin;

    public BadInputTests()
    {
        _gateway = new RunningGateway(options => options with
        {
            MaxLineLength = MaxLineLength,
            MaxPacket = MaxPacket,
            UnixSocket = _path,
        });
        _admin = _gateway.ConnectAdmin();
    }

    public void Dispose()
    {
        _admin.Dispose();
        _gateway.Dispose();
    }

    [Fact]
    public void Whoever_asks_is_told_which_lines_were_rejected_and_who_sent_them()
    {
        using Socket sender = Client.Connect(_gateway.StatsDTcp);
        sender.SendLine("temperature:warm|g");
        _admin.WaitForStat("statsd_tcp.rejected", 1);

        Assert.EndsWith(
            $" statsd_tcp {sender.LocalEndPoint} invalid_value: temperature:warm|g\n",
            _admin.Ask("rejected"),
            StringComparison.Ordinal);
        using Socket udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        udp.Connect(_gateway.StatsDUdp);
        udp.Send("pressure:high|g"u8);
        _admin.WaitForStat("statsd_udp.rejected", 1);
        Assert.EndsWith(
            $" statsd_udp {udp.LocalEndPoint} invalid_value: pressure:high|g\n",
            _admin.Ask("rejected"),
            StringComparison.Ordinal);

        // The owner of a Unix socket chooses its path, and so the text of the sender.
        using Socket unix = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        unix.Bind(new UnixDomainSocketEndPoint(_path + "\nfake"));
        unix.SendTo("level:low|g"u8, new UnixDomainSocketEndPoint(_path));
        _admin.WaitForStat("statsd_unix.rejected", 1);
        Assert.EndsWith($" statsd_unix {_path}\\u000Afake invalid_value: level:low|g\n", _admin.Ask("rejected"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_good_metrics_of_a_bad_packet_are_used_and_the_bad_ones_counted_by_reason()
    {
        Client.SendDatagram(_gateway.StatsDUdp, "a:1|c\nb:x|g\n\xff\xfe\nc:1|q\n:1|c\nd:1|c|@2\ne:1|c".Bytes());

        _admin.WaitForStat("statsd_udp.lines", 7);
        IReadOnlyDictionary<string, long> stats = _admin.Stats();
        Assert.Equal(2, stats["statsd_udp.metrics"]);
        Assert.Equal(5, stats["statsd_udp.rejected"]);
        Assert.Equal(1, stats["rejected.invalid_value"]);
        Assert.Equal(1, stats["rejected.invalid_bytes"]);
        Assert.Equal(1, stats["rejected.unknown_type"]);
        Assert.Equal(1, stats["rejected.empty_name"]);
        Assert.Equal(1, stats["rejected.invalid_sample_rate"]);
        Assert.Equal(1, _admin.Value("counters", "a"));
        Assert.Equal(1, _admin.Value("counters", "e"));
    }

    [Fact]
    public void A_line_over_the_limit_is_counted_and_what_follows_is_used()
    {
        string tooLong = new string('x', 10 * MaxLineLength) + ":1|c";
        using Socket client = Client.Connect(_gateway.StatsDTcp);
        client.SendLine(tooLong);
        client.SendLine("after:1|c");
        Client.SendDatagram(_gateway.StatsDUdp, (tooLong[^100..] + "\nbeside:1|c").Utf8());

        _admin.WaitForCounter("after", 1);
        _admin.WaitForCounter("beside", 1);
        Assert.Equal(2, _admin.Stat("rejected.line_too_long"));
    }

    [Fact]
    public void An_admin_line_over_the_limit_is_answered_and_counted_and_the_next_one_served()
    {
        Assert.Equal("health: up\n", _admin.Ask("health"));
        Assert.Equal("ERROR line too long\n", _admin.Ask("stats " + new string('x', 10 * MaxLineLength)));
        Assert.Equal("health: up\n", _admin.Ask("health"));
        Assert.Equal(1, _admin.Stat("admin.overlong_commands"));
    }

    [Fact]
    public void Of_a_truncated_datagram_the_whole_lines_are_used()
    {
        const int Lines = MaxPacket / 8;
        string full = string.Concat(Enumerable.Repeat("cut:1|c\n", Lines));

        Client.SendDatagram(_path, full.Utf8());
        _admin.WaitForStat("statsd_unix.metrics", Lines);
        Assert.Equal(0, _admin.Stat("rejected.packet_truncated"));

        // Truncated at the end of a line, and in the middle of one.
        Client.SendDatagram(_path, (full + "lost:1|c").Utf8());
        _admin.WaitForStat("rejected.packet_truncated", 1);
        Client.SendDatagram(_path, (full[1..] + "lost:1|c").Utf8());
        _admin.WaitForStat("rejected.packet_truncated", 2);
        Assert.Equal(3 * Lines, _admin.Stat("statsd_unix.metrics"));
    }

    [Fact]
    public void An_empty_datagram_is_no_end()
    {
        Client.SendDatagram(_gateway.StatsDUdp, []);
        Client.SendDatagram(_path, []);
        Client.SendDatagram(_gateway.StatsDUdp, "a:1|c"u8);
        Client.SendDatagram(_path, "a:1|c"u8);

        _admin.WaitForCounter("a", 2);
        Assert.Equal(2, _admin.Stat("statsd_udp.packets"));
        Assert.Equal(2, _admin.Stat("statsd_unix.packets"));
    }

    [Fact]
    public void Binary_garbage_ends_nothing()
    {
        const int Rounds = 200;
        Random random = new(20_240_229);
        byte[] garbage = new byte[400];
        for (int i = 0; i < Rounds; i++)
        {
            random.NextBytes(garbage);
            Client.SendDatagram(_gateway.StatsDUdp, garbage);
            Client.SendDatagram(_path, garbage);
            foreach (var endpoint in new[] { _gateway.StatsDTcp, _gateway.Graphite, _gateway.Admin })
            {
                using Socket client = Client.Connect(endpoint);
                client.Send(garbage);
            }
        }

        // All are accepted and closed. Connections that are not accepted yet do not count as open.
        _admin.WaitForStat("connections.accepted", 1 + (3 * Rounds));
        _admin.WaitForStat("connections.open", 1);
        _admin.WaitForStat("statsd_unix.packets", Rounds);
        Client.SendDatagram(_gateway.StatsDUdp, "good:1|c"u8);
        _admin.WaitForCounter("good", 1);
        IReadOnlyDictionary<string, long> stats = _admin.Stats();
        foreach (string protocol in new[] { "statsd_udp", "statsd_tcp", "statsd_unix", "graphite" })
        {
            Assert.Equal(stats[$"{protocol}.lines"], stats[$"{protocol}.metrics"] + stats[$"{protocol}.rejected"]);
            Assert.True(stats[$"{protocol}.rejected"] > 100);
        }
    }

    [Fact]
    public void A_flood_of_datagrams_starves_nobody()
    {
        using CancellationTokenSource flood = new();
        Thread flooder = new(() =>
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(_gateway.StatsDUdp);
            while (!flood.IsCancellationRequested)
            {
                socket.Send("flood:1|c"u8);
            }
        });
        flooder.Start();
        try
        {
            using Socket client = Client.Connect(_gateway.StatsDTcp);
            for (int i = 1; i <= 50; i++)
            {
                client.SendLine("served:1|c");
                _admin.WaitForStat("statsd_tcp.metrics", i);
            }

            _admin.WaitForStatAbove("statsd_udp.packets", 1_000);
        }
        finally
        {
            flood.Cancel();
            flooder.Join();
        }
    }
}
