using System.Net.Sockets;
using System.Text.Json;
using MetricsGateway.Tests.Flushing;
using MetricsGateway.Tests.Network;
using Vigil.IO;

namespace MetricsGateway.Tests.Operation;

/// <summary>Every option takes effect at once, also for existing connections and data.</summary>
public sealed class ReloadedLimitsTests : IDisposable
{
    private readonly TestConfiguration _configuration = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _configuration.Dispose();

    [Fact]
    public void Another_flush_interval_ends_at_its_next_multiple_and_loses_nothing_of_the_one_that_runs()
    {
        using RunningGateway gateway = Start(("flush-interval", "10s"));
        using AdminClient admin = gateway.ConnectAdmin();
        Receive(gateway, admin, "hits:10|c");
        _time.Advance(6);

        Reload(gateway, admin, ("flush-interval", "5s"));
        Receive(gateway, admin, "hits:12|c");
        _time.Advance(3.999);
        Assert.Equal(0, admin.Stat("flush.count"));
        _time.Advance(0.001);
        admin.WaitForFlushes(1);
        JsonElement[] first = ReadReport(gateway, admin, number: 1);
        Assert.Equal(10, first[0].GetProperty("seconds").GetDouble());
        Assert.Equal(2.2, first[1].GetProperty("rate").GetDouble());

        _time.Advance(5);
        admin.WaitForFlushes(2);
        Assert.Equal(5, ReadReport(gateway, admin, number: 2)[0].GetProperty("seconds").GetDouble());
    }

    [Fact]
    public void Flushes_can_be_turned_on_and_off_and_what_has_come_meanwhile_is_told_by_the_next_one()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        Receive(gateway, admin, "hits:30|c");
        _time.Advance(10);

        Reload(gateway, admin, ("flush-interval", "5s"));
        _time.Advance(5);
        admin.WaitForFlushes(1);
        Assert.Equal(2, ReadReport(gateway, admin, number: 1)[1].GetProperty("rate").GetDouble());

        Reload(gateway, admin);
        Receive(gateway, admin, "hits:7|c");
        _time.Advance(100);
        Assert.Equal(1, admin.Stat("flush.count"));
        Assert.Equal(7, admin.Value("counters", "hits"));
    }

    [Fact]
    public void What_a_flush_tells_and_deletes_is_as_the_reload_says()
    {
        using RunningGateway gateway = Start(("flush-interval", "10s"));
        using AdminClient admin = gateway.ConnectAdmin();
        Receive(gateway, admin, "hits:1|c\nlatency:1:2|ms");

        Reload(gateway, admin, ("flush-interval", "10s"), ("percentiles", "50"), ("delete-counters", "on"));
        _time.Advance(10);
        admin.WaitForFlushes(1);
        JsonElement timer = ReadReport(gateway, admin, number: 1)[2];
        Assert.True(timer.TryGetProperty("upper_50", out _));
        Assert.False(timer.TryGetProperty("upper_90", out _));
        Assert.Equal(1, admin.Stat("names.counters"));

        Reload(gateway, admin, ("flush-interval", "10s"), ("delete-counters", "on"), ("flush-console", "off"));
        _time.Advance(10);
        admin.WaitForFlushes(2);
        admin.WaitForStat("names.counters", 0);
        Assert.Equal(0, NonBlocking.TryRead(gateway.Reports, new byte[100]).Count);
        Assert.Equal(0, admin.Stat("flush.lost_reports"));
    }

    [Theory]
    [InlineData("160s", "120s", 19.999, 7.501)]
    [InlineData("160s", "240s", 139.999, 15.001)]
    [InlineData("off", "120s", 119.999, 7.501)]
    [InlineData("160s", "80s", 0, 5)]
    public void A_connection_that_has_been_silent_for_long_does_not_gain_that_time_by_another_idle_timeout(
        string before, string after, double stays, double closes)
    {
        using RunningGateway gateway = Start(("idle-timeout", before));
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket silent = Client.Connect(gateway.StatsDTcp);
        admin.WaitForStat("connections.open", 2);
        _time.Advance(100);

        Reload(gateway, admin, ("idle-timeout", after));
        if (stays > 0)
        {
            _time.Advance(stays);
            Assert.Equal(0, admin.Stat("connections.idle_closed"));
        }

        _time.Advance(closes);
        admin.WaitForStat("connections.idle_closed", 1);
        Assert.Equal("", silent.ReceiveToEnd());
    }

    [Fact]
    public void Connections_may_be_silent_for_ever_once_the_idle_timeout_is_off()
    {
        using RunningGateway gateway = Start(("idle-timeout", "160s"));
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket silent = Client.Connect(gateway.StatsDTcp);
        admin.WaitForStat("connections.open", 2);
        _time.Advance(100);

        Reload(gateway, admin, ("idle-timeout", "off"));
        _time.Advance(1000);

        silent.SendLine("said:1|c");
        admin.WaitForCounter("said", 1);
        Assert.Equal(0, admin.Stat("connections.idle_closed"));
    }

    [Fact]
    public void A_lower_limit_of_connections_closes_none_and_lets_in_no_more()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket first = Client.Connect(gateway.StatsDTcp);
        using Socket second = Client.Connect(gateway.StatsDTcp);
        admin.WaitForStat("connections.open", 3);

        Reload(gateway, admin, ("max-connections", 2));
        using Socket refused = Client.Connect(gateway.StatsDTcp);
        Assert.Equal("", refused.ReceiveToEnd());
        first.SendLine("first:1|c");
        admin.WaitForCounter("first", 1);

        Reload(gateway, admin, ("max-connections", 4));
        using Socket third = Client.Connect(gateway.StatsDTcp);
        third.SendLine("third:1|c");
        admin.WaitForCounter("third", 1);
    }

    [Fact]
    public void A_lower_limit_of_names_and_set_values_forgets_none_and_takes_no_more()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        Receive(gateway, admin, "a:1|c\nb:1|c\nusers:x|s\nusers:y|s");

        Reload(gateway, admin, ("max-names", 1), ("max-set-values", 1));
        Receive(gateway, admin, "a:1|c\nc:1|c\nusers:y|s\nusers:z|s");

        Assert.Equal(2, admin.Value("counters", "a"));
        Assert.Equal(2, admin.Value("sets", "users"));
        Assert.Equal(1, admin.Stat("rejected.too_many_names"));
        Assert.Equal(1, admin.Stat("rejected.too_many_set_values"));
    }

    [Fact]
    public void A_lower_limit_of_a_line_holds_for_open_connections_and_for_the_line_that_they_have_begun()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket begun = Client.Connect(gateway.StatsDTcp);
        using Socket ending = Client.Connect(gateway.Graphite);
        begun.Send(new string('x', 100).Utf8());
        ending.Send(new string('x', 100).Utf8());
        admin.WaitForStat("statsd_tcp.packets", 1);
        admin.WaitForStat("graphite.packets", 1);

        Reload(gateway, admin, ("max-line-length", 64), ("max-packet", 512));
        begun.SendLine(":1|c");
        begun.SendLine("after:1|c");
        ending.Shutdown(SocketShutdown.Send);
        Assert.Equal("", ending.ReceiveToEnd());

        admin.WaitForCounter("after", 1);
        Assert.Equal(2, admin.Stat("rejected.line_too_long"));
        Assert.Equal("ERROR line too long\n", admin.Ask(new string('x', 70)));
        Client.SendDatagram(gateway.StatsDUdp, ("whole:1|c\n" + new string('x', 600)).Utf8());
        admin.WaitForStat("rejected.packet_truncated", 1);

        Reload(gateway, admin);
        begun.SendLine(new string('y', 200) + ":1|c");
        admin.WaitForCounter(new string('y', 200), 1);
    }

    [Fact]
    public void A_lower_limit_of_unread_answers_holds_for_open_connections()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        using AdminClient asking = gateway.ConnectAdmin();
        Receive(gateway, admin, string.Join('\n', Enumerable.Range(0, 500).Select(i => $"counter.number.{i}:1|c")));
        Assert.NotNull(asking.Value("counters", "counter.number.0"));

        Reload(gateway, admin, ("admin-buffer", 4096));
        asking.Send("counters\n");

        admin.WaitForStat("connections.dropped_clients", 1);
    }

    private RunningGateway Start(params IReadOnlyList<(string Option, object Value)> options)
    {
        _configuration.Write(options);
        return new RunningGateway(_configuration.Source(), _time);
    }

    private void Reload(RunningGateway gateway, AdminClient admin, params IReadOnlyList<(string Option, object Value)> options)
    {
        _configuration.Write(options);
        Assert.StartsWith($"reloaded {_configuration.Path}: ", admin.Ask("reload"), StringComparison.Ordinal);
        gateway.TakeErrors();
    }

    private static void Receive(RunningGateway gateway, AdminClient admin, string packet)
    {
        long before = admin.Stat("statsd_udp.packets");
        Client.SendDatagram(gateway.StatsDUdp, packet.Utf8());
        admin.WaitForStat("statsd_udp.packets", before + 1);
    }

    private static JsonElement[] ReadReport(RunningGateway gateway, AdminClient admin, long number)
    {
        byte[] buffer = new byte[1 << 16];
        string report = "";
        Patience.WaitUntil(
            () =>
            {
                report += new ReadOnlySpan<byte>(buffer, 0, NonBlocking.TryRead(gateway.Reports, buffer).Count).Text();
                return report.Contains($"{{\"end\":{number},", StringComparison.Ordinal);
            },
            () => report);
        admin.WaitForConsole();
        return [.. report.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
