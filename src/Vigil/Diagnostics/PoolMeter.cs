using System.Diagnostics.Metrics;

namespace Vigil.Diagnostics;

/// <summary>A pool's figures, in the order of <see cref="FigureSeries"/>: two levels, then counters.</summary>
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

/// <summary>
/// The worker pools' instruments on the process's meter. Names and units follow OpenTelemetry's conventions; docs/metrics.md lists them.
/// </summary>
/// <remarks>Listeners are notified of them as of the loops' (<see cref="LoopMeter"/>).</remarks>
internal static class PoolMeter
{
    private const string NameTag = "vigil.pool.name";
    private const double NanosecondsPerSecond = VigilMeter.NanosecondsPerSecond;
    private const int Levels = 2;

    private static readonly PoolFigure[] Figures = Enum.GetValues<PoolFigure>();
    private static readonly FigureSeries Series = new(Levels, Figures.Length - Levels, AddFigures);

    private static readonly (PoolFigure Figure, string Value)[] Outcomes =
    [
        (PoolFigure.Done, "done"),
        (PoolFigure.Failed, "failed"),
        (PoolFigure.Cancelled, "cancelled"),
        (PoolFigure.Rejected, "rejected"),
        (PoolFigure.RunByCallers, "run_by_caller"),
    ];

    private static int _hasBegun;
    private static Histogram<double>? _waits;
    private static Histogram<double>? _runs;

    /// <summary>Makes the instruments, unless that has begun. Runs foreign code: not under a lock.</summary>
    public static void Publish()
    {
        if (Interlocked.Exchange(ref _hasBegun, 1) != 0)
        {
            return;
        }

        _waits = VigilMeter.CreateDurations("vigil.pool.wait.duration", "How long work waited.");
        _runs = VigilMeter.CreateDurations("vigil.pool.run.duration", "How long work ran.");
        VigilMeter.Create(static meter => meter.CreateObservableUpDownCounter(
            "vigil.pool.queue.length", () => Observe(PoolFigure.Queued), "{item}", "Work that waits."));
        VigilMeter.Create(static meter => meter.CreateObservableUpDownCounter(
            "vigil.pool.threads.busy", () => Observe(PoolFigure.Running), "{thread}", "Threads that run work."));
        VigilMeter.Create(static meter => meter.CreateObservableCounter(
            "vigil.pool.items", ObserveItems, "{item}", "Work that is over, by how it ended."));
        VigilMeter.Create(static meter => meter.CreateObservableCounter(
            "vigil.pool.steals", () => Observe(PoolFigure.Stolen), "{item}", "Work that another thread took over."));
    }

    /// <summary>Adds a pool; it is not kept alive.</summary>
    public static void Add(Func<PoolFigure, long> pool, string name) => Series.Add(pool, name);

    /// <summary>Removes a pool. Its counts stay in the counters of its name.</summary>
    public static void Remove(Func<PoolFigure, long> pool, string name) => Series.Remove(pool, name);

    public static void RecordWait(string name, long nanoseconds)
    {
        if (_waits is { Enabled: true } waits)
        {
            Observers.Record(waits, nanoseconds / NanosecondsPerSecond, NameOf(name));
        }
    }

    public static void RecordRun(string name, long nanoseconds)
    {
        if (_runs is { Enabled: true } runs)
        {
            Observers.Record(runs, nanoseconds / NanosecondsPerSecond, NameOf(name));
        }
    }

    private static KeyValuePair<string, object?> NameOf(string name) => new(NameTag, name);

    private static void AddFigures(object source, long[] sums)
    {
        foreach (PoolFigure figure in Figures)
        {
            sums[(int)figure] += ((Func<PoolFigure, long>)source)(figure);
        }
    }

    private static IEnumerable<Measurement<long>> Observe(PoolFigure figure) =>
        Series.Read().Select(series => new Measurement<long>(series.Sums[(int)figure], NameOf(series.Name)));

    private static IEnumerable<Measurement<long>> ObserveItems() =>
        from series in Series.Read()
        from outcome in Outcomes
        select new Measurement<long>(series.Sums[(int)outcome.Figure], NameOf(series.Name), new("vigil.work.outcome", outcome.Value));
}
