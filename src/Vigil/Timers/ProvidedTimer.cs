using System.Diagnostics;
using Vigil.Diagnostics;
using Vigil.Messaging;
using Vigil.Threading;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// A timer of <see cref="EventManager.TimeProvider"/>. Any thread may change and dispose it. Its callback runs on the loop, in the
/// execution context of its creation.
/// </summary>
/// <remarks>
/// <para>Only the loop may touch the timing wheel. A change on the loop is applied at once; one from another thread goes through the
/// mailbox, with the due time computed when it was requested. Changes are numbered, and a change older than the applied one is dropped. A
/// pending change whose due time has not come holds back firing by older changes, so a timer that was postponed or stopped does not fire
/// because the loop was busy or asleep. A pending change that is already due does not hold back firing; otherwise a thread that keeps
/// requesting calls could prevent them.</para>
/// <para>Calls are counted, so that <see cref="DisposeAsync"/> completes when none is running. A call increments the count, then checks
/// whether the timer is disposed; disposal sets the flag, then checks the count. Full fences separate both steps, so at least one sees the
/// other.</para>
/// <para>After the loop's end a timer of the underlying clock, the successor, takes over later changes, and those then under way or
/// waiting. The takeover runs on the thread pool, because the underlying clock is a user's and may call back at once. The successor follows
/// each change at most once: a one-shot that follows one twice fires twice. Exceptions of the underlying clock are reported. They affect
/// neither the thread that hands over nor newer changes.</para>
/// </remarks>
internal sealed class ProvidedTimer : ITimer, ITimerTarget, ICallbackOwner, IMailboxItem<TimerChange>
{
    // The longest time the system's timers accept, in milliseconds; longer means infinite.
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

    // Under the lock: the newest change posted to the loop.
    private TimerChange _underWay;

    // Under the lock: the newest change for the successor to follow, and whether a thread is applying it. Only that thread uses the
    // successor.
    private TimerChange _handedOver;
    private bool _isHandingOver;
    private ITimer? _successor;

    // For the loop only.
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

    // Timers come and go; their method stays.
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
            dueTime == Timeout.InfiniteTimeSpan
                ? TimingWheel.Never
                : ClockTimers.After(_core.Timers.MonotonicClock, Nanoseconds.Of(dueTime)),
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
    /// Completes when no call of the callback is running and none will follow. As with the system's timers, the callback itself must not
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

        TaskCompletionSource created = new(_core.TaskOptions);
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

    int IMailboxItem<TimerChange>.Deliver(TimerChange change)
    {
        Apply(change);
        return 0;
    }

    // The loop has ended: the underlying clock takes the timer over.
    bool IMailboxItem<TimerChange>.Abandon(TimerChange change)
    {
        HandOverLater(change);
        return true;
    }

    // On the loop.
    private void Apply(TimerChange change)
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

    /// <summary>The loop has ended: hands the timer to the underlying clock.</summary>
    public void HandOverLater(TimerChange change) =>
        ThreadPool.UnsafeQueueUserWorkItem(
            static work => work.Timer.HandOver(work.Change), (Timer: this, Change: change), preferLocal: false);

    private static TimeSpan SpanOf(long nanoseconds)
    {
        // Rounded up to the system timers' milliseconds: late rather than early, and never zero.
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

            if (_core.Mailbox.PostUnbounded(this, change) == PostResult.Closed)
            {
                HandOver(change);
            }
        }
    }

    // Whether a change newer than the applied one is pending. For the loop.
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

    // The lock does not span calls to the underlying clock, which is a user's. One thread at a time changes the successor, until it has
    // applied the newest change; others leave their changes to it. So no change is applied twice, which would fire a one-shot again.
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

        _successor ??= _underlying.CreateTimer(
            static timer => ((ProvidedTimer)timer!).Call(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
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
                if (CallbackActivity.IsWantedHere)
                {
                    self.CallInTrace();
                }
                else
                {
                    self._callback(self._state);
                }
            },
            this);
    }

    private void CallInTrace()
    {
        Activity? activity = CallbackActivity.StartCallback(
            _core.Name, _callback, FaultOrigin.TimeProvider, name: null, senders: null);
        try
        {
            // A listener may have disposed it.
            if (!_isDisposed)
            {
                _callback(_state);
            }
        }
        catch (Exception exception)
        {
            CallbackActivity.Fail(activity, exception);
            throw;
        }

        CallbackActivity.End(activity);
    }
}
