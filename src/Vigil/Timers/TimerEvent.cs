using System.Numerics;
using System.Runtime.CompilerServices;
using Vigil.Timing;

namespace Vigil;

/// <summary>Handles a timer's firing.</summary>
/// <param name="timer">The timer, through which the callback can change or cancel it.</param>
/// <param name="tick">How late it is, and how many ticks were missed.</param>
public delegate void TimerEventCallback(TimerEvent timer, TimerTick tick);

/// <summary>
/// A callback at a time, once or periodically. Made by <c>EventManager.CreateTimerEvent</c>. Its methods are for the loop's thread, or for any one thread between runs, and may be called in its own callback and in others'.
/// </summary>
/// <remarks>
/// It never fires early. The timers of a clock fire in the order of their due times, equal ones in that of their start.
/// A periodic timer keeps its phase: tick n is due n periods after the first, however late others were. Starting and cancelling
/// take constant time, and nothing is allocated when it is started anew.
/// </remarks>
public sealed class TimerEvent : CallbackEvent, ITimerTarget
{
    private readonly TimerEventCallback _callback;
    private readonly ClockTimers _timers;

    // In nanoseconds of its clock; while it is suspended, what was left, which is negative if it was overdue.
    private long _due;
    private long _period;
    private int _slot;
    private readonly byte _toleranceBits;
    private readonly byte _missedTicks;
    private byte _state;

    // A timer has no room for a reference that is nearly always null: the callback of one that lasts is the way there.
    private readonly bool _isLasting;

    internal TimerEvent(LoopCore core, LoopWorkers workers, ClockTimers timers, EventCallback<TimerEvent, TimerTick> callback, TimerEventOptions options)
        : base(core, options)
    {
        var synchronous = callback.Delegate as TimerEventCallback;
        _isLasting = callback.Lasts(options.Target);
        _callback = _isLasting
            ? callback.ToLasting(this, workers, options.Target, synchronous is null ? null : synchronous.Invoke)!.Send
            : AmbientContext.Flowing is { } context ? new FlowingCallback<TimerEvent, TimerTick>(context, synchronous!.Invoke).Invoke : synchronous!;
        _missedTicks = (byte)options.MissedTicks;
        _timers = timers;

        // Timers with tolerances meet at multiples of powers of two; the greatest one within the tolerance is always met in time.
        _toleranceBits = options.Tolerance == TimeSpan.Zero ? (byte)0 : (byte)BitOperations.Log2((ulong)Math.Min(Nanoseconds.Of(options.Tolerance), TimingWheel.MaxLeeway));
    }

    /// <summary>What its time is measured by.</summary>
    public TimerClock Clock => _timers.Kind;

    /// <summary>What it does about ticks that became due while the loop was busy or asleep.</summary>
    public MissedTickPolicy MissedTicks => (MissedTickPolicy)_missedTicks;

    /// <summary>The time between two ticks; <see cref="Timeout.InfiniteTimeSpan"/> for a one-shot.</summary>
    public TimeSpan Period => _period == 0 ? Timeout.InfiniteTimeSpan : Nanoseconds.ToTimeSpan(_period);

    /// <summary>Whether it is over: cancelled, or the manager disposed.</summary>
    public override bool IsCancelled => State == TimerState.Cancelled;

    /// <summary>What it is doing.</summary>
    public TimerState State
    {
        get => Core.IsDisposed ? TimerState.Cancelled : (TimerState)Volatile.Read(ref _state);
        private set => Volatile.Write(ref _state, (byte)value);
    }

    /// <summary>
    /// How long until it is due, zero if it is overdue; while it is suspended, how long it will run when it is resumed;
    /// <see cref="Timeout.InfiniteTimeSpan"/> if it is not started. Reads the clock.
    /// </summary>
    public TimeSpan Remaining => State switch
    {
        TimerState.Started => Nanoseconds.ToTimeSpan(Math.Max(Nanoseconds.Subtract(_due, _timers.Clock.Now), 0)),
        TimerState.Suspended => Nanoseconds.ToTimeSpan(Math.Max(_due, 0)),
        _ => Timeout.InfiniteTimeSpan,
    };

    /// <summary>Starts it anew, whatever it was doing, with the period that it has.</summary>
    /// <param name="dueTime">
    /// When it is due, from now. Zero: in the next iteration, after which I/O has had its turn. <see cref="Timeout.InfiniteTimeSpan"/>:
    /// not at all, until it is changed again. What lies beyond the end of the clock, in three centuries, is never due.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dueTime"/> is negative and not infinite.</exception>
    /// <exception cref="EventManagerException">The timer is cancelled, or the call comes from another thread than the loop's.</exception>
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

    /// <summary>Starts it anew with another period.</summary>
    /// <param name="dueTime">When it is due, as of <see cref="Change(TimeSpan)"/>.</param>
    /// <param name="period">The time between two ticks after that; zero and <see cref="Timeout.InfiniteTimeSpan"/> make it a one-shot.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is negative and not infinite.</exception>
    /// <exception cref="EventManagerException">As of <see cref="Change(TimeSpan)"/>.</exception>
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

    /// <summary>Starts it anew at a moment of the monotonic clock, without reading it.</summary>
    /// <param name="timestamp">The moment, as <see cref="TimeProvider.GetTimestamp"/> of <see cref="EventManager.TimeProvider"/> counts it. One that has passed is due in the next iteration, and late by as much.</param>
    /// <exception cref="InvalidOperationException"><see cref="Clock"/> is not <see cref="TimerClock.Monotonic"/>.</exception>
    /// <exception cref="EventManagerException">As of <see cref="Change(TimeSpan)"/>.</exception>
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

    /// <summary>Starts it anew at a date.</summary>
    /// <param name="dueTime">The date. One that has passed is due in the next iteration, and late by as much, 292 years at most.</param>
    /// <exception cref="InvalidOperationException"><see cref="Clock"/> is not <see cref="TimerClock.WallClock"/>.</exception>
    /// <exception cref="EventManagerException">As of <see cref="Change(TimeSpan)"/>.</exception>
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
    /// Lets it stand still: what is left until the next tick is left when it is resumed, to the nanosecond. A tick whose callback waits for a worker is taken back, and due at once when it is
    /// resumed, as is a timer on the wall clock that was due already and whose clock is set back. Does nothing where it is not started and nothing waits.
    /// </summary>
    /// <exception cref="EventManagerException">As of <see cref="Change(TimeSpan)"/>.</exception>
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
            // What has come stays due, though a clock that was set back says that it is not.
            hasCome = hasCome || _slot == TimingWheel.NotStarted || _timers.IsStartedDue(_slot);
            Stop();
            long left = _due == TimingWheel.Never ? _due : Nanoseconds.Subtract(_due, _timers.Clock.Now);
            _due = hasCome ? Math.Min(left, 0) : left;
            State = TimerState.Suspended;
        }
    }

    /// <summary>Ends <see cref="Suspend"/>. The ticks that follow are later by the time that it was suspended. Does nothing unless it is suspended.</summary>
    /// <exception cref="EventManagerException">As of <see cref="Change(TimeSpan)"/>.</exception>
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

    /// <summary>For messages: its name, and the method that is called.</summary>
    public override string ToString() => $"a timer {Title}";

    internal override FaultOrigin FaultOrigin => FaultOrigin.TimerEvent;

    internal override Delegate Callback => Outlasting?.Callback ?? FlowingCallback.UsersOf(_callback);

    private protected override LastingCallback? Lasting => Outlasting;

    private LastingCallback<TimerEvent, TimerTick>? Outlasting => _isLasting ? (LastingCallback<TimerEvent, TimerTick>)_callback.Target! : null;

    void ITimerTarget.OnMoved(int slot) => _slot = slot;

    bool ITimerTarget.Fire(long now)
    {
        _slot = TimingWheel.NotStarted;
        if (_isLasting && Outlasting!.IsBusy)
        {
            // It fires when its callback has ended, as late as that makes it.
            return false;
        }

        // A clock that was set back in between shows less than when a timer without delay was started. Without a sign, because a date can lie
        // further back than a number with one can tell; what is counted and shown ends where that does.
        ulong passed = now > _due ? (ulong)now - (ulong)_due : 0;
        long lateness = (long)Math.Min(passed, long.MaxValue);
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

        // Only now: whatever those who listen do, the next tick is started.
        if (Core.Counters.IsMeasured)
        {
            Core.Counters.RecordLateness(lateness);
        }

        _callback(this, new TimerTick(Nanoseconds.ToTimeSpan(lateness), missed));
        return true;
    }

    void ITimerTarget.OnAbandoned() => _slot = TimingWheel.NotStarted;

    // A tick that came meanwhile.
    internal override int OnCallbackEnded()
    {
        if (State == TimerState.Started && _slot == TimingWheel.NotStarted)
        {
            StartDue(_due);
        }

        return 0;
    }

    private protected override void CancelOnLoop()
    {
        if (State == TimerState.Cancelled)
        {
            return;
        }

        using ThreadClaim.Scope claim = Core.ClaimToEnd(out bool isOver);
        if (isOver)
        {
            return;
        }

        Stop();
        State = TimerState.Cancelled;
    }

    /// <summary>Checks what a due time or a period may be.</summary>
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

    /// <summary>Starts it at a date. One that is too early to be told from the earliest keeps its phase, and no more of its lateness than that has.</summary>
    internal void StartAt(DateTimeOffset date)
    {
        Int128 due = _timers.Clock.FromDate(date);
        if (due < Nanoseconds.First)
        {
            due = _period == 0 ? Nanoseconds.First : Nanoseconds.First + _period + ((due - Nanoseconds.First) % _period);
        }

        StartAt((long)Int128.Min(due, TimingWheel.Never));
    }

    // What was missed times the period may exceed the greatest number; the sum, which does not exceed the present, is right all the same.
    private long NextDue(long now, long missed) => MissedTicks switch
    {
        MissedTickPolicy.Skip => Nanoseconds.Add(_due + (missed * _period), _period),
        MissedTickPolicy.Delay when missed > 0 => Nanoseconds.Add(now, _period),
        _ => Nanoseconds.Add(_due, _period),
    };

    // Undoes what firing did: the tick is due when it was, with all that was missed since, and late by what passed until now.
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

    // Of a timer that is started anew the old tick does not come any more.
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

    // In methods of their own, so that those who need no claim do not pay for the frame of its release.
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
        if (!IsForwarded<TimerEvent, (TimeSpan DueTime, TimeSpan Period)>(static (self, times) => self.Change(times.DueTime, times.Period), (dueTime, period)))
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

    // Nearly always a callback starts or stops timers: nothing is to be claimed, nor given back.
    private bool IsAtHand => Core.IsRunningHere && !_isLasting && _state != (byte)TimerState.Cancelled;

    private ThreadClaim.Scope Enter()
    {
        ThreadClaim.Scope claim = Core.Claim();
        if (State == TimerState.Cancelled)
        {
            claim.Dispose();
            throw new EventManagerException(EventManagerError.NotRegistered, $"The timer {Title} is cancelled. Create another, or use Change(Timeout.InfiniteTimeSpan) to stop one for a while.");
        }

        return claim;
    }
}
