using Vigil.Messaging;

namespace Vigil;

/// <summary>An event's callback that runs on workers, one at a time.</summary>
/// <remarks>
/// <para>Two threads take part. The loop sends, and learns by a message that the callback has ended; in between <see cref="IsBusy"/> is true, the event
/// sends nothing, and what it waits for is disarmed or remembered. A worker runs. One word decides between them:</para>
/// <code>
/// Idle ──send──► Queued ──begin──► Running ──end──► Idle
///                 │  ▲
///         withdraw│  │send
///                 ▼  │
///               Withdrawn ──begin──► Idle
/// </code>
/// <para>The loop withdraws what has not begun; the item stays in the workers' queue, to be used again by the next sending, or to be found withdrawn. So there is
/// at most one item of an event in the queue, whatever happens. Each change is one compare-and-swap, so withdrawing and beginning exclude each other.</para>
/// <para>The argument is written before the word says Queued, and read after it says Running.</para>
/// </remarks>
internal abstract class WorkerCallback
{
    private const int Idle = 0;
    private const int Queued = 1;
    private const int Withdrawn = 2;
    private const int Running = 3;

    private readonly WorkItem _item;
    private int _state;
    private int _runningThread;
    private volatile bool _isRevoked;
    private TaskCompletionSource? _ended;

    protected WorkerCallback(CallbackEvent callbackEvent, CallbackTarget target)
    {
        Event = callbackEvent;
        Target = target;
        _item = WorkItems.Of(target.Work, this);
    }

    public CallbackEvent Event { get; }

    public CallbackTarget Target { get; }

    /// <summary>Whether it was sent, and has not ended as far as the loop knows. For the loop.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Whether the calling thread is the worker that runs it. Any thread.</summary>
    public bool IsRunningHere => Volatile.Read(ref _runningThread) == Environment.CurrentManagedThreadId;

    /// <summary>Whether the event was cancelled, so that nothing further is to be called. Any thread.</summary>
    public bool IsRevoked => _isRevoked;

    /// <summary>Takes back what has not begun. For the loop. False where there is nothing to take back.</summary>
    public bool Withdraw()
    {
        bool isTakenBack = IsBusy && Interlocked.CompareExchange(ref _state, Withdrawn, Queued) == Queued;
        IsBusy &= !isTakenBack;
        return isTakenBack;
    }

    /// <summary>Nothing begins any more: what is queued finds this when its turn comes. Any thread.</summary>
    public void Revoke() => _isRevoked = true;

    /// <summary>After it was revoked: a task that ends when it does not run any more. Any thread.</summary>
    public Task WhenEnded()
    {
        TaskCompletionSource created = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource ended = Interlocked.CompareExchange(ref _ended, created, null) ?? created;
        if (Volatile.Read(ref _state) != Running)
        {
            ended.TrySetResult();
        }

        return ended.Task;
    }

    /// <summary>On a worker: runs it, unless it was withdrawn.</summary>
    public WorkOutcome Run()
    {
        while (true)
        {
            if (Interlocked.CompareExchange(ref _state, Running, Queued) == Queued)
            {
                return RunNow();
            }

            // It may be sent again in between. Neither the one nor the other is an item that an executor runs twice.
            if (Interlocked.CompareExchange(ref _state, Idle, Withdrawn) != Queued)
            {
                return WorkOutcome.Cancelled;
            }
        }
    }

    /// <summary>It will not run: the workers end with it in their queue. Any thread.</summary>
    public void Drop()
    {
        if (Interlocked.Exchange(ref _state, Idle) == Queued)
        {
            Event.Manager.Mailbox.PostUnbounded(new Message<EventManager>(RefusalKind.Instance, this));
        }
    }

    public override string ToString() => Event.ToString()!;

    /// <summary>After the argument was set: gives it to the workers. For the loop, while it is not busy.</summary>
    protected void Send()
    {
        IsBusy = true;
        if (Interlocked.CompareExchange(ref _state, Queued, Withdrawn) == Withdrawn)
        {
            return;
        }

        Volatile.Write(ref _state, Queued);
        if (!Event.Manager.Work.TrySend(in _item))
        {
            Volatile.Write(ref _state, Idle);
            OnRefused();
        }
    }

    /// <summary>Calls the user's delegate.</summary>
    protected abstract void Invoke();

    /// <summary>Something was thrown on the worker, which is a fault of the loop. On the worker.</summary>
    public void PostFault(Exception exception)
    {
        var message = new Message<EventManager>(FaultKind.Instance, this, exception);
        if (Event.Manager.Mailbox.PostUnbounded(in message) == PostResult.Closed)
        {
            message.Abandon();
        }
    }

    private WorkOutcome RunNow()
    {
        WorkOutcome outcome = WorkOutcome.Cancelled;
        if (!_isRevoked && !Event.Manager.IsDisposed)
        {
            Volatile.Write(ref _runningThread, Environment.CurrentManagedThreadId);
            try
            {
                Invoke();
                outcome = WorkOutcome.Done;
            }
            catch (Exception exception)
            {
                PostFault(exception);
                outcome = WorkOutcome.Failed;
            }

            Volatile.Write(ref _runningThread, 0);
        }

        // A full fence: either whoever wants to know of the end sees that it has come, or his wish is seen here.
        Interlocked.Exchange(ref _state, Idle);
        Interlocked.Exchange(ref _ended, null)?.TrySetResult();
        PostEnd();
        return outcome;
    }

    private void PostEnd() => Event.Manager.Mailbox.PostUnbounded(new Message<EventManager>(EndKind.Instance, this));

    private int OnEnded()
    {
        IsBusy = false;
        return Event.Manager.IsDisposed ? 0 : Event.OnWorkerEnded();
    }

    private int OnRefused()
    {
        IsBusy = false;
        var refusal = new EventManagerException(
            EventManagerError.WorkQueueFull, $"The workers did not run the callback of {Event}: they end, or are full.", Event.DescriptorNumber);
        Event.Manager.Faults.Report(new FaultReport(Event.FaultOrigin, refusal) { Event = Event, Fd = Event.DescriptorNumber });
        return Event.OnWorkerRefused();
    }

    private sealed class EndKind : MessageKind<EventManager>
    {
        public static readonly EndKind Instance = new();

        public override int Deliver(EventManager target, in Message<EventManager> message) => ((WorkerCallback)message.Action).OnEnded();

        public override bool Abandon(in Message<EventManager> message) => true;
    }

    private sealed class RefusalKind : MessageKind<EventManager>
    {
        public static readonly RefusalKind Instance = new();

        public override int Deliver(EventManager target, in Message<EventManager> message) => ((WorkerCallback)message.Action).OnRefused();

        public override bool Abandon(in Message<EventManager> message) => true;
    }

    private sealed class FaultKind : MessageKind<EventManager>
    {
        public static readonly FaultKind Instance = new();

        public override int Deliver(EventManager target, in Message<EventManager> message)
        {
            CallbackEvent callbackEvent = ((WorkerCallback)message.Action).Event;
            target.Faults.OnThrown(callbackEvent, (Exception)message.State!, callbackEvent.DescriptorNumber);
            return 0;
        }

        public override bool Abandon(in Message<EventManager> message)
        {
            CallbackEvent callbackEvent = ((WorkerCallback)message.Action).Event;
            callbackEvent.Manager.Faults.Report(new FaultReport(callbackEvent.FaultOrigin, (Exception)message.State!) { Event = callbackEvent, Fd = callbackEvent.DescriptorNumber });
            return true;
        }
    }
}

/// <summary>A callback on workers with what it is given.</summary>
internal sealed class WorkerCallback<TEvent, TArgument> : WorkerCallback
    where TEvent : CallbackEvent
{
    private readonly Action<TEvent, TArgument> _callback;
    private TArgument _argument = default!;

    /// <param name="callbackEvent">Whose it is.</param>
    /// <param name="target">Which worker.</param>
    /// <param name="callback">What the worker calls: the Invoke of the user's delegate, if that is all.</param>
    public WorkerCallback(TEvent callbackEvent, CallbackTarget target, Action<TEvent, TArgument> callback)
        : base(callbackEvent, target)
    {
        _callback = callback;
    }

    /// <summary>The user's delegate, which is what its Invoke is bound to.</summary>
    public Delegate Callback => _callback.Target as Delegate ?? _callback;

    /// <summary>What it was sent with last. For the loop.</summary>
    public TArgument Argument => _argument;

    /// <summary>Lets a worker call back. For the loop, while it is not busy.</summary>
    public void Send(TEvent callbackEvent, TArgument argument)
    {
        _argument = argument;
        Send();
    }

    protected override void Invoke() => _callback((TEvent)Event, _argument);
}
