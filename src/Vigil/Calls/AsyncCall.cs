namespace Vigil;

/// <summary>
/// A closure whose sender holds a task. The sender's continuations never run on the loop: the task completes them elsewhere.
/// A closure that itself returns a task is finished when that is; meanwhile the call is in flight, and fails if the manager is disposed.
/// </summary>
internal sealed class AsyncCall<T> : PendingCall
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LoopCore _core;
    private readonly InFlightCalls _inFlight;
    private readonly Func<EventManager, Task<T>>? _taskCall;
    private readonly Func<EventManager, T>? _call;
    private readonly Delegate _callback;
    private readonly CancellationToken _cancellationToken;
    private CancellationTokenRegistration _cancellation;
    private ITimer? _timeout;
    private volatile bool _isManagerGone;

    /// <param name="core">The loop that runs it.</param>
    /// <param name="inFlight">Where it is noted while its task is not finished.</param>
    /// <param name="call">What is run.</param>
    /// <param name="callback">What the user gave, which the call may be around.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public AsyncCall(LoopCore core, InFlightCalls inFlight, Func<EventManager, T> call, Delegate callback, CancellationToken cancellationToken)
    {
        _core = core;
        _inFlight = inFlight;
        _call = call;
        _callback = callback;
        _cancellationToken = cancellationToken;
        WatchCancellation();
    }

    /// <inheritdoc cref="AsyncCall{T}(LoopCore, InFlightCalls, Func{EventManager, T}, Delegate, CancellationToken)"/>
    public AsyncCall(LoopCore core, InFlightCalls inFlight, Func<EventManager, Task<T>> call, Delegate callback, CancellationToken cancellationToken)
    {
        _core = core;
        _inFlight = inFlight;
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

            Follow(_taskCall!(manager) ?? throw new InvalidOperationException("The closure returned null where a task was expected."));
        }
        catch (Exception exception)
        {
            // Not by an exception filter, which would run before the closure's finally blocks. If its sender is gone, it goes on to the fault policy.
            if (!TryFail(exception))
            {
                throw;
            }
        }
    }

    public override void Fail(ObjectDisposedException exception)
    {
        _isManagerGone = true;
        TryFail(exception);
    }

    public override bool TryAbandon()
    {
        bool isAbandoned = _completion.TrySetCanceled(CancellationToken.None);
        StopWatching();
        return isAbandoned;
    }

    private void OnCancelled(CancellationToken token)
    {
        _completion.TrySetCanceled(token);
        StopTimer();
    }

    private void OnTimeout() => TryFail(new TimeoutException("The call was not finished in time. If it had begun it goes on, and its result is dropped."));

    private void StopWatching()
    {
        _cancellation.Unregister();
        StopTimer();
    }

    // The clock is a user's. What its timers throw must not reach whoever happens to end the call: the loop, a canceller, the thread that ends the manager.
    private void StopTimer()
    {
        try
        {
            Volatile.Read(ref _timeout)?.Dispose();
        }
        catch (Exception exception)
        {
            _core.PostFault(FaultOrigin.TimeProvider, exception);
        }
    }

    private bool TryFail(Exception exception)
    {
        bool isTold = _completion.TrySetException(exception);
        StopWatching();
        return isTold;
    }

    private void Follow(Task<T> task)
    {
        _inFlight.Add(this);
        _ = task.ContinueWith(
            static (finished, self) => ((AsyncCall<T>)self!).OnFinished(finished),
            this,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private void OnFinished(Task<T> finished)
    {
        _inFlight.Remove(this);
        bool isTold = _completion.TrySetFromTask(finished);
        StopWatching();
        if (!isTold && finished.Exception is { } exception && !(_isManagerGone && exception.InnerExceptions.All(IsOfDisposal)))
        {
            _core.PostFault(FaultOrigin.PostedWork, exception.InnerExceptions.Count == 1 ? exception.InnerExceptions[0] : exception);
        }
    }

    // What a closure throws because the manager went away under it. Its sender was told of that already.
    private static bool IsOfDisposal(Exception exception) => exception is ObjectDisposedException or OperationCanceledException;

    private void WatchCancellation()
    {
        _cancellation = _cancellationToken.UnsafeRegister(
            static (call, token) => ((AsyncCall<T>)call!).OnCancelled(token),
            this);
    }
}
