namespace MetricsGateway.Metrics;

/// <summary>The names of the gateway's counters about itself. No other counter may have one: there would be two lines with one
/// path.</summary>
internal static class OwnCounters
{
    public static readonly byte[] PacketsReceived = "statsd.packets_received"u8.ToArray();
    public static readonly byte[] MetricsReceived = "statsd.metrics_received"u8.ToArray();
    public static readonly byte[] BadLinesSeen = "statsd.bad_lines_seen"u8.ToArray();
    public static readonly byte[] DroppedDatagrams = "statsd.dropped_datagrams"u8.ToArray();

    public static IReadOnlyList<byte[]> All { get; } = [PacketsReceived, MetricsReceived, BadLinesSeen, DroppedDatagrams];
}
