using MetricsGateway.Configuration;
using MetricsGateway.Metrics;

namespace MetricsGateway.Flushing;

/// <summary>The options that say how flushes are computed and written.</summary>
/// <param name="Percentiles">The percentiles of timers.</param>
/// <param name="Histograms">Which timers have a histogram.</param>
/// <param name="GraphitePrefix">The beginning of every name for Graphite; empty for none.</param>
internal sealed record FlushPlan(PercentileList Percentiles, HistogramRules Histograms, string GraphitePrefix)
{
    public static FlushPlan Of(GatewayOptions options) =>
        new(options.Percentiles, options.HistogramBins, options.GraphitePrefix ?? string.Empty);
}
