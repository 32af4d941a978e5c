using System.Globalization;

namespace Vigil.Testing;

/// <summary>
/// The clocks of a machine that stand still until they are moved: monotonic, boot time and wall clock. For everything that takes a
/// <see cref="TimeProvider"/>, event managers included.
/// </summary>
/// <remarks>
/// <para><see cref="Advance"/> stops at every due time: a timer that is due in between fires when the clock shows its due time, not the end
/// of the movement, and what it starts for a time before the end fires, too. So a 10 ms timer sees 360,000 due times in an hour.</para>
/// <para>Timers fire on the thread that moves the clock. The clocks of a <see cref="World"/> also run its loops before they go
/// on. Any thread may read the clock and start timers; one at a time may move it.</para>
/// </remarks>
public sealed class VirtualClock : MachineTimeProvider
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const long NanosecondsPerTick = 100;

    // A machine that has been up for a day: no reading is 0 by accident.
    private const long UptimeAtStart = 24 * 3600 * NanosecondsPerSecond;

    // Zero delays that follow each other.
    private const int MaxRoundsAtOneTime = 1_000_000;

    private readonly Lock _gate = new();
    private readonly TimerHeap _timers = new();
    private long _now = UptimeAtStart;
    private long _suspended;
    private DateTimeOffset _wallClockAtStart;
    private long _sequence;
    private bool _isMoving;
    private int _mover;

    /// <summary>Creates a clock that shows noon of 2026-01-01, UTC.</summary>
    public VirtualClock()
        : this(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>Creates a clock.</summary>
    /// <param name="start">What the wall clock shows.</param>
    public VirtualClock(DateTimeOffset start) => _wallClockAtStart = start.ToUniversalTime();

    /// <inheritdoc/>
    public override event EventHandler? ClockJumped;

    /// <summary>Nanoseconds: the readings are exact for all three clocks.</summary>
    public override long TimestampFrequency => NanosecondsPerSecond;

    /// <summary>UTC: a test does not depend on where it runs.</summary>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How long the clock has run; a suspension does not count.</summary>
    public TimeSpan Elapsed => ToTimeSpan(NowNanoseconds - UptimeAtStart);

    /// <summary>When the next timer is due, from now; null if none is started.</summary>
    public TimeSpan? UntilNextTimer
    {
        get
        {
            lock (_gate)
            {
                return _timers.TryPeek(out VirtualTimer? next) ? ToTimeSpan(Math.Max(next.Due - _now, 0)) : null;
            }
        }
    }

    /// <summary>How many timers are started.</summary>
    public int TimerCount
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count;
            }
        }
    }

    /// <summary>How many of the started timers are a program's.</summary>
    internal int ProgramTimerCount
    {
        get
        {
            lock (_gate)
            {
                return _timers.Timers.Count(timer => !timer.IsOfWorld);
            }
        }
    }

    /// <summary>Called after the timers of one due time have fired, before the clock moves on.</summary>
    internal Action? Settle { get; set; }

    internal long NowNanoseconds
    {
        get
        {
            lock (_gate)
            {
                return _now;
            }
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => NowNanoseconds;

    /// <inheritdoc/>
    public override long GetBootTimestamp()
    {
        lock (_gate)
        {
            return _now + _suspended;
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _wallClockAtStart + ToTimeSpan(_now - UptimeAtStart + _suspended);
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        VirtualTimer timer = new(this, callback, state);
        Change(timer, dueTime, period);
        return timer;
    }

    /// <summary>Moves all clocks forward. It stops at every due time, and returns when everything that was due has fired.</summary>
    /// <param name="span">By how much: zero or more. With zero, what is due now fires.</param>
    /// <exception cref="ArgumentOutOfRangeException">The span is negative.</exception>
    /// <exception cref="InvalidOperationException">The clock is being moved already: a callback must not move it.</exception>
    public void Advance(TimeSpan span)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(span, TimeSpan.Zero);
        SynchronizationContext? context = BeginMove();
        try
        {
            MoveTo(checked(NowNanoseconds + ToNanoseconds(span)));
        }
        finally
        {
            EndMove(context);
        }
    }

    /// <summary>Moves all clocks forward to the next due time, and fires what is due then.</summary>
    /// <returns>False if no timer is started; then nothing has moved.</returns>
    /// <exception cref="InvalidOperationException">The clock is being moved already: a callback must not move it.</exception>
    public bool AdvanceToNextTimer()
    {
        SynchronizationContext? context = BeginMove();
        try
        {
            Settle?.Invoke();
            return FireNext(long.MaxValue);
        }
        finally
        {
            EndMove(context);
        }
    }

    /// <summary>Sets the wall clock. The two others, and the timers that follow them, do not notice.</summary>
    /// <param name="step">Forward, or back if it is negative.</param>
    public void StepWallClock(TimeSpan step)
    {
        lock (_gate)
        {
            _wallClockAtStart += step;
        }

        ClockJumped?.Invoke(this, EventArgs.Empty);
    }

    /// <summary>
    /// Suspends the machine and wakes it up: boot time and wall clock go on by that time, the monotonic clock stands still, and no timer of
    /// it fires.
    /// </summary>
    /// <param name="span">For how long; zero or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The span is negative.</exception>
    public void Suspend(TimeSpan span)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(span, TimeSpan.Zero);
        lock (_gate)
        {
            _suspended = checked(_suspended + ToNanoseconds(span));
        }

        ClockJumped?.Invoke(this, EventArgs.Empty);
    }

    /// <summary>What all three clocks show.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Elapsed:c} after the start, {GetUtcNow():yyyy-MM-dd HH:mm:ss.fffffff}");

    /// <summary>Whether the calling thread is moving it: what its timers call must not move it.</summary>
    internal bool IsMovedHere => _isMoving && _mover == Environment.CurrentManagedThreadId;

    /// <summary>Lets the simulation do something at a time, unless the returned timer is disposed before.</summary>
    internal VirtualTimer At(TimeSpan delay, Action action)
    {
        VirtualTimer timer = new(this, _ => action(), state: null) { IsOfWorld = true };
        Change(timer, delay, Timeout.InfiniteTimeSpan);
        return timer;
    }

    /// <summary>
    /// As <see cref="AdvanceToNextTimer"/>, for the simulation: everything has run that can run before the clock moves.
    /// </summary>
    internal void MoveToNextTimer()
    {
        SynchronizationContext? context = BeginMove();
        try
        {
            _ = FireNext(long.MaxValue);
        }
        finally
        {
            EndMove(context);
        }
    }

    internal bool Change(VirtualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        RequireSpan(dueTime, nameof(dueTime));
        RequireSpan(period, nameof(period));
        lock (_gate)
        {
            if (timer.IsDisposed)
            {
                return false;
            }

            timer.Period = period == Timeout.InfiniteTimeSpan ? 0 : ToNanoseconds(period);
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                Stop(timer);
            }
            else
            {
                Start(timer, _now + ToNanoseconds(dueTime));
            }

            return true;
        }
    }

    internal void Remove(VirtualTimer timer)
    {
        lock (_gate)
        {
            Stop(timer);
            timer.IsDisposed = true;
        }
    }

    private static void RequireSpan(TimeSpan span, string parameter)
    {
        if (span < TimeSpan.Zero && span != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(parameter, span, "A time span of a timer is zero or more, or infinite.");
        }
    }

    private static TimeSpan ToTimeSpan(long nanoseconds) => new(nanoseconds / NanosecondsPerTick);

    // Three centuries are as good as never: a timer that late does not overflow what is added to it.
    private static long ToNanoseconds(TimeSpan span) => span.Ticks > long.MaxValue / 4 / NanosecondsPerTick
        ? long.MaxValue / 4
        : span.Ticks * NanosecondsPerTick;

    // Timers fire without a synchronization context, as the machine's do: the mover's is no place where what awaits them may go on.
    private SynchronizationContext? BeginMove()
    {
        if (_isMoving)
        {
            throw new InvalidOperationException("The clock is being moved: a callback must not move it.");
        }

        _isMoving = true;
        _mover = Environment.CurrentManagedThreadId;
        SynchronizationContext? context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        return context;
    }

    private void EndMove(SynchronizationContext? context)
    {
        _isMoving = false;
        SynchronizationContext.SetSynchronizationContext(context);
    }

    private void MoveTo(long end)
    {
        int rounds = 0;
        long before = -1;
        while (true)
        {
            Settle?.Invoke();
            rounds = before == NowNanoseconds ? rounds + 1 : 0;
            before = NowNanoseconds;
            if (rounds > MaxRoundsAtOneTime)
            {
                throw new InvalidOperationException($"Timers are started again and again without delay, at {this}: time stands still.");
            }

            if (!FireNext(end) && HasArrived(end))
            {
                return;
            }
        }
    }

    // Moves on to the end if nothing is due until then, which another thread may have started since this one looked: between the check and
    // the movement no timer starts. True if the clock stood at the end before: what ran there has started nothing that is due.
    private bool HasArrived(long end)
    {
        lock (_gate)
        {
            if (_timers.TryPeek(out VirtualTimer? next) && next.Due <= end)
            {
                return false;
            }

            bool hasArrived = _now >= end;
            _now = Math.Max(_now, end);
            return hasArrived;
        }
    }

    // Fires all that is due at the next due time, if that is not after the end. What they start for the same time fires by the next call.
    private bool FireNext(long end)
    {
        long last;
        lock (_gate)
        {
            if (!_timers.TryPeek(out VirtualTimer? next) || next.Due > end)
            {
                return false;
            }

            _now = Math.Max(_now, next.Due);
            last = _sequence;
        }

        while (TakeDue(last) is { } timer)
        {
            timer.Fire();
        }

        return true;
    }

    private VirtualTimer? TakeDue(long lastSequence)
    {
        lock (_gate)
        {
            if (!_timers.TryPeek(out VirtualTimer? timer) || timer.Due > _now || timer.Sequence > lastSequence)
            {
                return null;
            }

            if (timer.Period > 0)
            {
                Start(timer, timer.Due + timer.Period);
            }
            else
            {
                _timers.Remove(timer);
            }

            return timer;
        }
    }

    private void Start(VirtualTimer timer, long due)
    {
        if (timer.Place >= 0)
        {
            if (timer.Due == due)
            {
                return;
            }

            _timers.Remove(timer);
        }

        timer.Due = due;
        timer.Sequence = ++_sequence;
        _timers.Add(timer);
    }

    private void Stop(VirtualTimer timer)
    {
        if (timer.Place >= 0)
        {
            _timers.Remove(timer);
        }
    }
}
