using System.Diagnostics.CodeAnalysis;

namespace Vigil.Timing;

/// <summary>The timers of one clock. They wake the loop when the earliest is due, and at no other time.</summary>
/// <remarks>
/// The clock is told when to end the wait only if that is another time than before. What it was told is spent, and forgotten here,
/// when it has ended a wait (<see cref="OnWoken"/>), when the time is found to have come, and when a step was asked for.
/// </remarks>
internal sealed class ClockTimers : IDisposable
{
    private const long Unknown = -1;

    private readonly IClock _clock;
    private TimingWheel _wheel;
    private long _wakesAt = TimingWheel.Never;

    // The greatest deadline of a timer that was started without delay since the clock was read.
    private long _startedNow = Unknown;

    public ClockTimers(TimerClock kind, IClock clock)
    {
        Kind = kind;
        _clock = clock;
        ReadsTimestamps = clock.ReadsTimestamps;
        _wheel = new TimingWheel(clock.Now);
    }

    public TimerClock Kind { get; }

    public IClock Clock => _clock;

    /// <inheritdoc cref="IClock.ReadsTimestamps"/>
    public bool ReadsTimestamps { get; }

    public int Count => _wheel.Count;

    /// <summary>Whether something wakes the loop for this clock. Without it, the poller's deadline must do.</summary>
    public bool HasWaker { get; set; }

    /// <summary>Whether somebody wants to hear of the clock's being set although no timer is started.</summary>
    public bool HasListeners { get; set; }

    /// <summary>Whether steps are to be watched from the next wait on.</summary>
    public bool WantsSteps => _clock.CanBeSet && (HasListeners || Count > 0);

    /// <summary>Whether steps are watched.</summary>
    public bool WatchesSteps { get; private set; }

    /// <summary>What the clock showed when the current batch began, in nanoseconds.</summary>
    public long LastReading { get; private set; }

    /// <summary>Whether some timers are due without any wait, so that the loop must not sleep.</summary>
    public bool HasOverdue => _wheel.HasOverdue || (_startedNow != Unknown && _wheel.NextDeadline <= _startedNow);

    /// <summary>When a timer that is started now and runs for a span is due.</summary>
    /// <param name="span">The span in nanoseconds.</param>
    public long After(long span) => After(_clock, span);

    /// <inheritdoc cref="After(long)"/>
    public static long After(IClock clock, long span) => Nanoseconds.Add(clock.Now, Nanoseconds.Add(span, clock.ReadingError));

    /// <inheritdoc cref="TimingWheel.Start"/>
    public int Start(int slot, ITimerTarget target, long deadline, long leeway = 0) => _wheel.Start(slot, target, deadline, leeway);

    /// <summary>
    /// Starts a timer that is due now, and fires in the next iteration in its place among the others; on a wall clock ahead of them. No timer of the
    /// kernel's is set for it.
    /// </summary>
    public int StartNow(int slot, ITimerTarget target, out long now)
    {
        now = _clock.Now;
        if (Kind != TimerClock.WallClock)
        {
            _startedNow = Math.Max(_startedNow, now);
        }

        return StartDue(slot, target, now);
    }

    /// <summary>Starts a timer whose due time has come: it fires in the next iteration, even if the clock is set back before.</summary>
    public int StartDue(int slot, ITimerTarget target, long due) => _wheel.Start(slot, target, Kind == TimerClock.WallClock ? Nanoseconds.First : due);

    /// <summary>Whether a started timer is one of those.</summary>
    public bool IsStartedDue(int slot) => Kind == TimerClock.WallClock && _wheel.DeadlineOf(slot) == Nanoseconds.First;

    /// <inheritdoc cref="TimingWheel.Cancel"/>
    public void Cancel(int slot) => _wheel.Cancel(slot);

    /// <summary>Before a wait: lets it end when the next timer is due. A clock that is not the poller's ends it at the caller's deadline, too.</summary>
    /// <param name="callersDeadline">Until when a caller who measures by this clock is patient.</param>
    /// <returns>Until when the poller may wait at most.</returns>
    public Deadline PrepareWait(Deadline callersDeadline)
    {
        long next = Math.Min(_wheel.NextDeadline, callersDeadline.Nanoseconds);
        if (_clock.IsPollers)
        {
            if (!HasWaker)
            {
                return Deadline.At(next);
            }

            next = _wheel.NextDeadline;
        }

        bool watchesSteps = WantsSteps;
        if (next != _wakesAt || watchesSteps != WatchesSteps)
        {
            _wakesAt = Unknown;
            WatchesSteps = watchesSteps;
            switch (_clock.WakeAt(next, watchesSteps))
            {
                case WakeUp.Exact:
                    _wakesAt = next;
                    break;
                case WakeUp.Due:
                    return Deadline.Immediate;
            }
        }

        return _clock.IsPollers ? callersDeadline : Deadline.Infinite;
    }

    /// <summary>After a wait that this clock has ended.</summary>
    public void OnWoken() => _wakesAt = Unknown;

    /// <summary>Whether the clock was set, as far as that was watched.</summary>
    public bool TryTakeStep()
    {
        // The kernel's timer tells of its expiry and of a step by the same reading.
        _wakesAt = Unknown;
        return _clock.TryTakeStep();
    }

    /// <summary>Reads the clock and begins the batch of those that are due.</summary>
    public void Expire()
    {
        LastReading = _clock.Now;
        _startedNow = Unknown;
        if (_wakesAt <= LastReading)
        {
            _wakesAt = Unknown;
        }

        _wheel.Expire(LastReading);
    }

    /// <inheritdoc cref="TimingWheel.TryTakeDue"/>
    public bool TryTakeDue([NotNullWhen(true)] out ITimerTarget? target) => _wheel.TryTakeDue(out target);

    /// <inheritdoc cref="TimingWheel.Targets"/>
    public IEnumerable<ITimerTarget> Targets() => _wheel.Targets();

    /// <summary>Lets go of every timer, and tells each.</summary>
    public void AbandonAll()
    {
        ITimerTarget[] targets = [.. _wheel.Targets()];

        // The clock is not asked again: it may be a user's, and throw.
        _wheel = new TimingWheel(LastReading);
        foreach (ITimerTarget target in targets)
        {
            target.OnAbandoned();
        }
    }

    public void Dispose() => _clock.Dispose();
}
