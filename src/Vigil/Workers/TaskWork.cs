namespace Vigil;

/// <summary>Work whose result, or exception, completes a task.</summary>
internal sealed class TaskWork<T> : PendingWork
{
    private readonly Func<T> _work;
    private readonly Delegate _callback;
    private readonly TaskCompletionSource<T> _completion;

    /// <param name="work">The delegate to run.</param>
    /// <param name="callback">The user's delegate, which <paramref name="work"/> may wrap.</param>
    /// <param name="options">How its task is made.</param>
    public TaskWork(Func<T> work, Delegate callback, TaskCreationOptions options)
    {
        _completion = new TaskCompletionSource<T>(options);
        _work = work;
        _callback = callback;
    }

    public Task<T> Task => _completion.Task;

    public override string ToString() => MethodName.Of(_callback);

    protected override WorkOutcome Execute()
    {
        try
        {
            _completion.SetResult(_work());
            return WorkOutcome.Done;
        }
        catch (Exception exception)
        {
            _completion.SetException(exception);
            return WorkOutcome.Failed;
        }
    }

    protected override void OnCancelled(CancellationToken token) => _completion.TrySetCanceled(token);
}
