using MetricsGateway.Metrics;

namespace MetricsGateway.Protocols;

/// <summary>Receives Graphite lines into the store, as gauges: the value that arrived last counts.</summary>
internal sealed class GraphiteReceiver(MetricStore store, ProtocolTotals totals, int maxLineLength)
    : LineReceiver(totals, maxLineLength)
{
    private readonly SeriesKeyBuilder _keys = new();

    protected override RejectionReason Store(ReadOnlySpan<byte> line)
    {
        RejectionReason reason = GraphiteParser.Parse(line, out GraphiteMetric metric);
        if (reason != RejectionReason.None)
        {
            return reason;
        }

        ReadOnlySpan<byte> key = _keys.Build(metric.Path, metric.Tags, TagSyntax.Graphite);
        if (key.IsEmpty)
        {
            return RejectionReason.EmptyName;
        }

        if (!store.Gauges.TryGetOrAdd(key, out Gauge? gauge))
        {
            return ReasonOf(store.Gauges.LastRefusal);
        }

        gauge.Set(metric.Value);
        return RejectionReason.None;
    }
}
