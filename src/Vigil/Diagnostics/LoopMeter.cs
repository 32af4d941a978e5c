using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Vigil.Timing;

namespace Vigil.Diagnostics;

/// <summary>The loops' instruments on the process's meter. Names and units follow OpenTelemetry's conventions; docs/metrics.md lists them.</summary>
/// <remarks>
/// Counters are read from the loops when somebody collects them, so counting costs a loop next to nothing. A loop counts as long as somebody listens to any of these instruments. To look at all of
/// them costs it twice what it costs to look at three, so that is what it does until it has seen somebody; it counts from then on, and looks at all of them to learn when nobody is left.
/// </remarks>
internal static class LoopMeter
{
    private const string NameTag = "vigil.manager.name";
    private const double NanosecondsPerSecond = 1e9;

    private static readonly ConditionalWeakTable<LoopCounters, UtilizationWindow> Loops = [];
    private static readonly Histogram<double> Lag = VigilMeter.Instance.CreateHistogram<double>(
        "vigil.loop.lag", "s", "How long the busy part of an iteration took: what became ready last waited that long.");
    private static readonly Histogram<double> Lateness = VigilMeter.Instance.CreateHistogram<double>(
        "vigil.timer.lateness", "s", "How much later than due timer events fired.");

    // Read from the loops, as long as somebody collects them. A loop looks at the first one first.
    private static readonly Instrument[] Collected =
    [
        VigilMeter.Instance.CreateObservableCounter("vigil.loop.iterations", () => Observe(static loop => loop.Iterations), "{iteration}", "Iterations of the loop."),
        VigilMeter.Instance.CreateObservableCounter("vigil.loop.callbacks", ObserveCallbacks, "{callback}", "Callbacks that the loop called, or sent to a worker."),
        VigilMeter.Instance.CreateObservableCounter("vigil.loop.posts", () => Observe(static loop => loop.Posts), "{message}", "Messages that the loop took from its mailbox."),
        VigilMeter.Instance.CreateObservableCounter("vigil.loop.time", ObserveTimes, "s", "Time that the loop was busy, and idle."),
        VigilMeter.Instance.CreateObservableGauge("vigil.loop.utilization", ObserveUtilization, "1", "The fraction of the time since the last collection that the loop was busy."),
        VigilMeter.Instance.CreateObservableCounter("vigil.loop.dropped_events", ObserveDrops, "{event}", "Events of the kernel's that reached nobody."),
        VigilMeter.Instance.CreateObservableCounter("vigil.loop.faults", () => Observe(static loop => loop.Faults), "{fault}", "Faults that the loop reported or threw."),
        VigilMeter.Instance.CreateObservableCounter("vigil.loop.overruns", ObserveOverruns, "{overrun}", "Callbacks and phases that the watchdog found to exceed their budgets."),
    ];

    /// <summary>Whether somebody listens to any of them.</summary>
    public static bool IsWanted => IsRecorded || Array.Exists(Collected, static instrument => instrument.Enabled);

    private static bool IsRecorded => Lag.Enabled || Lateness.Enabled;

    /// <summary>Whether somebody listens to one that is looked at in this turn: who listens to several is seen sooner than who listens to one, and that one in the eighth turn at the latest.</summary>
    /// <param name="turn">Counts up. Begins at zero.</param>
    public static bool IsSeenToBeWanted(uint turn) => IsRecorded || Collected[turn % (uint)Collected.Length].Enabled;

    /// <summary>Shows a loop, as long as it is alive.</summary>
    public static void Add(LoopCounters loop) => Loops.Add(loop, new UtilizationWindow());

    public static void Remove(LoopCounters loop) => Loops.Remove(loop);

    public static void RecordLag(string name, long nanoseconds)
    {
        if (Lag.Enabled)
        {
            Observers.Record(Lag, nanoseconds / NanosecondsPerSecond, NameOf(name));
        }
    }

    public static void RecordLateness(string name, long nanoseconds)
    {
        if (Lateness.Enabled)
        {
            Observers.Record(Lateness, nanoseconds / NanosecondsPerSecond, NameOf(name));
        }
    }

    private static KeyValuePair<string, object?> NameOf(string name) => new(NameTag, name);

    // Loops of one name are one series.
    private static IEnumerable<IGrouping<string, LoopCounters>> ByName() =>
        Loops.Select(entry => entry.Key).GroupBy(loop => loop.Name, StringComparer.Ordinal);

    private static IEnumerable<Measurement<long>> Observe(Func<LoopCounters, long> read) =>
        ByName().Select(loops => new Measurement<long>(loops.Sum(read), NameOf(loops.Key)));

    private static IEnumerable<Measurement<long>> ObserveCallbacks()
    {
        foreach (IGrouping<string, LoopCounters> loops in ByName())
        {
            yield return Callbacks(loops, LoopPhase.Timers, "timer");
            yield return Callbacks(loops, LoopPhase.Sources, "source");
            yield return Callbacks(loops, LoopPhase.Mailbox, "posted");
            yield return Callbacks(loops, LoopPhase.Deferred, "deferred");
        }
    }

    private static Measurement<long> Callbacks(IGrouping<string, LoopCounters> loops, LoopPhase phase, string kind) =>
        new(loops.Sum(loop => loop.CallbacksOf(phase)), NameOf(loops.Key), new("vigil.callback.kind", kind));

    private static IEnumerable<Measurement<double>> ObserveTimes()
    {
        foreach (IGrouping<string, LoopCounters> loops in ByName())
        {
            long now = MonotonicClock.NowNanoseconds;
            (long Busy, long Idle)[] times = [.. loops.Select(loop => loop.Times(now))];
            yield return new Measurement<double>(times.Sum(time => time.Busy) / NanosecondsPerSecond, NameOf(loops.Key), new("vigil.loop.state", "busy"));
            yield return new Measurement<double>(times.Sum(time => time.Idle) / NanosecondsPerSecond, NameOf(loops.Key), new("vigil.loop.state", "idle"));
        }
    }

    // Of loops of one name, their mean.
    private static IEnumerable<Measurement<double>> ObserveUtilization()
    {
        long now = MonotonicClock.NowNanoseconds;
        return Loops.GroupBy(entry => entry.Key.Name, entry => entry.Value.Next(entry.Key.Times(now)), StringComparer.Ordinal)
            .Select(loops => new Measurement<double>(loops.Average(), NameOf(loops.Key)));
    }

    private static IEnumerable<Measurement<long>> ObserveDrops()
    {
        foreach (IGrouping<string, LoopCounters> loops in ByName())
        {
            yield return new Measurement<long>(loops.Sum(loop => loop.StaleEvents), NameOf(loops.Key), new("vigil.drop.reason", "stale"));
            yield return new Measurement<long>(loops.Sum(loop => loop.OrphanedEvents), NameOf(loops.Key), new("vigil.drop.reason", "orphaned"));
        }
    }

    private static IEnumerable<Measurement<long>> ObserveOverruns()
    {
        foreach (IGrouping<string, LoopCounters> loops in ByName())
        {
            yield return new Measurement<long>(loops.Sum(loop => loop.SlowCallbacks), NameOf(loops.Key), new("vigil.overrun.kind", "callback"));
            yield return new Measurement<long>(loops.Sum(loop => loop.SlowPhases), NameOf(loops.Key), new("vigil.overrun.kind", "phase"));
        }
    }

    /// <summary>What was read at the last collection.</summary>
    private sealed class UtilizationWindow
    {
        private readonly Lock _gate = new();
        private (long Busy, long Idle) _last;

        public double Next((long Busy, long Idle) times)
        {
            lock (_gate)
            {
                long busy = times.Busy - _last.Busy;
                long all = busy + times.Idle - _last.Idle;
                _last = times;
                return all <= 0 ? 0 : (double)busy / all;
            }
        }
    }
}
