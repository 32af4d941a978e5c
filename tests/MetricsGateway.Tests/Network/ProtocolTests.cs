using System.Net.Sockets;
using System.Text.Json;

namespace MetricsGateway.Tests.Network;

/// <summary>Data that clients send to each listener arrives.</summary>
public sealed class ProtocolTests : IDisposable
{
    private const string EveryKind =
        """
        requests:2|c
        sampled:1|c|@0.1
        temperature:20|g
        temperature:-3|g
        temperature:+1|g
        latency:320|ms
        size:10|h
        spread:0.5|d
        users:alice|s
        users:bob|s
        users:alice|s
        tagged:1|c|#env:prod,region:eu
        """;

    private readonly RunningGateway _gateway = new();
    private readonly AdminClient _admin;

    public ProtocolTests()
    {
        _admin = _gateway.ConnectAdmin();
    }

    public void Dispose()
    {
        _admin.Dispose();
        _gateway.Dispose();
    }

    [Fact]
    public void StatsD_over_UDP_takes_every_kind_of_metric_in_one_packet()
    {
        Client.SendDatagram(_gateway.StatsDUdp, EveryKind.Utf8());

        _admin.WaitForStat("statsd_udp.metrics", 12);
        Assert.Equal(1, _admin.Stat("statsd_udp.packets"));
        AssertEveryKind();
    }

    [Fact]
    public void StatsD_over_TCP_takes_every_kind_of_metric()
    {
        using Socket client = Client.Connect(_gateway.StatsDTcp);
        client.SendLine(EveryKind);

        _admin.WaitForStat("statsd_tcp.metrics", 12);
        AssertEveryKind();
    }

    [Fact]
    public void Graphite_lines_become_gauges()
    {
        using Socket client = Client.Connect(_gateway.Graphite);
        client.SendLine("servers.a.load 0.75 1700000000");
        client.SendLine("servers.b.load;dc=ber 1.5 -1");

        _admin.WaitForStat("graphite.metrics", 2);
        Assert.Equal(0.75, _admin.Value("gauges", "servers.a.load"));
        Assert.Equal(1.5, _admin.Value("gauges", "servers.b.load;dc=ber"));
    }

    [Fact]
    public void Each_admin_command_is_answered_up_to_END()
    {
        Client.SendDatagram(_gateway.StatsDUdp, EveryKind.Utf8());
        _admin.WaitForStat("statsd_udp.metrics", 12);

        Assert.Equal("health: up\n", _admin.Ask("health"));
        Assert.Equal("health: down\n", _admin.Ask("health down"));
        Assert.Equal("deleted: requests\n", _admin.Ask("delcounters requests"));
        Assert.Equal("deleted: temperature\n", _admin.Ask("delgauges temperature"));
        Assert.Equal("deleted: latency\nmetric none not found\n", _admin.Ask("deltimers latency none"));
        Assert.Contains("max-connections: 10000\n", _admin.Ask("config"), StringComparison.Ordinal);
        Assert.StartsWith("Commands:\n", _admin.Ask("help"), StringComparison.Ordinal);
        Assert.Equal("ERROR\n", _admin.Ask("nonsense"));
        Assert.Null(_admin.Value("counters", "requests"));
    }

    [Fact]
    public void Quit_closes_the_connection_after_the_answers_before_it()
    {
        using Socket client = Client.Connect(_gateway.Admin);
        client.Send("health\r\nquit\r\n"u8);

        Assert.Equal("health: up\nEND\n\n", client.ReceiveToEnd());
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nhealth down\r\n", "ERROR this is not HTTP\n")]
    [InlineData("counters / HTTP/1.1\r\n\r\nhealth down\r\n", "ERROR this is not HTTP\n")]
    [InlineData("health\nGET /health HTTP/1.0\nhealth down\n", "health: up\nEND\n\nERROR this is not HTTP\n")]
    [InlineData("EHLO\nhealth down\n", "ERROR\n")]
    [InlineData("\nEHLO\nhealth down\n", "ERROR\n")]
    public void Who_speaks_another_protocol_to_the_admin_port_is_not_served(string text, string answer)
    {
        using Socket client = Client.Connect(_gateway.Admin);
        client.Send(text.Utf8());

        Assert.Equal(answer, client.ReceiveToEnd());
        Assert.Equal("health: up\n", _admin.Ask("health"));
    }

    [Fact]
    public void A_line_that_is_too_long_to_be_looked_at_as_the_first_one_is_the_last_one()
    {
        using Socket client = Client.Connect(_gateway.Admin);
        client.Send($"GET /{new string('x', 10_000)} HTTP/1.1\r\nhealth down\r\n".Utf8());

        // Unread input would end the connection by a reset, which may overtake the answer.
        _admin.WaitForStat("admin.overlong_commands", 1);
        _admin.WaitForStat("connections.open", 1);
        Assert.Equal("health: up\n", _admin.Ask("health"));
    }

    private void AssertEveryKind()
    {
        Assert.Equal(2, _admin.Value("counters", "requests"));
        Assert.Equal(10, _admin.Value("counters", "sampled"));
        Assert.Equal(1, _admin.Value("counters", "tagged;env=prod;region=eu"));
        Assert.Equal(18, _admin.Value("gauges", "temperature"));
        Assert.Equal(2, _admin.Value("sets", "users"));
        JsonElement timers = _admin.Json("timers");
        Assert.Equal(320, timers.GetProperty("latency").GetProperty("last").GetDouble());
        Assert.Equal(10, timers.GetProperty("size").GetProperty("sum").GetDouble());
        Assert.Equal(0.5, timers.GetProperty("spread").GetProperty("upper").GetDouble());
    }
}
