using MetricsGateway.Configuration;
using MetricsGateway.Metrics;

namespace MetricsGateway.Flushing;

/// <summary>What the options say of how flushes are computed and told.</summary>
/// <param name="Percentiles">What is told of timers.</param>
/// <param name="Histograms">Which timers have a histogram.</param>
/// <param name="GraphitePrefix">What every name for Graphite begins with; empty for nothing.</param>
internal sealed record FlushPlan(PercentileList Percentiles, HistogramRules Histograms, string GraphitePrefix)
{
    public static FlushPlan Of(GatewayOptions options) =>
        new(options.Percentiles, options.HistogramBins, options.GraphitePrefix ?? string.Empty);
}
