namespace Vigil;

/// <summary>Work whose result is a task's. What it throws is the task's, too.</summary>
internal sealed class TaskWork<T> : PendingWork
{
    private readonly Func<T> _work;
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskWork(Func<T> work) => _work = work;

    public Task<T> Task => _completion.Task;

    public override string ToString() => MethodName.Of(_work);

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
