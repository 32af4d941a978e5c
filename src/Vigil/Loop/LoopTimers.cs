using Vigil.Timing;

namespace Vigil;

/// <summary>
/// The timers of a loop, by clock. A clock costs nothing until its first timer. Then its <c>timerfd</c> becomes a source of the loop. It
/// ends the wait, and its readiness means only that phase 4 will find something due.
/// </summary>
internal sealed class LoopTimers
{
    // In nanoseconds. A smaller step is noticed when the kernel reports it, an iteration later.
    private const long NoticedStep = 1_000_000;

    private readonly LoopCore _core;
    private readonly Func<TimerClock, IClock> _createClock;
    private readonly ClockTimers?[] _byClock = new ClockTimers?[3];
    private readonly ClockWaker?[] _wakers = new ClockWaker?[3];
    private EventHandler<ClockStep>? _stepHandlers;

    // The wall clock's lead over the monotonic clock, as last confirmed.
    private long _wallClockLead;

    public LoopTimers(LoopCore core, Func<TimerClock, IClock> createClock)
    {
        _core = core;
        _createClock = createClock;
        MonotonicClock = createClock(TimerClock.Monotonic);
        if (!MonotonicClock.IsPollersClock)
        {
            // The timeouts of callers need it, too.
            Open(TimerClock.Monotonic);
        }
    }

    /// <summary>The clock that the loop's callers measure by. Any thread may read it.</summary>
    public IClock MonotonicClock { get; }

    /// <summary>Whether any clock is in use. If none is, an iteration skips the clocks.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Whether timers were started that are due already, without delay or with a past due time: the loop must not sleep.</summary>
    public bool HasOverdue
    {
        get
        {
            foreach (ClockTimers? timers in _byClock)
            {
                if (timers is { HasOverdue: true })
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>The clocks that have or had timers.</summary>
    public ReadOnlySpan<ClockTimers?> All => _byClock;

    /// <summary>The clocks to dispose at the end, one by one: a clock may be a user's.</summary>
    public IEnumerable<IClock> Clocks => _byClock.Select(timers => timers?.Clock).Append(MonotonicClock).OfType<IClock>().Distinct();

    /// <summary>The number of started timers.</summary>
    public int Count => _byClock.Sum(timers => timers?.Count ?? 0);

    /// <summary>The timers of a clock that is open.</summary>
    public ClockTimers Of(TimerClock clock) => _byClock[(int)clock]!;

    /// <summary>The timers of a clock. The first call makes the clock a source of the loop.</summary>
    /// <exception cref="EventManagerException">The kernel refused.</exception>
    public ClockTimers Open(TimerClock clock)
    {
        if (_byClock[(int)clock] is { HasWaker: true } open)
        {
            return open;
        }

        ClockTimers timers = _byClock[(int)clock]
            ?? (clock == TimerClock.Monotonic ? new ClockTimers(clock, MonotonicClock) : CreateTimers(clock));
        ClockWaker waker = _wakers[(int)clock] ?? new ClockWaker(_core, timers);
        try
        {
            waker.Open();
        }
        catch (EventManagerException) when (timers.Clock.IsPollersClock)
        {
            // Out of descriptors: the poller's deadline takes its place, which is a little later but never fails.
            timers.Dispose();
        }
        catch
        {
            timers.Dispose();
            throw;
        }

        IsOpen = true;
        _wakers[(int)clock] = waker;
        return _byClock[(int)clock] = timers;
    }

    /// <summary>Adds a handler of wall-clock steps. Steps are then detected even if no timer follows it.</summary>
    public void AddStepHandler(EventHandler<ClockStep>? handler)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        Open(TimerClock.WallClock).HasListeners = true;
        _stepHandlers += handler;
    }

    public void RemoveStepHandler(EventHandler<ClockStep>? handler)
    {
        using ThreadClaim.Scope claim = _core.ClaimToEnd(out bool isOver);
        if (isOver)
        {
            return;
        }

        _stepHandlers -= handler;
        if (_byClock[(int)TimerClock.WallClock] is { } wallClock)
        {
            wallClock.HasListeners = _stepHandlers is not null;
        }
    }

    /// <summary>The deadline for a caller's timeout.</summary>
    public Deadline DeadlineAfter(TimeSpan timeout)
    {
        if (timeout == TimeSpan.Zero)
        {
            return Deadline.Immediate;
        }

        return timeout == Timeout.InfiniteTimeSpan
            ? Deadline.Infinite
            : Deadline.At(Nanoseconds.Add(MonotonicClock.Now, Nanoseconds.Of(timeout)));
    }

    /// <summary>The targets of all started timers.</summary>
    public IEnumerable<ITimerTarget> Targets() => _byClock.SelectMany(timers => timers?.Targets() ?? []);

    /// <summary>Before a wait: makes it end when the next timer of any clock is due. Returns the poller's deadline.</summary>
    public Deadline PrepareWait(Deadline callersDeadline)
    {
        Deadline deadline = MonotonicClock.IsPollersClock ? callersDeadline : Deadline.Infinite;
        foreach (ClockWaker? waker in _wakers)
        {
            if (waker is not null)
            {
                ClockTimers timers = waker.Timers;
                if (timers.WantsSteps && !timers.DetectsSteps)
                {
                    // A step that nobody wanted to know of is over. In this order: one that comes in between is reported, and not lost.
                    _ = timers.Clock.HasStepped && timers.TryTakeStep();
                    _wallClockLead = LeadOf(timers);
                }

                deadline = deadline.Earlier(waker.PrepareWait(timers.Clock == MonotonicClock ? callersDeadline : Deadline.Infinite));
            }
        }

        return deadline;
    }

    /// <summary>Reads every clock that has timers, and begins its batch of due timers.</summary>
    public void Expire()
    {
        foreach (ClockTimers? timers in _byClock)
        {
            if (timers is { Count: > 0 })
            {
                timers.Expire();
            }
        }
    }

    /// <summary>If the wall clock was set since the last call, notifies the handlers. Returns whether a callback ran.</summary>
    public bool ReportStep(ClockTimers wallClock)
    {
        bool hasStepped = wallClock.TryTakeStep();
        long lead = LeadOf(wallClock);
        var step = new ClockStep(Nanoseconds.ToTimeSpan(lead - _wallClockLead));
        _wallClockLead = lead;
        return hasStepped && Report(step);
    }

    /// <summary>
    /// Before the timers of the wall clock: a large difference means that the clock was set, and handlers are notified before timers fire.
    /// </summary>
    public bool ReportGreatStep()
    {
        if (_byClock[(int)TimerClock.WallClock] is not { DetectsSteps: true } wallClock)
        {
            return false;
        }

        ClockWaker waker = _wakers[(int)TimerClock.WallClock]!;
        bool looks = waker.MayHaveMissedStep() || wallClock.Count > 0;
        if (!wallClock.Clock.HasStepped && !(looks && Math.Abs(LeadOf(wallClock) - _wallClockLead) > NoticedStep))
        {
            return false;
        }

        waker.Check();
        return ReportStep(wallClock);
    }

    /// <summary>Drops every timer, and notifies its target.</summary>
    public void AbandonAll()
    {
        foreach (ClockTimers? timers in _byClock)
        {
            timers?.AbandonAll();
        }
    }

    private bool Report(ClockStep step)
    {
        EventHandler<ClockStep>? handlers = _stepHandlers;
        foreach (EventHandler<ClockStep> handler in Delegate.EnumerateInvocationList(handlers))
        {
            _core.Invoke(
                new StepHandler(handler),
                static (owner, told) => owner.Handler(told.Manager, told.Step),
                (_core.Manager, Step: step));
        }

        return handlers is not null;
    }

    // The first reading of a user's clock may throw. Then the clock is not kept, which may have told its provider of itself.
    private ClockTimers CreateTimers(TimerClock kind)
    {
        IClock clock = _createClock(kind);
        try
        {
            return new ClockTimers(kind, clock);
        }
        catch
        {
            clock.Dispose();
            throw;
        }
    }

    private long LeadOf(ClockTimers wallClock) => wallClock.Clock.Now - MonotonicClock.Now;

    private sealed record StepHandler(EventHandler<ClockStep> Handler) : ICallbackOwner
    {
        public FaultOrigin FaultOrigin => FaultOrigin.ClockStep;

        public string MethodName => Vigil.MethodName.Of(Handler);

        public string Description => $"a handler of WallClockStepped ({MethodName})";
    }
}
