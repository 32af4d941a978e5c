using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace Vigil.Diagnostics;

/// <summary>The worker pools' instruments on the process's meter. Names and units follow OpenTelemetry's conventions; docs/metrics.md lists them.</summary>
internal static class PoolMeter
{
    private const string NameTag = "vigil.pool.name";
    private const double NanosecondsPerSecond = 1e9;

    private static readonly ConditionalWeakTable<object, PoolReader> Pools = [];
    private static readonly Histogram<double> Waits = VigilMeter.Instance.CreateHistogram<double>("vigil.pool.wait.duration", "s", "How long work waited.");
    private static readonly Histogram<double> Runs = VigilMeter.Instance.CreateHistogram<double>("vigil.pool.run.duration", "s", "How long work ran.");

    static PoolMeter()
    {
        Meter meter = VigilMeter.Instance;
        meter.CreateObservableUpDownCounter("vigil.pool.queue.length", () => Observe(static pool => pool.Queued), "{item}", "Work that waits.");
        meter.CreateObservableUpDownCounter("vigil.pool.threads.busy", () => Observe(static pool => pool.Running), "{thread}", "Threads that run work.");
        meter.CreateObservableCounter("vigil.pool.items", ObserveItems, "{item}", "Work that is over, by how it ended.");
        meter.CreateObservableCounter("vigil.pool.steals", () => Observe(static pool => pool.Stolen), "{item}", "Work that another thread took over.");
    }

    /// <summary>Shows a pool, as long as it is alive.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="name">Its name.</param>
    /// <param name="read">Reads its counters. Must not hold on to the pool.</param>
    public static void Add(object pool, string name, Func<object, WorkerPoolStatistics> read) => Pools.Add(pool, new PoolReader(name, read));

    public static void Remove(object pool) => Pools.Remove(pool);

    public static void RecordWait(string name, long nanoseconds)
    {
        if (Waits.Enabled)
        {
            Waits.Record(nanoseconds / NanosecondsPerSecond, NameOf(name));
        }
    }

    public static void RecordRun(string name, long nanoseconds)
    {
        if (Runs.Enabled)
        {
            Runs.Record(nanoseconds / NanosecondsPerSecond, NameOf(name));
        }
    }

    private static KeyValuePair<string, object?> NameOf(string name) => new(NameTag, name);

    // Pools of one name are one series.
    private static IEnumerable<IGrouping<string, WorkerPoolStatistics>> ByName() =>
        Pools.Select(entry => (entry.Value.Name, Statistics: entry.Value.Read(entry.Key))).GroupBy(pool => pool.Name, pool => pool.Statistics, StringComparer.Ordinal);

    private static IEnumerable<Measurement<long>> Observe(Func<WorkerPoolStatistics, long> read) =>
        ByName().Select(pools => new Measurement<long>(pools.Sum(read), NameOf(pools.Key)));

    private static IEnumerable<Measurement<long>> ObserveItems()
    {
        foreach (IGrouping<string, WorkerPoolStatistics> pools in ByName())
        {
            yield return Outcome(pools, static pool => pool.Done, "done");
            yield return Outcome(pools, static pool => pool.Failed, "failed");
            yield return Outcome(pools, static pool => pool.Cancelled, "cancelled");
            yield return Outcome(pools, static pool => pool.Rejected, "rejected");
            yield return Outcome(pools, static pool => pool.RunByCallers, "run_by_caller");
        }
    }

    private static Measurement<long> Outcome(IGrouping<string, WorkerPoolStatistics> pools, Func<WorkerPoolStatistics, long> read, string outcome) =>
        new(pools.Sum(read), NameOf(pools.Key), new("vigil.work.outcome", outcome));

    private sealed record PoolReader(string Name, Func<object, WorkerPoolStatistics> Read);
}
