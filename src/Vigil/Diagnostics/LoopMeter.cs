using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Vigil.Timing;

namespace Vigil.Diagnostics;

/// <summary>
/// The loops' instruments on the process's meter. Names and units follow OpenTelemetry's conventions; docs/metrics.md lists them.
/// </summary>
/// <remarks>
/// <para>Counters are read from the loops at collection, so counting costs a loop next to nothing. A loop counts while anybody listens to
/// any of these instruments. Checking all of them costs an idle loop twice what checking three costs, so it checks three until it finds a
/// listener; then it counts, and checks all of them to notice when none is left.</para>
/// <para>Making an instrument notifies listeners, which is foreign code: it may make and run managers, and wait for other threads that do.
/// So instruments are not made by a static constructor, nor under a lock, which others would wait for. The first thread to come makes
/// them, and the others go on. Until they are made, loops count, since it is not known who will listen; the samples of histograms are left
/// out.</para>
/// </remarks>
internal static class LoopMeter
{
    private const string NameTag = "vigil.manager.name";
    private const double NanosecondsPerSecond = VigilMeter.NanosecondsPerSecond;

    private static readonly FigureSeries Series = new(levels: 0, counters: Enum.GetValues<LoopFigure>().Length, AddFigures);
    private static readonly ConditionalWeakTable<LoopCounters, UtilizationWindow> Windows = [];

    private static readonly (LoopFigure Figure, string Value)[] CallbackKinds =
    [
        (LoopFigure.TimerCallbacks, "timer"),
        (LoopFigure.SourceCallbacks, "source"),
        (LoopFigure.PostedCallbacks, "posted"),
        (LoopFigure.DeferredCallbacks, "deferred"),
    ];

    private static readonly (LoopFigure Figure, string Value)[] DropReasons =
        [(LoopFigure.StaleEvents, "stale"), (LoopFigure.OrphanedEvents, "orphaned")];
    private static readonly (LoopFigure Figure, string Value)[] OverrunKinds =
        [(LoopFigure.SlowCallbacks, "callback"), (LoopFigure.SlowPhases, "phase")];
    private static readonly (LoopFigure Figure, string Value)[] LoopStates = [(LoopFigure.BusyTime, "busy"), (LoopFigure.IdleTime, "idle")];

    private static int _hasBegun;
    private static Histogram<double>? _lag;
    private static Histogram<double>? _lateness;

    // Read from the loops at collection. A loop checks the first one first. Null until all instruments are made; volatile, so that whoever
    // finds these finds the histograms.
    private static volatile Instrument[]? _collected;

    /// <summary>Whether anybody listens to any of them.</summary>
    public static bool IsWanted =>
        _collected is not { } collected || IsRecorded || Array.Exists(collected, static instrument => instrument.Enabled);

    private static bool IsRecorded => _lag!.Enabled || _lateness!.Enabled;

    /// <summary>
    /// Whether anybody listens to an instrument that is checked in this turn. A listener to several is noticed sooner than one to a single
    /// instrument, which is noticed in the eighth turn at the latest.
    /// </summary>
    /// <param name="turn">A counter that begins at zero.</param>
    public static bool IsSeenToBeWanted(uint turn) =>
        _collected is not { } collected || IsRecorded || collected[turn % (uint)collected.Length].Enabled;

    /// <summary>Makes the instruments, unless that has begun. Runs foreign code: not under a lock.</summary>
    public static void Publish()
    {
        if (Interlocked.Exchange(ref _hasBegun, 1) != 0)
        {
            return;
        }

        _lag = VigilMeter.CreateDurations(
            "vigil.loop.lag", "How long the busy part of an iteration took: what became ready last waited that long.");
        _lateness = VigilMeter.CreateDurations("vigil.timer.lateness", "How much later than due timer events fired.");
        _collected = CreateCollected();
    }

    private static Instrument[] CreateCollected() =>
    [
        VigilMeter.Create(static meter => meter.CreateObservableCounter(
            "vigil.loop.iterations", () => Observe(LoopFigure.Iterations), "{iteration}", "Iterations of the loop.")),
        VigilMeter.Create(static meter => meter.CreateObservableCounter(
            "vigil.loop.callbacks",
            () => Observe("vigil.callback.kind", CallbackKinds),
            "{callback}",
            "Callbacks that the loop called, or sent to a worker.")),
        VigilMeter.Create(static meter => meter.CreateObservableCounter(
            "vigil.loop.posts", () => Observe(LoopFigure.Posts), "{message}", "Messages that the loop took from its mailbox.")),
        VigilMeter.Create(static meter => meter.CreateObservableCounter(
            "vigil.loop.time", ObserveTimes, "s", "Time that the loop was busy, and idle.")),
        VigilMeter.Create(static meter => meter.CreateObservableGauge(
            "vigil.loop.utilization",
            ObserveUtilization,
            "1",
            "The fraction of the time since the previous collection that the loop was busy.")),
        VigilMeter.Create(static meter => meter.CreateObservableCounter(
            "vigil.loop.dropped_events",
            () => Observe("vigil.drop.reason", DropReasons),
            "{event}",
            "Events of the kernel's that reached nobody.")),
        VigilMeter.Create(static meter => meter.CreateObservableCounter(
            "vigil.loop.faults", () => Observe(LoopFigure.Faults), "{fault}", "Faults that the loop reported or threw.")),
        VigilMeter.Create(static meter => meter.CreateObservableCounter(
            "vigil.loop.overruns",
            () => Observe("vigil.overrun.kind", OverrunKinds),
            "{overrun}",
            "Callbacks and phases that the watchdog found to exceed their budgets.")),
    ];

    /// <summary>Adds a loop; it is not kept alive.</summary>
    public static void Add(LoopCounters loop)
    {
        Windows.Add(loop, new UtilizationWindow());
        Series.Add(loop, loop.Name);
    }

    /// <summary>Removes a loop. Its counts stay in the counters of its name.</summary>
    public static void Remove(LoopCounters loop)
    {
        Windows.Remove(loop);
        Series.Remove(loop, loop.Name);
    }

    public static void RecordLag(string name, long nanoseconds)
    {
        if (_lag is { Enabled: true } lag)
        {
            Observers.Record(lag, nanoseconds / NanosecondsPerSecond, NameOf(name));
        }
    }

    public static void RecordLateness(string name, long nanoseconds)
    {
        if (_lateness is { Enabled: true } lateness)
        {
            Observers.Record(lateness, nanoseconds / NanosecondsPerSecond, NameOf(name));
        }
    }

    private static KeyValuePair<string, object?> NameOf(string name) => new(NameTag, name);

    private static void AddFigures(object source, long[] sums)
    {
        var loop = (LoopCounters)source;
        (long busy, long idle) = loop.Times(MonotonicClock.NowNanoseconds);
        sums[(int)LoopFigure.Iterations] += loop.Iterations;
        sums[(int)LoopFigure.TimerCallbacks] += loop.CallbacksOf(LoopPhase.Timers);
        sums[(int)LoopFigure.SourceCallbacks] += loop.CallbacksOf(LoopPhase.Sources);
        sums[(int)LoopFigure.PostedCallbacks] += loop.CallbacksOf(LoopPhase.Mailbox);
        sums[(int)LoopFigure.DeferredCallbacks] += loop.CallbacksOf(LoopPhase.Deferred);
        sums[(int)LoopFigure.Posts] += loop.Posts;
        sums[(int)LoopFigure.BusyTime] += busy;
        sums[(int)LoopFigure.IdleTime] += idle;
        sums[(int)LoopFigure.StaleEvents] += loop.StaleEvents;
        sums[(int)LoopFigure.OrphanedEvents] += loop.OrphanedEvents;
        sums[(int)LoopFigure.Faults] += loop.Faults;
        sums[(int)LoopFigure.SlowCallbacks] += loop.SlowCallbacks;
        sums[(int)LoopFigure.SlowPhases] += loop.SlowPhases;
    }

    private static IEnumerable<Measurement<long>> Observe(LoopFigure figure) =>
        Series.Read().Select(series => new Measurement<long>(series.Sums[(int)figure], NameOf(series.Name)));

    private static IEnumerable<Measurement<long>> Observe(string tag, (LoopFigure Figure, string Value)[] parts) =>
        from series in Series.Read()
        from part in parts
        select new Measurement<long>(series.Sums[(int)part.Figure], NameOf(series.Name), new(tag, part.Value));

    private static IEnumerable<Measurement<double>> ObserveTimes() =>
        from series in Series.Read()
        from part in LoopStates
        select new Measurement<double>(
            series.Sums[(int)part.Figure] / NanosecondsPerSecond, NameOf(series.Name), new("vigil.loop.state", part.Value));

    // Loops of one name report their mean.
    private static IEnumerable<Measurement<double>> ObserveUtilization()
    {
        long now = MonotonicClock.NowNanoseconds;
        return Windows.GroupBy(entry => entry.Key.Name, entry => entry.Value.Next(now, entry.Key.Times(now)), StringComparer.Ordinal)
            .Select(loops => new Measurement<double>(loops.Average(), NameOf(loops.Key)));
    }
}
