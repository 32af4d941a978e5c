using Vigil.Collections;
using Vigil.Messaging;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// A timer of <see cref="EventManager.TimeProvider"/>. It may be changed and disposed by any thread; its callback runs on the loop, in the
/// execution context of its creation.
/// </summary>
/// <remarks>
/// <para>
/// The timing wheel is the loop's alone. So a change on the loop is applied at once, one by another thread travels through the mailbox with
/// the due time that it had when it was asked for. Changes are numbered, and an older one that arrives after a newer is dropped. As long as
/// a change is on its way by which the timer is not due yet, it does not fire by an older one: whoever has put it off, or stopped it, does
/// not hear of it because the loop was busy or asleep. A change by which it is due already holds nothing up; otherwise a thread that goes on
/// asking for a call would keep it from coming.
/// </para>
/// <para>
/// Calls are counted, so that <see cref="DisposeAsync"/> ends when none goes on. A call counts first and then looks whether the timer is
/// disposed; whoever disposes it says so first and then looks whether a call goes on. Both are separated by full fences, so at least one
/// sees the other.
/// </para>
/// <para>
/// After the loop's end changes go to a timer of the underlying clock, the successor, and so does what was under way or waiting then: by way
/// of the thread pool, because the underlying clock is a user's and may call back at once. The successor follows each change once at most: a
/// one-shot that follows one twice fires twice. What the underlying clock throws then is reported, and costs neither the thread that hands
/// over nor a newer change anything.
/// </para>
/// </remarks>
internal sealed class ProvidedTimer : ITimer, ITimerTarget, ICallbackOwner
{
    // What the system's timers can count in milliseconds; longer is for ever.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(49);

    private readonly LoopCore _core;
    private readonly TimeProvider _underlying;
    private readonly TimerCallback _callback;
    private readonly object? _state;
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private readonly Lock _lock = new();
    private long _changes;
    private int _calls;
    private TaskCompletionSource? _ended;
    private volatile bool _isDisposed;

    // Under the lock: the newest change that travels, or has travelled, to the loop.
    private TimerChange _underWay;

    // Under the lock: the newest change that the successor is to follow, and whether a thread is making it follow. The successor is that thread's.
    private TimerChange _handedOver;
    private bool _isHandingOver;
    private ITimer? _successor;

    // The loop's.
    private TimerChange _applied;
    private int _slot;

    public ProvidedTimer(LoopCore core, TimeProvider underlying, TimerCallback callback, object? state)
    {
        _core = core;
        _underlying = underlying;
        _callback = callback;
        _state = state;
    }

    FaultOrigin ICallbackOwner.FaultOrigin => FaultOrigin.TimeProvider;

    string ICallbackOwner.MethodName => MethodName.Of(_callback);

    string ICallbackOwner.Description => $"a timer of the TimeProvider ({MethodName.Of(_callback)})";

    // Timers come and go, and their method stays.
    object ICallbackOwner.Key => MethodName.Of(_callback);

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        TimerEvent.RequireSpan(dueTime, nameof(dueTime));
        TimerEvent.RequireSpan(period, nameof(period));
        if (_isDisposed)
        {
            return false;
        }

        Send(
            dueTime == Timeout.InfiniteTimeSpan ? TimingWheel.Never : ClockTimers.After(_core.Timers.MonotonicClock, Nanoseconds.Of(dueTime)),
            period == Timeout.InfiniteTimeSpan ? 0 : Nanoseconds.Of(period));
        return true;
    }

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            Send(TimingWheel.Never, period: 0);
        }
    }

    /// <summary>
    /// Ends when no call of the callback goes on any more, and none will come. As with the system's timers, the callback itself must not
    /// wait for it.
    /// </summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _calls) == 0)
        {
            return ValueTask.CompletedTask;
        }

        TaskCompletionSource created = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource ended = Interlocked.CompareExchange(ref _ended, created, null) ?? created;
        if (Volatile.Read(ref _calls) == 0)
        {
            ended.TrySetResult();
        }

        return new ValueTask(ended.Task);
    }

    public void OnMoved(int slot) => _slot = slot;

    public bool Fire(long now)
    {
        _slot = TimingWheel.NotStarted;
        if (_isDisposed || (HasNewer(out TimerChange newer) && newer.Due > now))
        {
            return false;
        }

        long period = _applied.Period;
        if (period > 0)
        {
            long missed = Math.Max(now - _applied.Due, 0) / period;
            _applied = _applied with { Due = Nanoseconds.Add(_applied.Due + (missed * period), period) };
            _slot = _core.Timers.Of(TimerClock.Monotonic).Start(_slot, this, _applied.Due);
        }

        Call();
        return true;
    }

    public void OnAbandoned()
    {
        _slot = TimingWheel.NotStarted;
        if (!HasNewer(out _))
        {
            HandOverLater(_applied);
        }
    }

    /// <summary>Applies a change on the loop.</summary>
    public void Apply(TimerChange change)
    {
        if (change.Number < _applied.Number)
        {
            return;
        }

        _applied = change;
        if (change.Due != TimingWheel.Never && !_isDisposed)
        {
            _slot = _core.Timers.Open(TimerClock.Monotonic).Start(_slot, this, change.Due);
        }
        else if (_slot != TimingWheel.NotStarted)
        {
            _core.Timers.Of(TimerClock.Monotonic).Cancel(_slot);
            _slot = TimingWheel.NotStarted;
        }
    }

    /// <summary>There is no loop any more: leaves the timer to the underlying clock.</summary>
    public void HandOverLater(TimerChange change) =>
        ThreadPool.UnsafeQueueUserWorkItem(static work => work.Timer.HandOver(work.Change), (Timer: this, Change: change), preferLocal: false);

    private static TimeSpan SpanOf(long nanoseconds)
    {
        // Rounded up to what the system's timers count in: too late rather than too early, and never none.
        const long PerMillisecond = 1_000_000;
        TimeSpan span = Nanoseconds.ToTimeSpan(Nanoseconds.Add(nanoseconds, PerMillisecond - 1) / PerMillisecond * PerMillisecond);
        return span < Longest ? span : Timeout.InfiniteTimeSpan;
    }

    private void Send(long due, long period)
    {
        var change = new TimerChange(Interlocked.Increment(ref _changes), due, period);
        if (_core.IsDisposed)
        {
            HandOver(change);
        }
        else if (_core.Lifetime.IsMine)
        {
            Apply(change);
        }
        else
        {
            using (Uninterrupted.Enter(_lock))
            {
                _underWay = change.Number > _underWay.Number ? change : _underWay;
            }

            if (_core.Mailbox.PostUnbounded(TimerChangeKind.Create(this, change)) == PostResult.Closed)
            {
                HandOver(change);
            }
        }
    }

    // Whether a newer change than the one that was applied is on its way. For the loop.
    private bool HasNewer(out TimerChange newer)
    {
        newer = default;
        if (Volatile.Read(ref _changes) == _applied.Number)
        {
            return false;
        }

        using (Uninterrupted.Enter(_lock))
        {
            newer = _underWay;
        }

        return newer.Number > _applied.Number;
    }

    // The lock does not span the underlying clock, which is a user's. One thread at a time changes the successor, and goes on until it has made
    // the newest change; who comes meanwhile leaves theirs to it. So none is made twice: a one-shot that has fired would fire again.
    private void HandOver(TimerChange change)
    {
        using (Uninterrupted.Enter(_lock))
        {
            if (change.Number <= _handedOver.Number)
            {
                return;
            }

            _handedOver = change;
            if (_isHandingOver)
            {
                return;
            }

            _isHandingOver = true;
        }

        do
        {
            try
            {
                Follow(change);
            }
            catch (Exception exception)
            {
                _core.Faults.Report(new Fault(FaultOrigin.TimeProvider, exception));
            }
        }
        while (HasMoreToFollow(ref change));
    }

    private void Follow(TimerChange change)
    {
        if (_isDisposed)
        {
            _successor?.Dispose();
            return;
        }

        _successor ??= _underlying.CreateTimer(static timer => ((ProvidedTimer)timer!).Call(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        long left = Math.Max(change.Due - _core.Timers.MonotonicClock.Now, 0);
        _successor.Change(
            change.Due == TimingWheel.Never ? Timeout.InfiniteTimeSpan : SpanOf(left),
            change.Period == 0 ? Timeout.InfiniteTimeSpan : SpanOf(change.Period));
    }

    private bool HasMoreToFollow(ref TimerChange change)
    {
        using (Uninterrupted.Enter(_lock))
        {
            _isHandingOver = _handedOver.Number != change.Number;
            change = _handedOver;
            return _isHandingOver;
        }
    }

    private void Call()
    {
        Interlocked.Increment(ref _calls);
        try
        {
            if (!_isDisposed)
            {
                CallInContext();
            }
        }
        finally
        {
            if (Interlocked.Decrement(ref _calls) == 0)
            {
                Volatile.Read(ref _ended)?.TrySetResult();
            }
        }
    }

    private void CallInContext()
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
