using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace Vigil.Diagnostics;

/// <summary>What a pool counts.</summary>
internal enum PoolFigure
{
    Queued,
    Running,
    Done,
    Failed,
    Stolen,
    Cancelled,
    Rejected,
    RunByCallers,
}

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
        meter.CreateObservableUpDownCounter("vigil.pool.queue.length", () => Observe(PoolFigure.Queued), "{item}", "Work that waits.");
        meter.CreateObservableUpDownCounter("vigil.pool.threads.busy", () => Observe(PoolFigure.Running), "{thread}", "Threads that run work.");
        meter.CreateObservableCounter("vigil.pool.items", ObserveItems, "{item}", "Work that is over, by how it ended.");
        meter.CreateObservableCounter("vigil.pool.steals", () => Observe(PoolFigure.Stolen), "{item}", "Work that another thread took over.");
    }

    /// <summary>Shows a pool, as long as it is alive.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="name">Its name.</param>
    /// <param name="read">Reads one of its counters. Must not hold on to the pool.</param>
    public static void Add(object pool, string name, Func<object, PoolFigure, long> read) => Pools.Add(pool, new PoolReader(name, read));

    public static void Remove(object pool) => Pools.Remove(pool);

    public static void RecordWait(string name, long nanoseconds)
    {
        if (Waits.Enabled)
        {
            Observers.Record(Waits, nanoseconds / NanosecondsPerSecond, NameOf(name));
        }
    }

    public static void RecordRun(string name, long nanoseconds)
    {
        if (Runs.Enabled)
        {
            Observers.Record(Runs, nanoseconds / NanosecondsPerSecond, NameOf(name));
        }
    }

    private static KeyValuePair<string, object?> NameOf(string name) => new(NameTag, name);

    // Pools of one name are one series.
    private static IEnumerable<IGrouping<string, (object Pool, PoolReader Reader)>> ByName() =>
        Pools.Select(entry => (Pool: entry.Key, Reader: entry.Value)).GroupBy(pool => pool.Reader.Name, StringComparer.Ordinal);

    private static long Sum(IEnumerable<(object Pool, PoolReader Reader)> pools, PoolFigure figure) => pools.Sum(pool => pool.Reader.Read(pool.Pool, figure));

    private static IEnumerable<Measurement<long>> Observe(PoolFigure figure) =>
        ByName().Select(pools => new Measurement<long>(Sum(pools, figure), NameOf(pools.Key)));

    private static IEnumerable<Measurement<long>> ObserveItems()
    {
        foreach (IGrouping<string, (object Pool, PoolReader Reader)> pools in ByName())
        {
            yield return Outcome(pools.Key, Sum(pools, PoolFigure.Done), "done");
            yield return Outcome(pools.Key, Sum(pools, PoolFigure.Failed), "failed");
            yield return Outcome(pools.Key, Sum(pools, PoolFigure.Cancelled), "cancelled");
            yield return Outcome(pools.Key, Sum(pools, PoolFigure.Rejected), "rejected");
            yield return Outcome(pools.Key, Sum(pools, PoolFigure.RunByCallers), "run_by_caller");
        }
    }

    private static Measurement<long> Outcome(string pool, long count, string outcome) => new(count, NameOf(pool), new("vigil.work.outcome", outcome));

    private sealed record PoolReader(string Name, Func<object, PoolFigure, long> Read);
}
