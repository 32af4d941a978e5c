using System.Diagnostics;
using Vigil.Diagnostics;
using Vigil.Messaging;

namespace Vigil;

/// <summary>
/// An event's callback that outlasts its delivery: it runs on workers, or is asynchronous, or both. At most one runs at a time.
/// </summary>
/// <remarks>
/// <para>The loop sends the callback and is notified by a message that it has ended. In between <see cref="IsBusy"/> is true and the event
/// sends nothing: its source is disarmed, or what it reports is remembered. An asynchronous callback ends when its task does. One state
/// word arbitrates between the loop and a worker:</para>
/// <code>
/// Idle ──send──► Queued ──begin──► Running ──end──► Idle
///                 │  ▲
///         withdraw│  │send
///                 ▼  │
///               Withdrawn ──begin──► Idle
/// </code>
/// <para>The loop withdraws a callback that has not begun. Its item stays in the workers' queue: the next send reuses it, or a worker finds
/// it withdrawn. So an event never has more than one item in the queue. Each transition is one compare-and-swap, so withdrawing and
/// beginning exclude each other. An item that the workers drop leads from Queued or Withdrawn to Idle. On the loop sending is beginning:
/// nothing is ever queued.</para>
/// <para>The argument is written before the state becomes Queued, and read after it is Running. A task's end arrives on the thread that
/// completes it; its exception is posted before the end.</para>
/// </remarks>
internal abstract class LastingCallback : IMailboxItem, ISequencedMessage
{
    private const int Idle = 0;
    private const int Queued = 1;
    private const int Withdrawn = 2;
    private const int Running = 3;

    private readonly ExecutionContext? _context = AmbientContext.Flowing;
    private readonly LoopWorkers _workers;
    private readonly WorkContext? _workContext;
    private readonly WorkItem _item;
    private int _state;

    // Written before the end is posted, and read when it is delivered: at most one end is on its way.
    private bool _wasRefused;
    private volatile bool _isRevoked;
    private TaskCompletionSource? _ended;
    private Task? _task;

    // Of the callback whose task is followed.
    private Activity? _activity;
    private Action? _onTaskEnded;

    protected LastingCallback(CallbackEvent callbackEvent, LoopWorkers workers, CallbackTarget target, bool isAsynchronous)
    {
        Event = callbackEvent;
        Target = target;
        Sequence = callbackEvent.Core.Recording?.NextSequence() ?? 0;
        _workers = workers;
        if (target.IsWorker)
        {
            _workContext = isAsynchronous ? new AsyncWorkContext(workers, target.Work, PostFault) : new WorkContext(PostFault);
            _item = new WorkItem(
                static (action, _) => ((LastingCallback)action).Run(),
                static (action, _) => ((LastingCallback)action).Drop(),
                this,
                state: null,
                _workContext,
                context: null,
                target.Work)
            {
                // At most one is queued, so it needs no room in a bounded queue. It enters its creator's context itself.
                IsUnbounded = true,
            };
        }
    }

    public CallbackEvent Event { get; }

    public CallbackTarget Target { get; }

    public long Sequence { get; }

    /// <summary>The user's delegate.</summary>
    public abstract Delegate Callback { get; }

    /// <summary>Whether it was sent and the loop has not yet seen its end. For the loop.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Whether the calling thread is running it, or a part of it, on a worker. Any thread.</summary>
    public bool IsRunningHere => _workContext is not null && SynchronizationContext.Current == _workContext;

    /// <summary>Whether the event was cancelled, so that nothing more may be called. Any thread.</summary>
    public bool IsRevoked => _isRevoked;

    /// <summary>
    /// Whether the user's delegate was called at the last turn, and not if the workers refused it. For the loop, when it is not busy.
    /// </summary>
    public bool HasRun { get; private set; }

    /// <summary>Withdraws a callback that has not begun. False if there is none. For the loop.</summary>
    public bool Withdraw()
    {
        bool isTakenBack = IsBusy && Interlocked.CompareExchange(ref _state, Withdrawn, Queued) == Queued;
        IsBusy &= !isTakenBack;
        return isTakenBack;
    }

    /// <summary>Prevents callbacks from beginning: a queued one is dropped when its turn comes. Any thread.</summary>
    public void Revoke() => _isRevoked = true;

    /// <summary>Called after <see cref="Revoke"/>: a task that completes when the callback is no longer running. Any thread.</summary>
    public Task WhenEnded()
    {
        TaskCompletionSource created = new(Event.Core.TaskOptions);
        TaskCompletionSource ended = Interlocked.CompareExchange(ref _ended, created, null) ?? created;
        if (Volatile.Read(ref _state) != Running)
        {
            ended.TrySetResult();
        }

        return ended.Task;
    }

    /// <summary>Runs it on a worker, unless it was withdrawn.</summary>
    public WorkOutcome Run()
    {
        while (true)
        {
            if (Interlocked.CompareExchange(ref _state, Running, Queued) == Queued)
            {
                return RunNow();
            }

            // It may be sent again between the two exchanges: then retry. Idle or Running means that an executor runs the item twice.
            if (Interlocked.CompareExchange(ref _state, Idle, Withdrawn) != Queued)
            {
                return WorkOutcome.Cancelled;
            }
        }
    }

    /// <summary>It will not run: the workers refused it, or are ending with it in their queue. Any thread.</summary>
    public void Drop()
    {
        if (Interlocked.Exchange(ref _state, Idle) == Queued)
        {
            _wasRefused = true;
            Event.Core.Mailbox.PostUnbounded(this);
        }
    }

    // The end of one may begin the next one, on the loop.
    object IMailboxItem.Subject => Event;

    /// <summary>The loop learns that it has ended, or that the workers refused it.</summary>
    int IMailboxItem.Deliver()
    {
        IsBusy = false;
        if (!_wasRefused)
        {
            return OnEnded();
        }

        _wasRefused = false;
        return OnRefused();
    }

    // The event ends with the manager.
    bool IMailboxItem.Abandon() => true;

    public override string ToString() => Event.ToString()!;

    /// <summary>An exception on a worker, or of a task, is a fault of the loop. Any thread.</summary>
    public void PostFault(Exception exception) => Event.Core.PostFault(Event, exception);

    /// <summary>
    /// Called after the argument is set: gives it to the workers, or begins it on the loop. For the loop, while it is not busy.
    /// </summary>
    protected void Send()
    {
        IsBusy = true;
        HasRun = false;
        if (_workContext is null)
        {
            // A full fence, as a worker's compare-and-swap is one: either this thread sees that the event was revoked, or the thread that
            // revoked it sees the callback running (WhenEnded).
            Interlocked.Exchange(ref _state, Running);
            RunNow();
            return;
        }

        if (Interlocked.CompareExchange(ref _state, Queued, Withdrawn) == Withdrawn)
        {
            return;
        }

        Volatile.Write(ref _state, Queued);
        if (!_workers.TrySend(in _item))
        {
            // By message, as when the workers drop it: an event that sends the next one at once would otherwise recurse without end.
            Drop();
        }
    }

    /// <summary>Calls the user's delegate.</summary>
    /// <returns>The task whose end is the callback's end.</returns>
    protected abstract Task Invoke();

    // The caller, delivering on the loop or running the item on a worker, restores the thread's own context afterwards.
    private WorkOutcome RunNow()
    {
        Task task = Task.CompletedTask;
        WorkOutcome outcome = WorkOutcome.Cancelled;
        Activity? activity = null;
        HasRun = MayRun && TryBegin(out activity);
        if (HasRun)
        {
            try
            {
                task = Invoke();
                outcome = WorkOutcome.Done;
            }
            catch (Exception exception)
            {
                CallbackActivity.Fail(activity, exception);
                activity = null;
                OnThrown(exception);
                outcome = WorkOutcome.Failed;
            }
        }

        // A callback that returns the task waiting for its own end would wait for ever, so it counts as ended.
        if (task.IsCompletedSuccessfully || task == Volatile.Read(ref _ended)?.Task)
        {
            CallbackActivity.End(activity);
            End();
        }
        else
        {
            _activity = activity;
            Follow(task);
        }

        return outcome;
    }

    private bool MayRun => !_isRevoked && !Event.IsFileClosed && !Event.Core.IsDisposed;

    // Enters its context and starts its activity. False if a listener, which is notified of that, has cancelled the event.
    private bool TryBegin(out Activity? activity)
    {
        if (_context is not null)
        {
            AmbientContext.Enter(_context);
        }

        activity = TracedCallback.Start(Event);
        if (activity is null || MayRun)
        {
            return true;
        }

        CallbackActivity.End(activity);
        return false;
    }

    private void OnThrown(Exception exception)
    {
        if (_workContext is null)
        {
            Event.Core.Faults.OnThrown(Event, exception);
        }
        else
        {
            PostFault(exception);
        }
    }

    private void Follow(Task task)
    {
        _task = task;
        task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_onTaskEnded ??= OnTaskEnded);
    }

    private void OnTaskEnded()
    {
        try
        {
            _task!.GetAwaiter().GetResult();
            CallbackActivity.End(_activity);
        }
        catch (Exception exception)
        {
            CallbackActivity.Fail(_activity, exception);
            PostFault(exception);
        }

        _task = null;
        _activity = null;
        End();
    }

    private void End()
    {
        // A full fence: either the thread asking for the end sees Idle, or its request is seen here.
        Interlocked.Exchange(ref _state, Idle);
        Interlocked.Exchange(ref _ended, null)?.TrySetResult();
        Event.Core.Mailbox.PostUnbounded(this);
    }

    private int OnEnded() => Event.Core.IsDisposed ? 0 : Event.OnCallbackEnded();

    private int OnRefused()
    {
        var refusal = new EventManagerException(
            EventManagerError.WorkQueueFull,
            $"The workers did not run the callback of {Event}: their queue is full, or they are shutting down.",
            Event.DescriptorNumber);
        Event.Core.Faults.Report(new Fault(Event.FaultOrigin, refusal) { Owner = Event, Fd = Event.DescriptorNumber });
        return Event.OnCallbackRefused();
    }
}

/// <summary>A lasting callback with its argument.</summary>
internal sealed class LastingCallback<TEvent, TArgument> : LastingCallback, ICallbackRelay<TEvent, TArgument>
    where TEvent : CallbackEvent
{
    private readonly Func<TEvent, TArgument, Task> _invoke;
    private TArgument _argument = default!;

    /// <param name="callbackEvent">The event it belongs to.</param>
    /// <param name="workers">The workers, used if the target is a worker.</param>
    /// <param name="target">Where it runs.</param>
    /// <param name="callback">The user's delegate.</param>
    /// <param name="invoke">Calls it. Returns the task whose end is the callback's end.</param>
    /// <param name="isAsynchronous">Whether the user's delegate returns a task.</param>
    public LastingCallback(
        TEvent callbackEvent,
        LoopWorkers workers,
        CallbackTarget target,
        Delegate callback,
        Func<TEvent, TArgument, Task> invoke,
        bool isAsynchronous)
        : base(callbackEvent, workers, target, isAsynchronous)
    {
        Callback = callback;
        _invoke = invoke;
    }

    public override Delegate Callback { get; }

    /// <summary>The argument of the last send. For the loop.</summary>
    public TArgument Argument => _argument;

    /// <summary>Sends the callback. For the loop, while it is not busy.</summary>
    public void Send(TEvent callbackEvent, TArgument argument)
    {
        _argument = argument;
        Send();
    }

    void ICallbackRelay<TEvent, TArgument>.Invoke(TEvent source, TArgument argument) => Send(source, argument);

    protected override Task Invoke() => _invoke((TEvent)Event, _argument);
}
