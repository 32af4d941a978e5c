using MetricsGateway.Configuration;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;

namespace MetricsGateway.Tests;

public class ConsoleTextTests
{
    [Fact]
    public void Totals_show_every_protocol_and_the_reasons_that_occurred()
    {
        TrafficTotals totals = new();
        MetricStore store = new(GatewayOptions.Defaults);
        new StatsDReceiver(store, totals.StatsDUdp, maxLineLength: 100).ReceivePacket("a:1|c\nb:x|c\n"u8);
        new GraphiteReceiver(store, totals.Graphite, maxLineLength: 100).ReceivePacket("c 1 N\n"u8);

        Assert.Equal(
            """
            statsd_udp: 1 packets, 12 bytes, 2 lines, 1 metrics, 1 rejected
            statsd_tcp: 0 packets, 0 bytes, 0 lines, 0 metrics, 0 rejected
            statsd_unix: 0 packets, 0 bytes, 0 lines, 0 metrics, 0 rejected
            graphite: 1 packets, 6 bytes, 1 lines, 1 metrics, 0 rejected
            rejected invalid_value: 1
            total: 3 lines, 2 metrics, 1 rejected, 2 names

            """,
            ConsoleText.Totals(totals, store));
    }

    [Fact]
    public void A_listener_says_where_it_is() =>
        Assert.Equal("statsd-udp listens on 127.0.0.1:8125\n", ConsoleText.Listening("statsd-udp", "127.0.0.1:8125"));

    [Fact]
    public void The_version_is_one_line() => Assert.Matches("^MetricsGateway [0-9]+[.][0-9]+[.][0-9]+\n$", ConsoleText.Version);

    [Fact]
    public void A_usage_error_says_where_help_is() =>
        Assert.Equal("MetricsGateway: it is wrong\nTry 'MetricsGateway --help'.\n", ConsoleText.UsageError("it is wrong"));
}
