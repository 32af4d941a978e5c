namespace Vigil;

/// <summary>
/// Asynchronous work: completes its sender's task when the task has ended that it returned. It does so on the thread that ends that one:
/// by way of the thread pool it would be later, and in a simulation at a time that no seed decides.
/// </summary>
internal abstract class AsyncWork<TTask> : PendingWork
    where TTask : Task
{
    private readonly Func<TTask?> _work;

    protected AsyncWork(Func<TTask?> work) => _work = work;

    protected override Delegate Callback => _work;

    protected override WorkOutcome Execute()
    {
        TTask? task;
        try
        {
            task = _work();
        }
        catch (Exception exception)
        {
            EndActivity(exception);
            OnThrown(exception);
            return WorkOutcome.Failed;
        }

        if (task is null)
        {
            EndActivity();
            OnCancelled(new CancellationToken(canceled: true));
        }
        else if (task.IsCompleted)
        {
            EndActivity(task);
            OnEnded(task);
        }
        else
        {
            _ = task.ContinueWith(
                static (ended, self) =>
                {
                    var work = (AsyncWork<TTask>)self!;
                    work.EndActivity(ended);
                    work.OnEnded((TTask)ended);
                },
                this,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }

        return WorkOutcome.Done;
    }

    /// <summary>The delegate threw, and returned no task.</summary>
    protected abstract void OnThrown(Exception exception);

    /// <summary>The task that it returned has ended.</summary>
    protected abstract void OnEnded(TTask task);
}

/// <summary>Asynchronous work without a result.</summary>
internal sealed class AsyncActionWork : AsyncWork<Task>
{
    private readonly TaskCompletionSource _completion;

    public AsyncActionWork(Func<Task?> work, TaskCreationOptions options)
        : base(work) => _completion = new TaskCompletionSource(options);

    public Task Task => _completion.Task;

    protected override void OnThrown(Exception exception) => _completion.TrySetException(exception);

    protected override void OnEnded(Task task) => _completion.TrySetFromTask(task);

    protected override void OnCancelled(CancellationToken token) => _completion.TrySetCanceled(token);
}

/// <summary>Asynchronous work with a result.</summary>
internal sealed class AsyncResultWork<T> : AsyncWork<Task<T>>
{
    private readonly TaskCompletionSource<T> _completion;

    public AsyncResultWork(Func<Task<T>?> work, TaskCreationOptions options)
        : base(work) => _completion = new TaskCompletionSource<T>(options);

    public Task<T> Task => _completion.Task;

    protected override void OnThrown(Exception exception) => _completion.TrySetException(exception);

    protected override void OnEnded(Task<T> task) => _completion.TrySetFromTask(task);

    protected override void OnCancelled(CancellationToken token) => _completion.TrySetCanceled(token);
}
