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
    private readonly Delegate _callback;
    private readonly CancellationToken _cancellationToken;
    private CancellationTokenRegistration _cancellation;
    private ITimer? _timeout;

    /// <param name="call">What is run.</param>
    /// <param name="callback">What the user gave, which the call may be around.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public AsyncCall(Func<EventManager, T> call, Delegate callback, CancellationToken cancellationToken)
    {
        _call = call;
        _callback = callback;
        _cancellationToken = cancellationToken;
        WatchCancellation();
    }

    /// <inheritdoc cref="AsyncCall{T}(Func{EventManager, T}, Delegate, CancellationToken)"/>
    public AsyncCall(Func<EventManager, Task<T>> call, Delegate callback, CancellationToken cancellationToken)
    {
        _taskCall = call;
        _callback = callback;
        _cancellationToken = cancellationToken;
        WatchCancellation();
    }

    public Task<T> Task => _completion.Task;

    public override Delegate Callback => _callback;

    /// <summary>Before it is sent: lets the task fail when a time is over. A closure that has not begun by then does not run; one that has goes on.</summary>
    public void FailAfter(TimeSpan timeout, TimeProvider clock)
    {
        _timeout = clock.CreateTimer(static call => ((AsyncCall<T>)call!).OnTimeout(), this, timeout, Timeout.InfiniteTimeSpan);

        // Cancelled meanwhile? Whoever completes the task looks for the timer afterwards; a full fence, so that one sees the other.
        Interlocked.MemoryBarrier();
        if (_completion.Task.IsCompleted)
        {
            StopWatching();
        }
    }

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
                StopWatching();
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
        StopWatching();
    }

    private void OnCancelled(CancellationToken token)
    {
        _completion.TrySetCanceled(token);
        Volatile.Read(ref _timeout)?.Dispose();
    }

    private void OnTimeout() => TryFail(new TimeoutException("The call was not finished in time. If it had begun it goes on, and its result is dropped."));

    private void StopWatching()
    {
        _cancellation.Unregister();
        _timeout?.Dispose();
    }

    private bool TryFail(Exception exception)
    {
        bool isTold = _completion.TrySetException(exception);
        StopWatching();
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
                StopWatching();
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
            static (call, token) => ((AsyncCall<T>)call!).OnCancelled(token),
            this);
    }
}
