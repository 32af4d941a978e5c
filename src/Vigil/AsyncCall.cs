namespace Vigil;

/// <summary>
/// A closure whose sender holds a task. The sender's continuations never run on the loop: the task completes them elsewhere.
/// A closure that itself returns a task is finished when that is; meanwhile the call is in flight, and fails if the manager is disposed.
/// </summary>
internal sealed class AsyncCall<T> : PendingCall
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<EventManager, Task<T>>? _taskCall;
    private readonly Func<EventManager, T>? _call;
    private readonly CancellationToken _cancellationToken;
    private CancellationTokenRegistration _cancellation;

    public AsyncCall(Func<EventManager, T> call, CancellationToken cancellationToken)
    {
        _call = call;
        _cancellationToken = cancellationToken;
        WatchCancellation();
    }

    public AsyncCall(Func<EventManager, Task<T>> call, CancellationToken cancellationToken)
    {
        _taskCall = call;
        _cancellationToken = cancellationToken;
        WatchCancellation();
    }

    public Task<T> Task => _completion.Task;

    public override void Run(EventManager manager)
    {
        if (_completion.Task.IsCompleted)
        {
            return;
        }

        try
        {
            if (_call is not null)
            {
                _completion.TrySetResult(_call(manager));
                _cancellation.Unregister();
                return;
            }

            Follow(manager, _taskCall!(manager));
        }
        catch (Exception exception) when (TryFail(exception))
        {
            // Its sender has it. If its sender is gone, it goes on to the fault policy.
        }
    }

    public override void Fail(Exception exception) => TryFail(exception);

    /// <summary>Its sender does not wait any longer. If it began it goes on; what it throws then is the fault policy's.</summary>
    public void Abandon()
    {
        _completion.TrySetCanceled(CancellationToken.None);
        _cancellation.Unregister();
    }

    private bool TryFail(Exception exception)
    {
        bool isTold = _completion.TrySetException(exception);
        _cancellation.Unregister();
        return isTold;
    }

    private void Follow(EventManager manager, Task<T> task)
    {
        manager.InFlightCalls.Add(this);
        _ = task.ContinueWith(
            finished =>
            {
                manager.InFlightCalls.Remove(this);
                bool isTold = _completion.TrySetFromTask(finished);
                _cancellation.Unregister();
                if (!isTold && finished.Exception is { } exception)
                {
                    manager.PostFault(exception.InnerException ?? exception);
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private void WatchCancellation()
    {
        _cancellation = _cancellationToken.UnsafeRegister(
            static (completion, token) => ((TaskCompletionSource<T>)completion!).TrySetCanceled(token),
            _completion);
    }
}
