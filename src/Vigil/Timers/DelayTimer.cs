using Vigil.Messaging;
using Vigil.Timing;

namespace Vigil;

/// <summary>A task that the loop completes at a due time. Continuations on the loop run within the timer's turn.</summary>
internal sealed class DelayTimer : TaskCompletionSource, ITimerTarget, ICallbackOwner, IMailboxItem
{
    private readonly LoopCore _core;
    private readonly CancellationToken _cancellationToken;
    private CancellationTokenRegistration _cancellation;
    private int _slot;

    private DelayTimer(LoopCore core, CancellationToken cancellationToken)
    {
        _core = core;
        _cancellationToken = cancellationToken;
    }

    // Continuations run within the timer's turn, and the runtime does not reveal their methods.
    string ICallbackOwner.MethodName => "what awaits EventManager.Delay";

    string ICallbackOwner.Description => "posted work (what awaits EventManager.Delay)";

    FaultOrigin ICallbackOwner.FaultOrigin => FaultOrigin.PostedWork;

    object ICallbackOwner.Key => typeof(DelayTimer);

    /// <summary>Starts a delay. On the loop.</summary>
    public static Task Start(LoopCore core, TimeSpan delay, CancellationToken cancellationToken)
    {
        TimerEvent.RequireSpan(delay, nameof(delay));
        var timer = new DelayTimer(core, cancellationToken);
        using (core.Claim())
        {
            timer.Start(delay);
        }

        return timer.Task;
    }

    private void Start(TimeSpan delay)
    {
        ClockTimers timers = _core.Timers.Open(TimerClock.Monotonic);
        _slot = delay == TimeSpan.Zero
            ? timers.StartNow(_slot, this, out _)
            : timers.Start(_slot, this, delay == Timeout.InfiniteTimeSpan ? TimingWheel.Never : timers.After(Nanoseconds.Of(delay)));
        _cancellation = _cancellationToken.UnsafeRegister(static delay => ((DelayTimer)delay!).OnCancelled(), this);
    }

    public void OnMoved(int slot) => _slot = slot;

    public bool Fire(long now)
    {
        _slot = TimingWheel.NotStarted;
        _cancellation.Unregister();
        return TrySetResult();
    }

    // Not inline: continuations must not run in the middle of the manager's disposal.
    public void OnAbandoned()
    {
        _slot = TimingWheel.NotStarted;
        _cancellation.Unregister();
        ThreadPool.UnsafeQueueUserWorkItem(
            static delay => delay.TrySetException(
                new ObjectDisposedException(delay._core.Name, "The event manager was disposed before the delay was over.")),
            this,
            preferLocal: false);
    }

    // Cancelled elsewhere.
    int IMailboxItem.Deliver()
    {
        Stop();
        return 0;
    }

    // The delay is already cancelled, and nothing is left to stop.
    bool IMailboxItem.Abandon() => true;

    // Runs on the cancelling thread. Only the loop may touch the wheel, so the timer may stay there a moment longer; firing then has no
    // effect.
    private void OnCancelled()
    {
        if (!_core.Lifetime.IsMine)
        {
            TrySetCanceled(_cancellationToken);
            _core.Mailbox.PostUnbounded(this);
            return;
        }

        Stop();
        TrySetCanceled(_cancellationToken);
    }

    private void Stop()
    {
        if (_slot != TimingWheel.NotStarted)
        {
            _core.Timers.Of(TimerClock.Monotonic).Cancel(_slot);
            _slot = TimingWheel.NotStarted;
        }
    }
}
