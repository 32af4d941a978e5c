using Vigil.Collections;
using Vigil.Timing;

namespace Vigil.Diagnostics;

/// <summary>What a loop has done, and how long it took. The loop writes; any thread reads.</summary>
/// <remarks>
/// Only while somebody wants to know: each iteration looks once, at its beginning, and if nobody does, that look is all that it costs. Everything is a 64-bit
/// number that one thread writes, so a reader sees each as it is at that moment, and none torn. Times belong together: a version is odd while they are changed, and a reader
/// that finds it odd, or another one afterwards, reads again.
/// </remarks>
internal sealed class LoopCounters
{
    private readonly bool _isAlwaysWanted;
    private readonly long[] _callbacks = new long[Enum.GetValues<LoopPhase>().Length];
    private long _iterations;
    private long _posts;
    private long _staleEvents;
    private long _orphanedEvents;
    private long _faults;
    private long _slowCallbacks;
    private long _slowPhases;
    private uint _turn;
    private int _version;
    private long _busy;
    private long _idle;

    // Since when it has been busy, or, as the complement, idle; 0 where it was never measured.
    private long _since;

    /// <param name="name">The manager's name.</param>
    /// <param name="isAlwaysWanted">Whether to count though nobody listens to the meter.</param>
    public LoopCounters(string name, bool isAlwaysWanted)
    {
        Name = name;
        _isAlwaysWanted = isAlwaysWanted;
    }

    public string Name { get; }

    /// <summary>Whether the current iteration is measured. For the loop.</summary>
    public bool IsMeasured { get; private set; }

    public long Iterations => Volatile.Read(ref _iterations);

    /// <summary>How many messages were taken from the mailbox.</summary>
    public long Posts => Volatile.Read(ref _posts);

    /// <summary>Events that came too late: their source had been changed or removed earlier in the batch.</summary>
    public long StaleEvents => Volatile.Read(ref _staleEvents);

    /// <summary>Events of registrations that are kept alive by duplicates.</summary>
    public long OrphanedEvents => Volatile.Read(ref _orphanedEvents);

    public long Faults => Volatile.Read(ref _faults);

    /// <summary>How many callbacks the watchdog has found to exceed their budget.</summary>
    public long SlowCallbacks => Volatile.Read(ref _slowCallbacks);

    /// <summary>How many phases it has.</summary>
    public long SlowPhases => Volatile.Read(ref _slowPhases);

    /// <summary>How long the busy part of iterations took: the last to be served waited that long.</summary>
    public DurationHistogram Lag { get; } = new();

    public DurationHistogram TimerLateness { get; } = new();

    public long CallbacksOf(LoopPhase phase) => Volatile.Read(ref _callbacks[(int)phase]);

    /// <summary>How long the loop was busy and idle since it was first measured, up to now, in nanoseconds.</summary>
    public (long Busy, long Idle) Times(long now)
    {
        // It looks again at once, and sleeps after some looks: the loop may need this very processor to get on, and have the lower priority.
        SpinWait loop = default;
        for (; ; loop.SpinOnce())
        {
            int version = Volatile.Read(ref _version);
            long busy = Volatile.Read(ref _busy);
            long idle = Volatile.Read(ref _idle);
            long since = Volatile.Read(ref _since);
            if ((version & 1) == 0 && version == Volatile.Read(ref _version))
            {
                return since switch
                {
                    0 => (busy, idle),
                    > 0 => (busy + Math.Max(now - since, 0), idle),
                    _ => (busy, idle + Math.Max(now - ~since, 0)),
                };
            }
        }
    }

    /// <summary>All of it, at this moment.</summary>
    public EventManagerStatistics ToStatistics()
    {
        (long busy, long idle) = Times(MonotonicClock.NowNanoseconds);
        return new EventManagerStatistics
        {
            Iterations = Iterations,
            TimerCallbacks = CallbacksOf(LoopPhase.Timers),
            SourceCallbacks = CallbacksOf(LoopPhase.Sources),
            PostedCallbacks = CallbacksOf(LoopPhase.Mailbox),
            DeferredCallbacks = CallbacksOf(LoopPhase.Deferred),
            Posts = Posts,
            BusyTime = Nanoseconds.ToTimeSpan(busy),
            IdleTime = Nanoseconds.ToTimeSpan(idle),
            Lag = Durations.Summary(Lag),
            TimerLateness = Durations.Summary(TimerLateness),
            StaleEvents = StaleEvents,
            OrphanedEvents = OrphanedEvents,
            Faults = Faults,
        };
    }

    /// <summary>An iteration begins: is it to be measured?</summary>
    public bool BeginIteration()
    {
        bool isWanted = _isAlwaysWanted || (IsMeasured ? LoopMeter.IsWanted : LoopMeter.IsSeenToBeWanted(_turn++));
        if (isWanted != IsMeasured)
        {
            IsMeasured = isWanted;
            long now = MonotonicClock.NowNanoseconds;

            // What was shown of the time that is going on stays: it must not become less.
            (long busy, long idle) = Times(now);
            SetTimes(busy, idle, isWanted ? now : 0);
        }

        return isWanted;
    }

    /// <summary>The loop has done what there was, and looks for more.</summary>
    /// <param name="sleeps">Whether it sleeps until there is more.</param>
    public void BeginWait(bool sleeps)
    {
        long now = MonotonicClock.NowNanoseconds;
        long busy = Math.Max(now - _since, 0);
        SetTimes(_busy + busy, _idle, sleeps ? ~now : now);
        Lag.Record(busy);
        LoopMeter.RecordLag(Name, busy);
    }

    /// <summary>There is more.</summary>
    public void EndWait()
    {
        if (_since > 0)
        {
            return;
        }

        long now = MonotonicClock.NowNanoseconds;
        SetTimes(_busy, _idle + Math.Max(now - ~_since, 0), now);
    }

    public void Count(LoopPhase phase, int callbacks) => Volatile.Write(ref _callbacks[(int)phase], _callbacks[(int)phase] + callbacks);

    public void CountPosts(int count) => Volatile.Write(ref _posts, _posts + count);

    /// <summary>An iteration ends. What is counted elsewhere is shown from now on.</summary>
    public void EndIteration(long staleEvents, long orphanedEvents)
    {
        Volatile.Write(ref _iterations, _iterations + 1);
        Volatile.Write(ref _staleEvents, staleEvents);
        Volatile.Write(ref _orphanedEvents, orphanedEvents);
    }

    /// <summary>A fault was reported, whether anything is measured or not. Nearly always on the loop.</summary>
    public void CountFault() => Interlocked.Increment(ref _faults);

    /// <summary>The watchdog has found something to exceed its budget, whether anything is measured or not. On its thread.</summary>
    public void CountOverrun(bool isPhase) => Interlocked.Increment(ref isPhase ? ref _slowPhases : ref _slowCallbacks);

    public void RecordLateness(long nanoseconds)
    {
        TimerLateness.Record(nanoseconds);
        LoopMeter.RecordLateness(Name, nanoseconds);
    }

    private void SetTimes(long busy, long idle, long since)
    {
        Volatile.Write(ref _version, _version + 1);
        Volatile.Write(ref _busy, busy);
        Volatile.Write(ref _idle, idle);
        Volatile.Write(ref _since, since);
        Volatile.Write(ref _version, _version + 1);
    }
}
