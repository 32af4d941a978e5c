using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;

namespace MetricsGateway.Tests.Flushing;

/// <summary>Flushes in one go, on the thread of the test.</summary>
internal static class Flushes
{
    private static readonly FlushInterval TenSeconds = new(
        1,
        DateTimeOffset.UnixEpoch,
        TimeSpan.FromSeconds(10),
        TimeSpan.Zero,
        Missed: 0,
        IsLast: false);

    /// <summary>Ends an interval without reporting it.</summary>
    public static void PassInterval(this MetricStore store) => store.Flush(TenSeconds, GatewayOptions.Defaults);

    /// <summary>Ends an interval and reports it.</summary>
    public static void Flush(
        this MetricStore store, FlushInterval interval, GatewayOptions options, TrafficCounts traffic = default,
        params IReadOnlyList<IFlushWriter> writers)
    {
        TimerFigures timer = new(options.Percentiles, options.HistogramBins);
        store.EndFlush(new FlushJob(interval, store.BeginInterval(), traffic, timer, writers));
    }

    /// <summary>Ends an interval. <see cref="EndFlush"/> reports it, and deletes the idle series.</summary>
    public static FlushJob BeginFlush(this MetricStore store, params IReadOnlyList<IFlushWriter> writers) =>
        new(TenSeconds, store.BeginInterval(), default, new TimerFigures(PercentileList.None, HistogramRules.None), writers);

    public static void EndFlush(this MetricStore store, FlushJob job)
    {
        FlushResult result = job.Run();
        store.EndSnapshot();
        Assert.Null(result.Failure);
        Assert.All(result.Job.Snapshot.DeleteIdle(store), _ => { });
    }
}
