using Vigil.Messaging;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// A timer of <see cref="EventManager.TimeProvider"/>. It may be changed and disposed by any thread; its callback runs on the loop, in the
/// execution context of its creation.
/// </summary>
/// <remarks>
/// The timing wheel is the loop's alone. So a change on the loop is applied at once, one by another thread travels through the mailbox with
/// the due time that it had when it was asked for, and a number: an older change that arrives after a newer one is dropped. After
/// the loop's end, changes go to a timer of the underlying clock, as do those that were under way.
/// </remarks>
internal sealed class ProvidedTimer : ITimer, ITimerTarget
{
    // What the system's timers can count in milliseconds; longer is for ever.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(49);

    private readonly EventManager _manager;
    private readonly TimeProvider _underlying;
    private readonly TimerCallback _callback;
    private readonly object? _state;
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private long _changes;
    private volatile bool _isDisposed;
    private ITimer? _successor;

    // The loop's.
    private long _lastApplied;
    private long _due;
    private long _period;
    private int _slot;

    public ProvidedTimer(EventManager manager, TimeProvider underlying, TimerCallback callback, object? state)
    {
        _manager = manager;
        _underlying = underlying;
        _callback = callback;
        _state = state;
    }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        TimerEvent.RequireSpan(dueTime, nameof(dueTime));
        TimerEvent.RequireSpan(period, nameof(period));
        if (_isDisposed)
        {
            return false;
        }

        Send(new TimerChange(this, Interlocked.Increment(ref _changes), DueAfter(dueTime), period == Timeout.InfiniteTimeSpan ? 0 : Nanoseconds.Of(period)));
        return true;
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Send(new TimerChange(this, Interlocked.Increment(ref _changes), TimingWheel.Never, Period: 0));
        Volatile.Read(ref _successor)?.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    public void OnMoved(int slot) => _slot = slot;

    public bool Fire(long now)
    {
        _slot = TimingWheel.NotStarted;
        if (_isDisposed)
        {
            return false;
        }

        if (_period > 0)
        {
            _due = Nanoseconds.Add(_due, ((Math.Max(now - _due, 0) / _period) + 1) * _period);
            _slot = _manager.Timers.Of(TimerClock.Monotonic).Start(_slot, this, _due);
        }

        Call();
        return true;
    }

    public void OnAbandoned(long now)
    {
        _slot = TimingWheel.NotStarted;

        // Where there is a successor already, a change that was under way or made in the middle of the disposal is newer.
        if (Volatile.Read(ref _successor) is null)
        {
            HandOver(_due, _period);
        }
    }

    /// <summary>Applies a change on the loop.</summary>
    public void Apply(in TimerChange change)
    {
        if (change.Number < _lastApplied)
        {
            return;
        }

        _lastApplied = change.Number;
        _due = change.Due;
        _period = change.Period;
        if (_due != TimingWheel.Never)
        {
            _slot = _manager.Timers.Open(TimerClock.Monotonic).Start(_slot, this, _due);
        }
        else if (_slot != TimingWheel.NotStarted)
        {
            _manager.Timers.Of(TimerClock.Monotonic).Cancel(_slot);
            _slot = TimingWheel.NotStarted;
        }
    }

    /// <summary>Leaves the timer to the underlying clock: there is no loop any more.</summary>
    public void HandOver(long due, long period)
    {
        if (_isDisposed)
        {
            return;
        }

        ITimer successor = Successor();
        successor.Change(SpanOf(Math.Max(due - _manager.Timers.MonotonicClock.Now, 0)), period == 0 ? Timeout.InfiniteTimeSpan : SpanOf(period));
        if (_isDisposed)
        {
            successor.Dispose();
        }
    }

    private static TimeSpan SpanOf(long nanoseconds)
    {
        TimeSpan span = Nanoseconds.ToTimeSpan(nanoseconds);
        return span < Longest ? span : Timeout.InfiniteTimeSpan;
    }

    private long DueAfter(TimeSpan dueTime) => dueTime == Timeout.InfiniteTimeSpan ? TimingWheel.Never : ClockTimers.After(_manager.Timers.MonotonicClock, Nanoseconds.Of(dueTime));

    private void Send(TimerChange change)
    {
        if (_manager.IsDisposed)
        {
            HandOver(change.Due, change.Period);
        }
        else if (_manager.IsOnLoop)
        {
            Apply(in change);
        }
        else if (_manager.Mailbox.PostUnbounded(change.ToMessage()) == PostResult.Closed)
        {
            HandOver(change.Due, change.Period);
        }
    }

    private ITimer Successor()
    {
        if (Volatile.Read(ref _successor) is { } existing)
        {
            return existing;
        }

        ITimer created = _underlying.CreateTimer(static timer => ((ProvidedTimer)timer!).Call(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (Interlocked.CompareExchange(ref _successor, created, null) is { } other)
        {
            created.Dispose();
            return other;
        }

        return created;
    }

    private void Call()
    {
        if (_context is null)
        {
            _callback(_state);
            return;
        }

        ExecutionContext.Run(
            _context,
            static timer =>
            {
                var self = (ProvidedTimer)timer!;
                self._callback(self._state);
            },
            this);
    }
}
