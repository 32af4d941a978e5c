using System.Diagnostics.CodeAnalysis;

namespace Vigil.Timing;

/// <summary>The timers of one clock. They wake the loop when the earliest is due, and at no other time.</summary>
/// <remarks>
/// The clock's wake-up time is set only when it changes. It is forgotten here once it is used up: after it ended a wait
/// (<see cref="OnWoken"/>), when the time has come, and after a check for a step.
/// </remarks>
internal sealed class ClockTimers : IDisposable
{
    private const long Unknown = -1;

    private readonly IClock _clock;
    private TimingWheel _wheel;
    private long _wakesAt = TimingWheel.Never;

    // The greatest deadline of a timer that was started without delay since the clock was last read.
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

    /// <summary>When the next timer is due; <see cref="TimingWheel.Never"/> without one.</summary>
    public long NextDeadline => _wheel.NextDeadline;

    /// <summary>Whether a descriptor wakes the loop for this clock. If not, the poller's deadline must do.</summary>
    public bool HasWaker { get; set; }

    /// <summary>Whether steps of the clock have handlers although no timer is started.</summary>
    public bool HasListeners { get; set; }

    /// <summary>Whether steps must be detected from the next wait on.</summary>
    public bool WantsSteps => _clock.CanBeSet && (HasListeners || Count > 0);

    /// <summary>Whether steps are detected.</summary>
    public bool DetectsSteps { get; private set; }

    /// <summary>The clock's reading when the current batch began, in nanoseconds.</summary>
    public long LastReading { get; private set; }

    /// <summary>Whether timers were started that are due already, without delay or with a past due time: the loop must not sleep.</summary>
    public bool HasOverdue => _wheel.HasOverdue || (_startedNow != Unknown && _wheel.NextDeadline <= _startedNow);

    /// <summary>The due time of a timer that is started now.</summary>
    /// <param name="span">The span in nanoseconds.</param>
    public long After(long span) => After(_clock, span);

    /// <inheritdoc cref="After(long)"/>
    public static long After(IClock clock, long span) => Nanoseconds.Add(clock.Now, Nanoseconds.Add(span, clock.ReadingError));

    /// <inheritdoc cref="TimingWheel.Start"/>
    public int Start(int slot, ITimerTarget target, long deadline, long leeway = 0) => _wheel.Start(slot, target, deadline, leeway);

    /// <summary>
    /// Starts a timer that is due now. It fires in the next iteration, in its order among the others; on a wall clock before them. The
    /// kernel's timer is not set for it.
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

    /// <summary>Starts a timer whose due time has passed: it fires in the next iteration, even if the clock is set back before.</summary>
    public int StartDue(int slot, ITimerTarget target, long due) =>
        _wheel.Start(slot, target, Kind == TimerClock.WallClock ? Nanoseconds.First : due);

    /// <summary>Whether a timer was started by <see cref="StartDue"/> on a wall clock.</summary>
    public bool IsStartedDue(int slot) => Kind == TimerClock.WallClock && _wheel.DeadlineOf(slot) == Nanoseconds.First;

    /// <inheritdoc cref="TimingWheel.Cancel"/>
    public void Cancel(int slot) => _wheel.Cancel(slot);

    /// <summary>
    /// Before a wait: makes it end when the next timer is due. A clock that is not the poller's ends it at the caller's deadline, too.
    /// </summary>
    /// <param name="callersDeadline">The deadline of a caller who measures by this clock.</param>
    /// <returns>The poller's deadline.</returns>
    public Deadline PrepareWait(Deadline callersDeadline)
    {
        long next = Math.Min(_wheel.NextDeadline, callersDeadline.Nanoseconds);
        if (_clock.IsPollersClock)
        {
            if (!HasWaker)
            {
                return Deadline.At(next);
            }

            next = _wheel.NextDeadline;
        }

        bool detectsSteps = WantsSteps;
        if (next != _wakesAt || detectsSteps != DetectsSteps)
        {
            _wakesAt = Unknown;
            DetectsSteps = detectsSteps;
            switch (_clock.WakeAt(next, detectsSteps))
            {
                case WakeUp.Exact:
                    _wakesAt = next;
                    break;
                case WakeUp.Due:
                    return Deadline.Immediate;
            }
        }

        return _clock.IsPollersClock ? callersDeadline : Deadline.Infinite;
    }

    /// <summary>After a wait that this clock has ended.</summary>
    public void OnWoken() => _wakesAt = Unknown;

    /// <summary>Whether the clock was set, as far as steps were detected.</summary>
    public bool TryTakeStep()
    {
        // The kernel's timer reports its expiry and a step by the same read.
        _wakesAt = Unknown;
        return _clock.TryTakeStep();
    }

    /// <summary>Reads the clock and begins the batch of due timers.</summary>
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

    /// <inheritdoc cref="TimingWheel.PeekDue"/>
    public ITimerTarget? PeekDue() => _wheel.PeekDue();

    /// <inheritdoc cref="TimingWheel.TryTakeDue"/>
    public bool TryTakeDue([NotNullWhen(true)] out ITimerTarget? target) => _wheel.TryTakeDue(out target);

    /// <inheritdoc cref="TimingWheel.Targets"/>
    public IEnumerable<ITimerTarget> Targets() => _wheel.Targets();

    /// <summary>Drops every timer, and notifies its target.</summary>
    public void AbandonAll()
    {
        ITimerTarget[] targets = [.. _wheel.Targets()];

        // The clock is not read again: it may be a user's, and throw.
        _wheel = new TimingWheel(LastReading);
        foreach (ITimerTarget target in targets)
        {
            target.OnAbandoned();
        }
    }

    public void Dispose() => _clock.Dispose();
}
