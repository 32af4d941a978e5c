namespace MetricsGateway.Metrics;

/// <summary>The counters that the gateway tells of itself. Nobody else may have one of these names: there would be two lines of one
/// path.</summary>
internal static class OwnCounters
{
    public static readonly byte[] PacketsReceived = "statsd.packets_received"u8.ToArray();
    public static readonly byte[] MetricsReceived = "statsd.metrics_received"u8.ToArray();
    public static readonly byte[] BadLinesSeen = "statsd.bad_lines_seen"u8.ToArray();
    public static readonly byte[] DroppedDatagrams = "statsd.dropped_datagrams"u8.ToArray();

    public static IReadOnlyList<byte[]> All { get; } = [PacketsReceived, MetricsReceived, BadLinesSeen, DroppedDatagrams];
}
