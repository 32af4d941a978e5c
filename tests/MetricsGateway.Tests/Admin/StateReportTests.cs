using MetricsGateway.Admin;
using MetricsGateway.Configuration;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;

namespace MetricsGateway.Tests.Admin;

public class StateReportTests
{
    [Fact]
    public void It_has_the_listeners_and_what_health_and_stats_tell_without_what_is_0()
    {
        MetricStore store = new(GatewayOptions.Defaults);
        TrafficTotals totals = new();
        new GraphiteReceiver(store, totals.Graphite, maxLineLength: 100).ReceivePacket("a 1 1\nb"u8);
        AdminCommands commands = new(GatewayOptions.Defaults, store, totals);

        string[] lines = StateReport.Create(commands, AdminCommandsTests.Status).Split('\n');

        Assert.Equal("  statsd-udp 127.0.0.1:8125", lines[0]);
        Assert.Equal("  admin 127.0.0.1:8126, 3 connections", lines[1]);
        Assert.Equal("  health: up", lines[2]);
        Assert.Equal(
            "  flush: last_seconds_ago 3.2, last_lateness_ms 0.038, count 29, missed 31, failed 53, computing 1, reporting 1, "
                + "lost_reports 43, last_lateness_us 37, last_duration_us 41, last_computing_us 61",
            lines[3]);
        Assert.Contains("  uptime: 61", lines, StringComparer.Ordinal);
        Assert.Contains("  graphite: packets 1, bytes 7, lines 2, metrics 1, rejected 1", lines, StringComparer.Ordinal);
        Assert.DoesNotContain(lines, line => line.StartsWith("  statsd_udp", StringComparison.Ordinal));
        Assert.Distinct(lines, StringComparer.Ordinal);
        Assert.Equal("", lines[^1]);
    }
}
