using System.Numerics;
using System.Runtime.CompilerServices;
using Vigil.Timing;

namespace Vigil;

/// <summary>Handles a timer's firing.</summary>
/// <param name="timer">The timer, which the callback may change or cancel.</param>
/// <param name="tick">How late the tick is, and how many ticks were missed.</param>
public delegate void TimerEventCallback(TimerEvent timer, TimerTick tick);

/// <summary>
/// A callback at a time, once or periodically. Made by <c>EventManager.CreateTimerEvent</c>. Its methods are for the loop's thread, or for
/// any one thread between runs. All callbacks, including its own, may call them.
/// </summary>
/// <remarks>
/// It never fires early. The timers of a clock fire in order of due time, equal ones in order of their start. A periodic timer keeps its
/// phase: tick n is due n periods after the first, however late others were. Starting and cancelling take constant time, and restarting
/// does not allocate.
/// </remarks>
public sealed class TimerEvent : CallbackEvent, ITimerTarget
{
    private readonly TimerEventCallback _callback;
    private readonly ClockTimers _timers;

    // In nanoseconds of its clock. While suspended, the remaining time, which is negative if the timer was overdue.
    private long _due;
    private long _period;
    private int _slot;
    private readonly byte _toleranceBits;
    private readonly byte _missedTicks;
    private byte _state;

    // A flag instead of a reference that is nearly always null: a lasting callback is the target of <c>_callback</c>.
    private readonly bool _isLasting;

    private TimerEvent(
        LoopCore core,
        LoopWorkers workers,
        ClockTimers timers,
        EventCallback<TimerEvent, TimerTick> callback,
        TimerEventOptions options)
        : base(core, options)
    {
        var synchronous = callback.Delegate as TimerEventCallback;
        ICallbackRelay<TimerEvent, TimerTick>? relay =
            callback.ToRelay(this, workers, options.Target, synchronous is null ? null : synchronous.Invoke);
        _callback = relay is null ? synchronous! : relay.Invoke;
        _isLasting = relay is LastingCallback;
        _missedTicks = (byte)options.MissedTicks;
        _timers = timers;

        // Timers with tolerances share wake-ups at multiples of powers of two. A multiple of the greatest one within the tolerance always
        // comes in time.
        _toleranceBits = options.Tolerance == TimeSpan.Zero
            ? (byte)0
            : (byte)BitOperations.Log2((ulong)Math.Min(Nanoseconds.Of(options.Tolerance), TimingWheel.MaxLeeway));
    }

    /// <summary>Creates one that is due after a time.</summary>
    internal static TimerEvent Create(
        LoopCore core,
        LoopWorkers workers,
        TimeSpan dueTime,
        TimeSpan period,
        EventCallback<TimerEvent, TimerTick> callback,
        TimerEventOptions options)
    {
        RequireSpan(dueTime, nameof(dueTime));
        RequireSpan(period, nameof(period));
        options.Validate();
        using ThreadClaim.Scope claim = core.Claim();
        TimerEvent timer = Create(core, workers, options.Clock ?? TimerClock.Monotonic, period, callback, options);
        timer.StartIn(dueTime);
        return timer;
    }

    /// <summary>Creates one that is due at a date.</summary>
    internal static TimerEvent Create(
        LoopCore core,
        LoopWorkers workers,
        DateTimeOffset dueTime,
        TimeSpan period,
        EventCallback<TimerEvent, TimerTick> callback,
        TimerEventOptions options)
    {
        RequireSpan(period, nameof(period));
        options.Validate();
        if (options.Clock is { } clock and not TimerClock.WallClock)
        {
            throw new ArgumentException(
                $"A timer with a date follows TimerClock.WallClock; TimerClock.{clock} has no dates.",
                nameof(options));
        }

        using ThreadClaim.Scope claim = core.Claim();
        TimerEvent timer = Create(core, workers, TimerClock.WallClock, period, callback, options);
        timer.StartAt(dueTime);
        return timer;
    }

    private static TimerEvent Create(
        LoopCore core,
        LoopWorkers workers,
        TimerClock clock,
        TimeSpan period,
        EventCallback<TimerEvent, TimerTick> callback,
        TimerEventOptions options)
    {
        options.Require(workers);
        var timer = new TimerEvent(core, workers, core.Timers.Open(clock), callback, options);
        timer.SetPeriod(period);
        return timer;
    }

    /// <summary>The clock that measures its time.</summary>
    public TimerClock Clock => _timers.Kind;

    /// <summary>How it treats ticks that became due while the loop was busy or asleep.</summary>
    public MissedTickPolicy MissedTicks => (MissedTickPolicy)_missedTicks;

    /// <summary>The time between two ticks; <see cref="Timeout.InfiniteTimeSpan"/> for a one-shot.</summary>
    public TimeSpan Period => _period == 0 ? Timeout.InfiniteTimeSpan : Nanoseconds.ToTimeSpan(_period);

    /// <summary>Whether it is over: cancelled, or the manager disposed.</summary>
    public override bool IsCancelled => State == TimerState.Cancelled;

    /// <summary>Its current state.</summary>
    public TimerState State
    {
        get => Core.IsDisposed ? TimerState.Cancelled : (TimerState)Volatile.Read(ref _state);
        private set => Volatile.Write(ref _state, (byte)value);
    }

    /// <summary>
    /// The time until it is due, zero if it is overdue. While suspended, the time left after <see cref="Resume"/>;
    /// <see cref="Timeout.InfiniteTimeSpan"/> if it is not started. Reads the clock.
    /// </summary>
    public TimeSpan Remaining => State switch
    {
        TimerState.Started => Nanoseconds.ToTimeSpan(Math.Max(Nanoseconds.Subtract(_due, _timers.Clock.Now), 0)),
        TimerState.Suspended => Nanoseconds.ToTimeSpan(Math.Max(_due, 0)),
        _ => Timeout.InfiniteTimeSpan,
    };

    /// <summary>Restarts it in any state, with its current period.</summary>
    /// <param name="dueTime">The time until it is due. Zero: in the next iteration, so that I/O has its turn before.
    /// <see cref="Timeout.InfiniteTimeSpan"/>: never, until it is changed again. A due time beyond the end of the clock, in three
    /// centuries, never comes.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dueTime"/> is negative and not infinite.</exception>
    /// <exception cref="EventManagerException">The timer is cancelled, or the call comes from a thread other than the loop's.</exception>
    public void Change(TimeSpan dueTime)
    {
        RequireSpan(dueTime, nameof(dueTime));
        if (IsAtHand)
        {
            StartIn(dueTime);
        }
        else
        {
            ClaimAndStartIn(dueTime);
        }
    }

    /// <summary>Restarts it with another period.</summary>
    /// <param name="dueTime">The time until it is due; see <see cref="Change(TimeSpan)"/>.</param>
    /// <param name="period">The time between later ticks. Zero and <see cref="Timeout.InfiniteTimeSpan"/> make it a one-shot.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is negative and not infinite.</exception>
    /// <exception cref="EventManagerException">See <see cref="Change(TimeSpan)"/>.</exception>
    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        RequireSpan(dueTime, nameof(dueTime));
        RequireSpan(period, nameof(period));
        if (IsAtHand)
        {
            SetPeriod(period);
            StartIn(dueTime);
        }
        else
        {
            ClaimAndStartIn(dueTime, period);
        }
    }

    /// <summary>Restarts it for a moment of the monotonic clock, without reading the clock.</summary>
    /// <param name="timestamp">The moment, in units of <see cref="TimeProvider.GetTimestamp"/> of <see cref="EventManager.TimeProvider"/>.
    /// A past moment is due in the next iteration, and late by the difference.</param>
    /// <exception cref="InvalidOperationException"><see cref="Clock"/> is not <see cref="TimerClock.Monotonic"/>.</exception>
    /// <exception cref="EventManagerException">See <see cref="Change(TimeSpan)"/>.</exception>
    public void ChangeTo(long timestamp)
    {
        if (_timers.ReadsTimestamps && IsAtHand)
        {
            StartAt(Math.Max(timestamp, Nanoseconds.First));
        }
        else
        {
            ClaimAndStartAt(timestamp);
        }
    }

    /// <summary>Restarts it for a date.</summary>
    /// <param name="dueTime">The date. A past date is due in the next iteration, and late by the difference, at most 292 years.</param>
    /// <exception cref="InvalidOperationException"><see cref="Clock"/> is not <see cref="TimerClock.WallClock"/>.</exception>
    /// <exception cref="EventManagerException">See <see cref="Change(TimeSpan)"/>.</exception>
    public void ChangeTo(DateTimeOffset dueTime)
    {
        RequireClock(TimerClock.WallClock, "a date");
        if (IsForwarded<TimerEvent, DateTimeOffset>(static (self, dueTime) => self.ChangeTo(dueTime), dueTime))
        {
            return;
        }

        using ThreadClaim.Scope claim = Enter();
        Withdraw();
        StartAt(dueTime);
    }

    /// <summary>
    /// Pauses it, keeping the time left until the next tick, to the nanosecond. Two kinds of tick are due at once on resuming: a tick whose
    /// callback waits for a worker, which is withdrawn, and one of the wall clock that was due before its clock was set back. Does nothing
    /// if the timer is not started and no callback waits.
    /// </summary>
    /// <exception cref="EventManagerException">See <see cref="Change(TimeSpan)"/>.</exception>
    public void Suspend()
    {
        if (IsForwarded<TimerEvent, bool>(static (self, _) => self.Suspend(), argument: default))
        {
            return;
        }

        using ThreadClaim.Scope claim = Enter();
        bool hasCome = TakeBackTick();
        if (hasCome || State == TimerState.Started)
        {
            // A tick that is due stays due, even if the clock was set back.
            hasCome = hasCome || _slot == TimingWheel.NotStarted || _timers.IsStartedDue(_slot);
            Stop();
            long left = _due == TimingWheel.Never ? _due : Nanoseconds.Subtract(_due, _timers.Clock.Now);
            _due = hasCome ? Math.Min(left, 0) : left;
            State = TimerState.Suspended;
        }
    }

    /// <summary>Ends <see cref="Suspend"/>. Later ticks shift by the time it was suspended. Does nothing unless it is suspended.</summary>
    /// <exception cref="EventManagerException">See <see cref="Change(TimeSpan)"/>.</exception>
    public void Resume()
    {
        if (IsForwarded<TimerEvent, bool>(static (self, _) => self.Resume(), argument: default))
        {
            return;
        }

        using ThreadClaim.Scope claim = Enter();
        if (State == TimerState.Suspended)
        {
            long now = _timers.Clock.Now;
            if (_due > 0)
            {
                StartAt(Nanoseconds.Add(now, _due));
            }
            else
            {
                StartDue(Math.Max(now + _due, Nanoseconds.First));
            }
        }
    }

    /// <summary>For messages: the name, and the method called.</summary>
    public override string ToString() => $"a timer {Title}";

    internal override FaultOrigin FaultOrigin => FaultOrigin.TimerEvent;

    internal override Delegate Callback => Outlasting?.Callback ?? FlowingCallback.UsersOf(_callback);

    private protected override LastingCallback? Lasting => Outlasting;

    private LastingCallback<TimerEvent, TimerTick>? Outlasting =>
        _isLasting ? (LastingCallback<TimerEvent, TimerTick>)_callback.Target! : null;

    void ITimerTarget.OnMoved(int slot) => _slot = slot;

    bool ITimerTarget.Fire(long now)
    {
        _slot = TimingWheel.NotStarted;
        if (_isLasting && Outlasting!.IsBusy)
        {
            // It fires when its callback has ended, with the resulting lateness.
            return false;
        }

        // If the clock was set back, now may be before the due time of a timer started without delay. Unsigned, because a date may lie
        // further back than a long can express. The reported values saturate at long.MaxValue.
        ulong passed = now > _due ? (ulong)now - (ulong)_due : 0;
        long lateness = (long)Math.Min(passed, long.MaxValue);
        if (Core.Counters.IsMeasured)
        {
            // A listener of the meter may cancel, suspend or restart the timer: what it does is done before the tick.
            Core.Counters.RecordLateness(lateness);
            if (State != TimerState.Started || _slot != TimingWheel.NotStarted)
            {
                return false;
            }
        }

        long missed = _period == 0 ? 0 : (long)(passed / (ulong)_period);
        long next = _period == 0 ? TimingWheel.Never : NextDue(now, missed);
        if (next == TimingWheel.Never)
        {
            State = TimerState.Idle;
        }
        else
        {
            StartAt(next);
        }

        _callback(this, new TimerTick(Nanoseconds.ToTimeSpan(lateness), missed));
        return true;
    }

    void ITimerTarget.OnAbandoned() => _slot = TimingWheel.NotStarted;

    // Fires a tick that came due meanwhile.
    internal override int OnCallbackEnded()
    {
        if (State == TimerState.Started && _slot == TimingWheel.NotStarted)
        {
            StartDue(_due);
        }

        return 0;
    }

    private protected override void EndOnLoop()
    {
        Stop();
        State = TimerState.Cancelled;
    }

    /// <summary>Checks a due time or a period.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void RequireSpan(TimeSpan span, string parameter)
    {
        if (span < TimeSpan.Zero && span != Timeout.InfiniteTimeSpan)
        {
            ThrowNegative(span, parameter);
        }
    }

    private static void ThrowNegative(TimeSpan span, string parameter) =>
        throw new ArgumentOutOfRangeException(parameter, span, "A due time or a period is zero or more, or Timeout.InfiniteTimeSpan.");

    internal void SetPeriod(TimeSpan period) => _period = period == Timeout.InfiniteTimeSpan ? 0 : Nanoseconds.Of(period);

    internal void StartIn(TimeSpan dueTime)
    {
        if (dueTime == Timeout.InfiniteTimeSpan)
        {
            Stop();
            State = TimerState.Idle;
            return;
        }

        if (dueTime == TimeSpan.Zero)
        {
            _slot = _timers.StartNow(_slot, this, out _due);
            State = TimerState.Started;
            return;
        }

        StartAt(_timers.After(Nanoseconds.Of(dueTime)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void StartAt(long due)
    {
        _due = due;
        _slot = _toleranceBits == 0 ? _timers.Start(_slot, this, due) : StartWithTolerance(due);
        State = TimerState.Started;
    }

    private void StartDue(long due)
    {
        _due = due;
        _slot = _timers.StartDue(_slot, this, due);
        State = TimerState.Started;
    }

    /// <summary>
    /// Starts it at a date. A date before the clock's first instant keeps its phase, but its lateness is cut to that instant's.
    /// </summary>
    internal void StartAt(DateTimeOffset date)
    {
        Int128 due = _timers.Clock.FromDate(date);
        if (due < Nanoseconds.First)
        {
            due = _period == 0 ? Nanoseconds.First : Nanoseconds.First + _period + ((due - Nanoseconds.First) % _period);
        }

        StartAt((long)Int128.Min(due, TimingWheel.Never));
    }

    // missed * period may overflow. The sum does not exceed the present, so it is still right.
    private long NextDue(long now, long missed) => MissedTicks switch
    {
        MissedTickPolicy.Skip => Nanoseconds.Add(_due + (missed * _period), _period),
        MissedTickPolicy.Delay when missed > 0 => Nanoseconds.Add(now, _period),
        _ => Nanoseconds.Add(_due, _period),
    };

    // Undoes a firing: the tick has its original due time, with all ticks missed since, and its lateness counts until now.
    private bool TakeBackTick()
    {
        if (Outlasting is not { } lasting || !lasting.Withdraw())
        {
            return false;
        }

        if (State == TimerState.Started)
        {
            TimerTick tick = lasting.Argument;
            _due -= MissedTicks switch
            {
                MissedTickPolicy.Skip => (tick.Missed + 1) * _period,
                MissedTickPolicy.Delay when tick.Missed > 0 => _period + Nanoseconds.Of(tick.Lateness),
                _ => _period,
            };
        }

        return true;
    }

    private int StartWithTolerance(long due)
    {
        long mask = (1L << _toleranceBits) - 1;
        long latest = due > TimingWheel.Never - mask ? due : (due + mask) & ~mask;
        return _timers.Start(_slot, this, latest, latest - due);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Stop()
    {
        if (_slot != TimingWheel.NotStarted)
        {
            _timers.Cancel(_slot);
            _slot = TimingWheel.NotStarted;
        }
    }

    // Restarting a timer withdraws its old tick.
    private void Withdraw() => Outlasting?.Withdraw();

    private void RequireClock(TimerClock clock, string what)
    {
        if (Clock != clock)
        {
            ThrowOtherClock(clock, what);
        }
    }

    private void ThrowOtherClock(TimerClock clock, string what) =>
        throw new InvalidOperationException($"Only a timer on TimerClock.{clock} can be set to {what}; this one is on TimerClock.{Clock}.");

    // In separate methods, so that callers that need no claim do not pay for the frame of its release.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ClaimAndStartIn(TimeSpan dueTime)
    {
        if (!IsForwarded<TimerEvent, TimeSpan>(static (self, dueTime) => self.Change(dueTime), dueTime))
        {
            using ThreadClaim.Scope claim = Enter();
            Withdraw();
            StartIn(dueTime);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ClaimAndStartIn(TimeSpan dueTime, TimeSpan period)
    {
        if (!IsForwarded<TimerEvent, (TimeSpan DueTime, TimeSpan Period)>(
            static (self, times) => self.Change(times.DueTime, times.Period), (dueTime, period)))
        {
            using ThreadClaim.Scope claim = Enter();
            Withdraw();
            SetPeriod(period);
            StartIn(dueTime);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ClaimAndStartAt(long timestamp)
    {
        RequireClock(TimerClock.Monotonic, "a timestamp");
        if (!IsForwarded<TimerEvent, long>(static (self, timestamp) => self.ChangeTo(timestamp), timestamp))
        {
            using ThreadClaim.Scope claim = Enter();
            Withdraw();
            StartAt(_timers.Clock.FromTimestamp(timestamp));
        }
    }

    // The usual case: a callback starts or stops a timer. There is no claim to take or release.
    private bool IsAtHand => Core.IsRunningHere && !_isLasting && _state != (byte)TimerState.Cancelled;

    private ThreadClaim.Scope Enter()
    {
        ThreadClaim.Scope claim = Core.Claim();
        if (State == TimerState.Cancelled)
        {
            claim.Dispose();
            throw new EventManagerException(
                EventManagerError.NotRegistered,
                $"The timer {Title} is cancelled. Create another, or use Change(Timeout.InfiniteTimeSpan) to stop one for a while.");
        }

        return claim;
    }
}
