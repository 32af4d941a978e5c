using Vigil.Diagnostics;
using Vigil.Threading;

namespace Vigil;

/// <summary>A manager's access to its workers: the executor it was given, or a pool of its own, made at the first work.</summary>
internal sealed class LoopWorkers
{
    private readonly LoopCore _core;
    private readonly WorkContext _sender;
    private readonly Lock _gate = new();
    private volatile IWorkExecutor? _executor;
    private WorkerPool? _own;
    private bool _isEnded;

    public LoopWorkers(LoopCore core, IWorkExecutor? executor)
    {
        _core = core;
        _executor = executor;
        _sender = new WorkContext(OnFailed);
    }

    /// <summary>Any thread. The first call starts the manager's own threads, unless it was given an executor.</summary>
    public IWorkExecutor Executor => _executor ?? OpenOwn();

    public void Execute(WorkTarget target, Action work, CancellationToken token)
    {
        if (!token.CanBeCanceled && !CallbackActivity.IsWantedHere)
        {
            Send(WorkItems.Of(target, work, _sender), CancellationToken.None);
            return;
        }

        Send(target, new CancellableWork(work, work), _sender, token);
    }

    public void Execute<TState>(WorkTarget target, Action<TState> work, TState state)
    {
        if (CallbackActivity.IsWantedHere)
        {
            ExecuteInTrace(target, work, state);
        }
        else
        {
            Send(WorkItems.Of(target, work, state, _sender), CancellationToken.None);
        }
    }

    public Task<T> ExecuteAsync<T>(WorkTarget target, TaskWork<T> work, CancellationToken token)
    {
        SendOrCancel(target, work, _sender, token);
        return LoopTask.Of(_core, work.Task);
    }

    /// <summary>Asynchronous work. All its parts run on workers.</summary>
    public Task ExecuteAsync(WorkTarget target, Func<Task> work, CancellationToken token)
    {
        AsyncActionWork pending = new(work, _core.TaskOptions);
        SendOrCancel(target, pending, new AsyncWorkContext(this, target, OnFailed), token);
        return LoopTask.Of(_core, pending.Task);
    }

    /// <inheritdoc cref="ExecuteAsync(WorkTarget, Func{Task}, CancellationToken)"/>
    public Task<T> ExecuteAsync<T>(WorkTarget target, Func<Task<T>> work, CancellationToken token)
    {
        AsyncResultWork<T> pending = new(work, _core.TaskOptions);
        SendOrCancel(target, pending, new AsyncWorkContext(this, target, OnFailed), token);
        return LoopTask.Of(_core, pending.Task);
    }

    public void Execute<T>(WorkTarget target, Func<T> work, Action<EventManager, T> completed, CancellationToken token) =>
        Send(target, new LoopWork<T>(_core, work, completed), _sender, token);

    /// <summary>Checks that the target exists, before an event is made whose callback is to run there.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed and had no workers.</exception>
    public void Require(WorkTarget target) => RequireThread(Executor, target.ThreadNumber ?? -1, nameof(target));

    /// <summary>Gives an event's callback to the workers. False if they refuse it.</summary>
    public bool TrySend(in WorkItem item)
    {
        try
        {
            return Executor.TryExecute(in item);
        }
        catch (Exception exception)
        {
            _core.Faults.Report(new Fault(FaultOrigin.Work, exception));
            return false;
        }
    }

    /// <summary>
    /// Gives the workers a continuation of work that they have begun. False if they refuse it, for instance because they are ending. Any
    /// thread.
    /// </summary>
    public bool TryContinue(in WorkItem item)
    {
        try
        {
            return Executor.TryExecute(in item);
        }
        catch (Exception)
        {
            // The continuation runs elsewhere. There is nothing to report.
            return false;
        }
    }

    /// <summary>At the manager's disposal: its own threads end once they have run their queued work. No one waits for them.</summary>
    public void End()
    {
        using (Uninterrupted.Enter(_gate))
        {
            _isEnded = true;
        }

        _own?.EndUnawaited();
    }

    // Separate, because the object that the lambda captures is made when its method is entered.
    private void ExecuteInTrace<TState>(WorkTarget target, Action<TState> work, TState state) =>
        Send(target, new CancellableWork(() => work(state), work), _sender, CancellationToken.None);

    private void SendOrCancel(WorkTarget target, PendingWork pending, WorkContext sender, CancellationToken token)
    {
        try
        {
            Send(target, pending, sender, token);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // Cancelled while waiting for room. The task reports it.
        }
    }

    private void Send(WorkTarget target, PendingWork pending, WorkContext sender, CancellationToken token)
    {
        if (CallbackActivity.IsWantedHere)
        {
            pending.Trace(_core.Name, target.Priority);
        }

        pending.CancelBy(token);
        Send(WorkItems.Of(target, pending, sender), token);
    }

    private void Send(in WorkItem item, CancellationToken token)
    {
        IWorkExecutor executor;
        bool isTaken;
        try
        {
            // Also checked if the workers belong to others and outlive the manager.
            ObjectDisposedException.ThrowIf(_core.IsDisposed, _core.Manager);
            executor = Executor;
            RequireThread(executor, item.Thread, nameof(item));
            isTaken = executor.TryExecute(in item, token);
        }
        catch
        {
            item.Drop();
            throw;
        }

        if (!isTaken)
        {
            item.Drop();
            ObjectDisposedException.ThrowIf(_core.IsDisposed, _core.Manager);
            throw new EventManagerException(
                EventManagerError.WorkQueueFull,
                $"{executor} takes no more work: its queue is full, or it is shutting down." +
                " Send less, or raise WorkerPoolOptions.QueueCapacity.");
        }
    }

    private static void RequireThread(IWorkExecutor executor, int thread, string parameter)
    {
        if (thread >= executor.ThreadCount && thread >= 0)
        {
            throw new ArgumentOutOfRangeException(parameter, thread, executor.ThreadCount == 0
                ? "These workers cannot pin work to a thread."
                : $"Work can be pinned to the threads 0 to {executor.ThreadCount - 1}.");
        }
    }

    private WorkerPool OpenOwn()
    {
        using (Uninterrupted.Enter(_gate))
        {
            ObjectDisposedException.ThrowIf(_isEnded, _core.Manager);
            _executor = _own ??= new WorkerPool(new WorkerPoolOptions(), publishes: false);
        }

        // Outside of the lock: listeners that are notified may send work to this manager or dispose it, on any thread, and wait for that.
        PoolMeter.Publish();
        return _own;
    }

    private void OnFailed(Exception exception) => _core.PostFault(FaultOrigin.Work, exception);
}
