using System.Diagnostics;
using Vigil.Diagnostics;

namespace Vigil;

/// <summary>
/// A closure whose sender holds a task. The sender's continuations never run on the loop: the task runs them asynchronously, unless there
/// is only one thread (<see cref="LoopCore.TaskOptions"/>). A closure that returns a task itself ends when that task does. Until then the
/// call is in flight, and fails if the manager is disposed.
/// </summary>
internal sealed class AsyncCall<T> : PendingCall
{
    private readonly TaskCompletionSource<T> _completion;
    private readonly InFlightCalls _inFlight;
    private readonly Func<EventManager, Task<T>>? _taskCall;
    private readonly Func<EventManager, T>? _call;
    private readonly Delegate _callback;
    private readonly CancellationToken _cancellationToken;
    private CancellationTokenRegistration _cancellation;
    private ITimer? _timeout;
    private volatile bool _isManagerGone;

    // While its closure's task is unfinished. Whoever takes it ends it: the end of the task, or the disposal of the manager.
    private Activity? _activity;

    /// <param name="core">The loop that runs it.</param>
    /// <param name="inFlight">Records the call while its task is unfinished.</param>
    /// <param name="call">The closure to run.</param>
    /// <param name="callback">The user's delegate, which <paramref name="call"/> may wrap.</param>
    /// <param name="cancellationToken">Cancels the task.</param>
    public AsyncCall(
        LoopCore core,
        InFlightCalls inFlight,
        Func<EventManager, T> call,
        Delegate callback,
        CancellationToken cancellationToken)
        : base(core)
    {
        _completion = new TaskCompletionSource<T>(core.TaskOptions);
        _inFlight = inFlight;
        _call = call;
        _callback = callback;
        _cancellationToken = cancellationToken;
        RegisterCancellation();
    }

    /// <inheritdoc cref="AsyncCall{T}(LoopCore, InFlightCalls, Func{EventManager, T}, Delegate, CancellationToken)"/>
    public AsyncCall(
        LoopCore core,
        InFlightCalls inFlight,
        Func<EventManager, Task<T>> call,
        Delegate callback,
        CancellationToken cancellationToken)
        : base(core)
    {
        _completion = new TaskCompletionSource<T>(core.TaskOptions);
        _inFlight = inFlight;
        _taskCall = call;
        _callback = callback;
        _cancellationToken = cancellationToken;
        RegisterCancellation();
    }

    public Task<T> Task => _completion.Task;

    public override Delegate Callback => _callback;

    public override string Kind => IsBlocking ? BlockingCall.KindName : "call_async";

    /// <summary>Whether its sender's thread waits for it.</summary>
    public bool IsBlocking { get; init; }

    /// <summary>
    /// Called before sending: makes the task fail when the timeout expires. A closure that has not begun by then does not run; one that has
    /// begun continues.
    /// </summary>
    public void FailAfter(TimeSpan timeout, TimeProvider clock)
    {
        _timeout = clock.CreateTimer(static call => ((AsyncCall<T>)call!).OnTimeout(), this, timeout, Timeout.InfiniteTimeSpan);

        // Cancelled meanwhile? The thread that completes the task checks the timer afterwards. The full fence ensures that one sees the
        // other.
        Interlocked.MemoryBarrier();
        if (_completion.Task.IsCompleted)
        {
            Unregister();
        }
    }

    public override bool Run(EventManager manager)
    {
        if (_completion.Task.IsCompleted)
        {
            return false;
        }

        Activity? activity = StartActivity();
        try
        {
            if (_call is not null)
            {
                T result = _call(manager);
                CallbackActivity.End(activity);
                _completion.TrySetResult(result);
                Unregister();
            }
            else
            {
                Task<T> task = _taskCall!(manager)
                    ?? throw new InvalidOperationException("The closure returned null where a task was expected.");
                _activity = activity;
                Follow(task);
            }
        }
        catch (Exception exception)
        {
            CallbackActivity.Fail(activity, exception);

            // Not in an exception filter, which would run before the closure's finally blocks. If the sender no longer waits, the exception
            // goes to the fault policy.
            if (!TryFail(exception))
            {
                throw;
            }
        }

        return true;
    }

    public override void Fail(ObjectDisposedException exception)
    {
        _isManagerGone = true;
        CallbackActivity.Fail(Interlocked.Exchange(ref _activity, null), exception);
        TryFail(exception);
    }

    public override bool TryAbandon()
    {
        bool isAbandoned = _completion.TrySetCanceled(CancellationToken.None);
        Unregister();
        return isAbandoned;
    }

    private void OnCancelled(CancellationToken token)
    {
        _completion.TrySetCanceled(token);
        StopTimer();
    }

    private void OnTimeout() =>
        TryFail(new TimeoutException("The call was not finished in time. If it has begun, it continues, and its result is dropped."));

    private void Unregister()
    {
        _cancellation.Unregister();
        StopTimer();
    }

    // The clock is a user's. Exceptions of its timers must not reach the thread that ends the call: the loop, a canceller, or the thread
    // that disposes the manager.
    private void StopTimer()
    {
        try
        {
            Volatile.Read(ref _timeout)?.Dispose();
        }
        catch (Exception exception)
        {
            Core.PostFault(FaultOrigin.TimeProvider, exception);
        }
    }

    private bool TryFail(Exception exception)
    {
        bool isTold = _completion.TrySetException(exception);
        Unregister();
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
        CallbackActivity.End(Interlocked.Exchange(ref _activity, null), finished);
        bool isTold = _completion.TrySetFromTask(finished);
        Unregister();
        if (!isTold && finished.Exception is { } exception && !(_isManagerGone && exception.InnerExceptions.All(IsOfDisposal)))
        {
            Core.PostFault(FaultOrigin.PostedWork, exception.InnerExceptions.Count == 1 ? exception.InnerExceptions[0] : exception);
        }
    }

    // An exception caused by the manager's disposal. The sender was already notified of that.
    private static bool IsOfDisposal(Exception exception) => exception is ObjectDisposedException or OperationCanceledException;

    private void RegisterCancellation()
    {
        _cancellation = _cancellationToken.UnsafeRegister(
            static (call, token) => ((AsyncCall<T>)call!).OnCancelled(token),
            this);
    }
}
