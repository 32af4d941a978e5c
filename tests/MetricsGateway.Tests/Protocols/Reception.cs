using MetricsGateway.Configuration;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;

namespace MetricsGateway.Tests.Protocols;

/// <summary>A store with a receiver for each protocol in front of it.</summary>
internal sealed class Reception
{
    public Reception(
        int maxNames = 1000, int maxSetValues = 1000, int maxLineLength = 8192, int maxNameBytes = 1_000_000, int timerSamples = 100)
    {
        Store = new MetricStore(
            GatewayOptions.Defaults with
            {
                MaxNames = maxNames,
                MaxNameBytes = maxNameBytes,
                MaxSetValues = maxSetValues,
                TimerSamples = timerSamples,
            });
        StatsD = new StatsDReceiver(Store, StatsDTotals, maxLineLength);
        Graphite = new GraphiteReceiver(Store, GraphiteTotals, maxLineLength);
    }

    public MetricStore Store { get; }

    public ProtocolTotals StatsDTotals { get; } = new("statsd");

    public ProtocolTotals GraphiteTotals { get; } = new("graphite");

    public StatsDReceiver StatsD { get; }

    public GraphiteReceiver Graphite { get; }

    public double? Counter(string key) => Store.Counters.TryGet(key.Utf8(), out Counter? counter) ? counter.Value : null;

    public double? Gauge(string key) => Store.Gauges.TryGet(key.Utf8(), out Gauge? gauge) ? gauge.Value : null;

    public TimerInterval? Timer(string key) => Store.Timers.TryGet(key.Utf8(), out TimerSummary? timer) ? timer.Interval : null;

    public int? SetSize(string key) => Store.Sets.TryGet(key.Utf8(), out UniqueSet? set) ? set.Count : null;
}
