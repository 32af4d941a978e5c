using System.Net.Sockets;
using MetricsGateway.Tests.Flushing;
using MetricsGateway.Tests.Network;

namespace MetricsGateway.Tests.Operation;

/// <summary>The targets of flushes can be changed while the gateway runs, as a whole or not at all.</summary>
public sealed class ReloadedTargetsTests : IDisposable
{
    private readonly TestConfiguration _configuration = new();
    private readonly ManualTime _time = new();
    private readonly GraphiteServer _first = new();
    private readonly GraphiteServer _second = new();

    public void Dispose()
    {
        _configuration.Dispose();
        _first.Dispose();
        _second.Dispose();
    }

    [Fact]
    public void Another_server_gets_what_comes_from_then_on_and_what_waits()
    {
        _configuration.Write(("flush-interval", "10s"), ("flush-console", "off"), ("graphite-send", $"{_first.Endpoint}"));
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();
        Flush(gateway, admin, "hits:1|c");
        _first.ReadUntilLine("stats.counters.hits.count 1 ");
        _first.Kill();
        admin.WaitForStat("graphite_send.connected", 0);
        Flush(gateway, admin, "hits:2|c");

        _configuration.Write(
            ("flush-interval", "10s"), ("flush-console", "off"), ("graphite-send", $"{_second.Endpoint}"), ("graphite-prefix",
                "other.name"));
        Assert.Equal(
            $"reloaded {_configuration.Path}: graphite-send {_first.Endpoint} → {_second.Endpoint}; "
                + "graphite-prefix stats → other.name; "
                + $"1 connection kept\n",
            admin.Ask("reload"));
        Flush(gateway, admin, "hits:3|c");

        _second.ReadUntilLine("other.name.counters.hits.count 3 ");
        Assert.Contains(_second.Lines, line => line.StartsWith("stats.counters.hits.count 2 ", StringComparison.Ordinal));
        gateway.TakeErrors();
    }

    [Fact]
    public void Turned_off_nothing_is_sent_and_nothing_waits()
    {
        _configuration.Write(("flush-interval", "10s"), ("flush-console", "off"), ("graphite-send", $"{_first.Endpoint}"));
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();
        admin.WaitForStat("graphite_send.connected", 1);
        Socket connection = _first.Accept();
        connection.ReceiveTimeout = Patience.Milliseconds;

        _configuration.Write(("flush-interval", "10s"), ("flush-console", "off"));
        admin.Ask("reload");
        Flush(gateway, admin, "hits:1|c");

        Assert.Equal(0, admin.Stat("graphite_send.connected"));
        Assert.Equal(0, admin.Stat("graphite_send.waiting_bytes"));
        Assert.Equal("", connection.ReceiveToEnd());
        gateway.TakeErrors();
    }

    [Fact]
    public void Another_file_gets_what_comes_from_then_on()
    {
        string first = _configuration.InDirectory("first.jsonl");
        string second = _configuration.InDirectory("second.jsonl");
        _configuration.Write(("flush-interval", "10s"), ("flush-console", "off"), ("flush-file", first));
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();
        Flush(gateway, admin, "hits:1|c");
        admin.WaitForStat("flush_file.reports", 1);

        _configuration.Write(("flush-interval", "10s"), ("flush-console", "off"), ("flush-file", second));
        admin.Ask("reload");
        Flush(gateway, admin, "hits:2|c");
        admin.WaitForStat("flush_file.reports", 2);

        Assert.StartsWith("{\"flush\":1,", File.ReadAllText(first), StringComparison.Ordinal);
        Assert.StartsWith("{\"flush\":2,", File.ReadAllText(second), StringComparison.Ordinal);
        gateway.TakeErrors();
    }

    [Fact]
    public void With_a_file_that_cannot_be_written_nothing_is_changed()
    {
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();
        string path = _configuration.InDirectory("no/such/directory");
        _configuration.Write(("flush-file", path), ("graphite-send", $"{_first.Endpoint}"), ("max-names", 5));

        string answer = admin.Ask("reload");

        Assert.StartsWith(
            $"not reloaded, everything stays as it was: cannot write {path} (--flush-file): ",
            answer,
            StringComparison.Ordinal);
        Assert.Contains("max-names: 100000\n", admin.Ask("config"), StringComparison.Ordinal);
        Assert.Equal(0, admin.Stat("graphite_send.connections"));
        gateway.TakeErrors();
    }

    [Fact]
    public void With_a_listener_that_cannot_be_had_no_file_is_begun()
    {
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();
        string path = _configuration.InDirectory("new.jsonl");
        _configuration.Write(("flush-file", path), ("statsd-tcp", $"{_first.Endpoint}"));

        Assert.StartsWith("not reloaded, everything stays as it was: cannot listen on ", admin.Ask("reload"), StringComparison.Ordinal);

        Assert.False(File.Exists(path));
        gateway.TakeErrors();
    }

    [Fact]
    public void Its_own_listener_is_no_server_for_it()
    {
        using RunningGateway gateway = new(_configuration.Source(), _time);
        using AdminClient admin = gateway.ConnectAdmin();
        _configuration.Write(("graphite", "0.0.0.0:2003"), ("graphite-send", "127.0.0.1:2003"));

        Assert.Equal(
            "not reloaded, everything stays as it was: graphite-send 127.0.0.1:2003 is the gateway's own listener (graphite "
                + "0.0.0.0:2003); move or turn off one of them\n",
            admin.Ask("reload"));
        gateway.TakeErrors();
    }

    private void Flush(RunningGateway gateway, AdminClient admin, string metric)
    {
        long received = admin.Stat("statsd_udp.metrics");
        long done = admin.Stat("flush.count");
        Client.SendDatagram(gateway.StatsDUdp, metric.Utf8());
        admin.WaitForStat("statsd_udp.metrics", received + 1);
        _time.Advance(10);
        admin.WaitForFlushes(done + 1);
    }
}
