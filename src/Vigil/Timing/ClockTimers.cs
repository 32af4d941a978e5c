using System.Diagnostics.CodeAnalysis;

namespace Vigil.Timing;

/// <summary>The timers of one clock. They wake the loop when the earliest is due, and at no other time.</summary>
internal sealed class ClockTimers : IDisposable
{
    private const long Unknown = -1;

    private readonly IClock _clock;
    private readonly TimingWheel _wheel;
    private long _wakesAt = TimingWheel.Never;
    private bool _watchesSteps;

    public ClockTimers(TimerClock kind, IClock clock)
    {
        Kind = kind;
        _clock = clock;
        _wheel = new TimingWheel(clock.Now);
    }

    public TimerClock Kind { get; }

    public IClock Clock => _clock;

    public int Count => _wheel.Count;

    /// <summary>Whether the clock's being set is to end the wait although no timer is started.</summary>
    public bool HasListeners { get; set; }

    /// <summary>Whether some timers are due although no time has passed, so that the loop must not sleep.</summary>
    public bool HasOverdue => _wheel.HasOverdue;

    /// <summary>When a timer that is started now and runs for a span is due.</summary>
    /// <param name="span">The span in nanoseconds.</param>
    public long After(long span) => After(_clock, span);

    /// <inheritdoc cref="After(long)"/>
    public static long After(IClock clock, long span) => Nanoseconds.Add(clock.Now, Nanoseconds.Add(span, clock.ReadingError));

    /// <inheritdoc cref="TimingWheel.Start"/>
    public int Start(int slot, ITimerTarget target, long deadline, long leeway = 0) => _wheel.Start(slot, target, deadline, leeway);

    /// <inheritdoc cref="TimingWheel.Cancel"/>
    public void Cancel(int slot) => _wheel.Cancel(slot);

    /// <summary>
    /// Before a wait: lets it end when the next timer is due. A clock that is not the poller's ends it at the caller's deadline, too.
    /// </summary>
    /// <param name="callersDeadline">Until when a caller who measures by this clock is patient.</param>
    /// <returns>Until when the poller is to wait.</returns>
    public Deadline PrepareWait(Deadline callersDeadline)
    {
        long next = _wheel.NextDeadline;
        if (!_clock.IsPollers)
        {
            next = Math.Min(next, callersDeadline.Nanoseconds);
            callersDeadline = Deadline.Infinite;
        }

        bool watchesSteps = HasListeners || Count > 0;
        if (next == _wakesAt && watchesSteps == _watchesSteps)
        {
            return callersDeadline;
        }

        WakeUp wakeUp = _clock.WakeAt(next, watchesSteps);
        _wakesAt = wakeUp == WakeUp.Exact ? next : Unknown;
        _watchesSteps = watchesSteps;
        return wakeUp == WakeUp.Due ? Deadline.Immediate : callersDeadline;
    }

    /// <summary>Reads the clock and begins the batch of those that are due. Returns the reading.</summary>
    public long Expire()
    {
        long now = _clock.Now;
        if (_wakesAt <= now)
        {
            _wakesAt = Unknown;
        }

        _wheel.Expire(now);
        return now;
    }

    /// <inheritdoc cref="TimingWheel.TryTakeDue"/>
    public bool TryTakeDue([NotNullWhen(true)] out ITimerTarget? target) => _wheel.TryTakeDue(out target);

    /// <inheritdoc cref="TimingWheel.Targets"/>
    public IEnumerable<ITimerTarget> Targets() => _wheel.Targets();

    /// <summary>Lets go of every timer, and tells each.</summary>
    public void AbandonAll()
    {
        long now = _clock.Now;
        foreach (ITimerTarget target in _wheel.Targets().ToArray())
        {
            target.OnAbandoned(now);
        }
    }

    public void Dispose() => _clock.Dispose();
}
