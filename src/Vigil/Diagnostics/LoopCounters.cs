using Vigil.Collections;
using Vigil.Timing;

namespace Vigil.Diagnostics;

/// <summary>A loop's counts and times. The loop writes; any thread reads.</summary>
/// <remarks>
/// Measured only on demand: each iteration checks once, at its beginning, and without demand that check is its only cost. Everything is a
/// 64-bit number that one thread writes, so a reader sees each at its current value, and none torn. Times belong together: a version is odd
/// while they are changed, and a reader that finds it odd or changed reads again.
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

    // When the current busy or, as the complement, idle period began; 0 if never measured.
    private long _since;

    /// <param name="name">The manager's name.</param>
    /// <param name="isAlwaysWanted">Whether to count even if nobody listens to the meter.</param>
    public LoopCounters(string name, bool isAlwaysWanted)
    {
        Name = name;
        _isAlwaysWanted = isAlwaysWanted;
    }

    public string Name { get; }

    /// <summary>Whether the current iteration is measured. For the loop.</summary>
    public bool IsMeasured { get; private set; }

    public long Iterations => Volatile.Read(ref _iterations);

    /// <summary>The number of messages taken from the mailbox.</summary>
    public long Posts => Volatile.Read(ref _posts);

    /// <summary>The number of stale events: their source was changed or removed earlier in the batch.</summary>
    public long StaleEvents => Volatile.Read(ref _staleEvents);

    /// <summary>The number of events of registrations that duplicates keep alive.</summary>
    public long OrphanedEvents => Volatile.Read(ref _orphanedEvents);

    public long Faults => Volatile.Read(ref _faults);

    /// <summary>The number of callbacks that exceeded their budget, as found by the watchdog.</summary>
    public long SlowCallbacks => Volatile.Read(ref _slowCallbacks);

    /// <summary>The number of phases that exceeded their budget.</summary>
    public long SlowPhases => Volatile.Read(ref _slowPhases);

    /// <summary>The durations of the busy parts of iterations: what is served last waits that long.</summary>
    public DurationHistogram Lag { get; } = new();

    public DurationHistogram TimerLateness { get; } = new();

    public long CallbacksOf(LoopPhase phase) => Volatile.Read(ref _callbacks[(int)phase]);

    /// <summary>The loop's busy and idle time since it was first measured, up to now, in nanoseconds.</summary>
    public (long Busy, long Idle) Times(long now)
    {
        // Retries at once, and sleeps after some tries: the loop may need this very processor, and have the lower priority.
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

    /// <summary>All counts and times at this moment.</summary>
    public EventManagerStatistics ToStatistics()
    {
        long now = MonotonicClock.NowNanoseconds;
        (long busy, long idle) = Times(now);
        long since = Volatile.Read(ref _since);
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
            BusyFor = Nanoseconds.ToTimeSpan(since > 0 ? Math.Max(now - since, 0) : 0),
            Lag = Durations.Summary(Lag),
            TimerLateness = Durations.Summary(TimerLateness),
            StaleEvents = StaleEvents,
            OrphanedEvents = OrphanedEvents,
            Faults = Faults,
        };
    }

    /// <summary>An iteration begins. Returns whether it is measured.</summary>
    public bool BeginIteration()
    {
        bool isWanted = _isAlwaysWanted || (IsMeasured ? LoopMeter.IsWanted : LoopMeter.IsSeenToBeWanted(_turn++));
        if (isWanted != IsMeasured)
        {
            IsMeasured = isWanted;
            long now = MonotonicClock.NowNanoseconds;

            // The part of the current period that was shown already is kept: times must not decrease.
            (long busy, long idle) = Times(now);
            SetTimes(busy, idle, isWanted ? now : 0);
        }

        return isWanted;
    }

    /// <summary>The loop has no more work and begins to wait.</summary>
    /// <param name="sleeps">Whether it sleeps until there is more.</param>
    public void BeginWait(bool sleeps)
    {
        long now = MonotonicClock.NowNanoseconds;
        long busy = Math.Max(now - _since, 0);
        SetTimes(_busy + busy, _idle, sleeps ? ~now : now);
        Lag.Record(busy);
        LoopMeter.RecordLag(Name, busy);
    }

    /// <summary>The wait is over.</summary>
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

    /// <summary>An iteration ends. Takes over what is counted elsewhere.</summary>
    public void EndIteration(long staleEvents, long orphanedEvents)
    {
        Volatile.Write(ref _iterations, _iterations + 1);
        Volatile.Write(ref _staleEvents, staleEvents);
        Volatile.Write(ref _orphanedEvents, orphanedEvents);
    }

    /// <summary>A fault was reported, whether or not anything is measured. Nearly always on the loop.</summary>
    public void CountFault() => Interlocked.Increment(ref _faults);

    /// <summary>The watchdog found that something exceeded its budget, whether or not anything is measured. On its thread.</summary>
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
