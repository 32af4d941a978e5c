namespace Vigil;

/// <summary>Work whose result, or exception, completes a task.</summary>
internal sealed class TaskWork<T> : PendingWork
{
    private readonly Func<T> _work;
    private readonly TaskCompletionSource<T> _completion;

    /// <param name="work">The delegate to run.</param>
    /// <param name="callback">The user's delegate, which <paramref name="work"/> may wrap.</param>
    /// <param name="options">How its task is made.</param>
    public TaskWork(Func<T> work, Delegate callback, TaskCreationOptions options)
    {
        _completion = new TaskCompletionSource<T>(options);
        _work = work;
        Callback = callback;
    }

    public Task<T> Task => _completion.Task;

    protected override Delegate Callback { get; }

    protected override WorkOutcome Execute()
    {
        try
        {
            T result = _work();
            EndActivity();
            _completion.SetResult(result);
            return WorkOutcome.Done;
        }
        catch (Exception exception)
        {
            EndActivity(exception);
            _completion.SetException(exception);
            return WorkOutcome.Failed;
        }
    }

    protected override void OnCancelled(CancellationToken token) => _completion.TrySetCanceled(token);
}
