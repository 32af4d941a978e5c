using System.Runtime.CompilerServices;
using Vigil.Messaging;

namespace Vigil;

/// <summary>
/// The way into a manager for every thread: closures that run on the loop's thread and receive the manager. All members may be
/// called from any thread at any time; what one thread sends runs in the order in which it was sent.
/// </summary>
/// <remarks>
/// No system call is made while the loop is awake, and one wake-up serves all that is sent until the loop sleeps again.
/// After the manager was disposed everything throws <see cref="ObjectDisposedException"/>, except <see cref="Kick"/>, which then does nothing.
/// Where the kernel refuses to wake a loop that sleeps, all of them throw an <see cref="EventManagerException"/> that names the fd and the errno. What was fired or
/// kicked stays: it comes when the loop wakes up, which the next sender tries again, and the manager itself after a pause. A call is given up.
/// </remarks>
public sealed class RemoteEndpoint
{
    // What the framework's waits and timers can count in milliseconds; longer is for ever.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(49);

    private readonly LoopCore _core;
    private readonly TimeSpan _spin;
    private readonly TimeProvider _underlyingClock;

    /// <summary>The calls whose closures have started and returned a task that is not finished.</summary>
    internal InFlightCalls InFlight { get; } = new();

    internal RemoteEndpoint(LoopCore core, EventManagerOptions options)
    {
        _core = core;
        _spin = options.SpinBeforeSleep;
        _underlyingClock = options.TimeProvider;
    }

    /// <summary>Runs a closure on the loop and does not wait for it. What it throws is the loop's fault policy's.</summary>
    /// <param name="action">What to run.</param>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    public void Fire(Action<EventManager> action)
    {
        if (!TryFire(action))
        {
            throw Full();
        }
    }

    /// <summary>Runs a closure with a state on the loop and does not wait for it. Allocates nothing in steady state, also for values.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    /// <param name="action">What to run; a static lambda or a cached delegate.</param>
    /// <param name="state">What it is given.</param>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    public void Fire<TState>(Action<EventManager, TState> action, TState state)
    {
        if (!TryFire(action, state))
        {
            throw Full();
        }
    }

    /// <summary>Runs a closure on the loop if the mailbox has room.</summary>
    /// <param name="action">What to run.</param>
    /// <returns>False where <see cref="EventManagerOptions.MailboxCapacity"/> closures wait already; then nothing was sent.</returns>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    public bool TryFire(Action<EventManager> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        return IsAccepted(PostFromHere(ActionKind<EventManager>.Create(action)));
    }

    /// <summary>Runs a closure with a state on the loop if the mailbox has room.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    /// <param name="action">What to run; a static lambda or a cached delegate.</param>
    /// <param name="state">What it is given.</param>
    /// <returns>False where <see cref="EventManagerOptions.MailboxCapacity"/> closures wait already; then nothing was sent.</returns>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    public bool TryFire<TState>(Action<EventManager, TState> action, TState state)
    {
        ArgumentNullException.ThrowIfNull(action);
        return IsAccepted(PostFromHere(StateKind<EventManager, TState>.Create(action, state)));
    }

    /// <summary>Runs an asynchronous closure on the loop and does not wait for it. What it throws is the loop's fault policy's.</summary>
    /// <param name="action">What to run; after each <c>await</c> it goes on on the loop.</param>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    [OverloadResolutionPriority(2)]
    public void Fire(Func<EventManager, Task> action)
    {
        if (!TryFire(action))
        {
            throw Full();
        }
    }

    /// <inheritdoc cref="Fire(Func{EventManager, Task})"/>
    [OverloadResolutionPriority(1)]
    public void Fire(Func<EventManager, ValueTask> action)
    {
        if (!TryFire(action))
        {
            throw Full();
        }
    }

    /// <summary>Runs an asynchronous closure with a state on the loop and does not wait for it.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    /// <param name="action">What to run; after each <c>await</c> it goes on on the loop.</param>
    /// <param name="state">What it is given.</param>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    [OverloadResolutionPriority(2)]
    public void Fire<TState>(Func<EventManager, TState, Task> action, TState state)
    {
        if (!TryFire(action, state))
        {
            throw Full();
        }
    }

    /// <inheritdoc cref="Fire{TState}(Func{EventManager, TState, Task}, TState)"/>
    [OverloadResolutionPriority(1)]
    public void Fire<TState>(Func<EventManager, TState, ValueTask> action, TState state)
    {
        if (!TryFire(action, state))
        {
            throw Full();
        }
    }

    /// <summary>Runs an asynchronous closure on the loop if the mailbox has room. What it throws is the loop's fault policy's.</summary>
    /// <param name="action">What to run; after each <c>await</c> it goes on on the loop.</param>
    /// <returns>False where <see cref="EventManagerOptions.MailboxCapacity"/> closures wait already; then nothing was sent.</returns>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    [OverloadResolutionPriority(2)]
    public bool TryFire(Func<EventManager, Task> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        return IsAccepted(PostFromHere(TaskKind.Create(action, _core)));
    }

    /// <inheritdoc cref="TryFire(Func{EventManager, Task})"/>
    [OverloadResolutionPriority(1)]
    public bool TryFire(Func<EventManager, ValueTask> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        return IsAccepted(PostFromHere(TaskKind.Create(action, _core)));
    }

    /// <summary>Runs an asynchronous closure with a state on the loop if the mailbox has room.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    /// <param name="action">What to run; after each <c>await</c> it goes on on the loop.</param>
    /// <param name="state">What it is given.</param>
    /// <returns>False where <see cref="EventManagerOptions.MailboxCapacity"/> closures wait already; then nothing was sent.</returns>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    [OverloadResolutionPriority(2)]
    public bool TryFire<TState>(Func<EventManager, TState, Task> action, TState state)
    {
        ArgumentNullException.ThrowIfNull(action);
        return IsAccepted(PostFromHere(TaskStateKind<TState>.Create(action, state, _core)));
    }

    /// <inheritdoc cref="TryFire{TState}(Func{EventManager, TState, Task}, TState)"/>
    [OverloadResolutionPriority(1)]
    public bool TryFire<TState>(Func<EventManager, TState, ValueTask> action, TState state)
    {
        ArgumentNullException.ThrowIfNull(action);
        return IsAccepted(PostFromHere(TaskStateKind<TState>.Create(action, state, _core)));
    }

    /// <summary>Runs a closure on the loop and waits until it has run.</summary>
    /// <param name="call">What to run. What it throws is thrown here.</param>
    /// <param name="timeout">How long to wait; null waits until a run comes to it. A call that has begun by then goes on, and its result is dropped.</param>
    /// <param name="cancellationToken">Ends the waiting in the same way.</param>
    /// <exception cref="EventManagerException">
    /// The call comes from the thread that runs the manager (or while nothing runs, from the thread that ran it last, or before any run
    /// from the one that created it): it would wait for itself.
    /// </exception>
    /// <exception cref="TimeoutException">It took longer than <paramref name="timeout"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, or was before the call had run.</exception>
    public void CallBlocking(Action<EventManager> call, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        Wait(new BlockingAction(call), timeout, cancellationToken);
    }

    /// <summary>Runs a closure on the loop and waits for its result.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="call">What to run. What it throws is thrown here.</param>
    /// <param name="timeout">How long to wait; null waits until a run comes to it. A call that has begun by then goes on, and its result is dropped.</param>
    /// <param name="cancellationToken">Ends the waiting in the same way.</param>
    /// <exception cref="EventManagerException">As of <see cref="CallBlocking(Action{EventManager}, TimeSpan?, CancellationToken)"/>.</exception>
    /// <exception cref="TimeoutException">It took longer than <paramref name="timeout"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, or was before the call had run.</exception>
    public T CallBlocking<T>(Func<EventManager, T> call, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        var blocking = new BlockingCall<T>(call);
        Wait(blocking, timeout, cancellationToken);
        return blocking.Result;
    }

    /// <summary>Runs an asynchronous closure on the loop and waits until its task is finished.</summary>
    /// <param name="call">What to run; after each <c>await</c> it goes on on the loop. What it throws is thrown here.</param>
    /// <param name="timeout">How long to wait; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="EventManagerException">As of <see cref="CallBlocking(Action{EventManager}, TimeSpan?, CancellationToken)"/>.</exception>
    /// <exception cref="TimeoutException">It took longer than <paramref name="timeout"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, or was before the call had finished.</exception>
    public void CallBlocking(Func<EventManager, Task> call, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        Wait(WithResult(call), call, timeout, cancellationToken);
    }

    /// <summary>Runs an asynchronous closure on the loop and waits for its task's result.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="call">What to run; after each <c>await</c> it goes on on the loop. What it throws is thrown here.</param>
    /// <param name="timeout">How long to wait; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="EventManagerException">As of <see cref="CallBlocking(Action{EventManager}, TimeSpan?, CancellationToken)"/>.</exception>
    /// <exception cref="TimeoutException">It took longer than <paramref name="timeout"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, or was before the call had finished.</exception>
    public T CallBlocking<T>(Func<EventManager, Task<T>> call, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        return Wait(call, call, timeout, cancellationToken);
    }

    /// <summary>Runs a closure on the loop. The returned task's continuations never run on the loop, unless its sender is there.</summary>
    /// <param name="call">What to run. What it throws is the task's exception.</param>
    /// <param name="timeout">After which the task fails with a <see cref="TimeoutException"/>, null for never; a closure that has begun goes on. Measured by the loop that the caller is on, elsewhere by the manager's underlying clock, so that it is kept though the loop hangs.</param>
    /// <param name="cancellationToken">Cancels the task, and the closure if it has not begun.</param>
    /// <exception cref="ObjectDisposedException">The manager is disposed. If it is disposed later, the task fails with this.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    public Task CallAsync(Action<EventManager> call, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        TimeSpan limit = CheckTimeout(timeout);
        return Send(
            new AsyncCall<bool>(
                _core, InFlight,
                manager =>
                {
                    call(manager);
                    return true;
                },
                call,
                cancellationToken),
            limit,
            cancellationToken);
    }

    /// <summary>Runs a closure on the loop and hands its result to the returned task.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="call">What to run. What it throws is the task's exception.</param>
    /// <param name="timeout">After which the task fails with a <see cref="TimeoutException"/>, null for never; a closure that has begun goes on. Measured by the loop that the caller is on, elsewhere by the manager's underlying clock, so that it is kept though the loop hangs.</param>
    /// <param name="cancellationToken">Cancels the task, and the closure if it has not begun.</param>
    /// <exception cref="ObjectDisposedException">The manager is disposed. If it is disposed later, the task fails with this.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    public Task<T> CallAsync<T>(Func<EventManager, T> call, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        TimeSpan limit = CheckTimeout(timeout);
        return Send(new AsyncCall<T>(_core, InFlight, call, call, cancellationToken), limit, cancellationToken);
    }

    /// <summary>Runs an asynchronous closure on the loop; the returned task is finished when the closure's own is.</summary>
    /// <param name="call">What to run; after each <c>await</c> it goes on on the loop. What it throws is the task's exception.</param>
    /// <param name="timeout">After which the task fails with a <see cref="TimeoutException"/>, null for never; a closure that has begun goes on. Measured by the loop that the caller is on, elsewhere by the manager's underlying clock, so that it is kept though the loop hangs.</param>
    /// <param name="cancellationToken">Cancels the returned task, and the closure if it has not begun.</param>
    /// <exception cref="ObjectDisposedException">The manager is disposed. If it is disposed later, the task fails with this.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    public Task CallAsync(Func<EventManager, Task> call, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        TimeSpan limit = CheckTimeout(timeout);
        return Send(new AsyncCall<bool>(_core, InFlight, WithResult(call), call, cancellationToken), limit, cancellationToken);
    }

    /// <summary>Runs an asynchronous closure on the loop; the returned task has the result of the closure's own.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="call">What to run; after each <c>await</c> it goes on on the loop. What it throws is the task's exception.</param>
    /// <param name="timeout">After which the task fails with a <see cref="TimeoutException"/>, null for never; a closure that has begun goes on. Measured by the loop that the caller is on, elsewhere by the manager's underlying clock, so that it is kept though the loop hangs.</param>
    /// <param name="cancellationToken">Cancels the returned task, and the closure if it has not begun.</param>
    /// <exception cref="ObjectDisposedException">The manager is disposed. If it is disposed later, the task fails with this.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    public Task<T> CallAsync<T>(Func<EventManager, Task<T>> call, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        TimeSpan limit = CheckTimeout(timeout);
        return Send(new AsyncCall<T>(_core, InFlight, call, call, cancellationToken), limit, cancellationToken);
    }

    /// <summary>
    /// Lets a sleeping <see cref="EventManager.RunOnce()"/> return 0. While the loop is awake it sticks: the next iteration that would sleep does not.
    /// </summary>
    /// <exception cref="EventManagerException">The kernel refused to wake the loop.</exception>
    public void Kick()
    {
        if (!_core.Mailbox.Kick())
        {
            throw _core.NotWoken();
        }
    }

    private static EventManagerException Full() => new(
        EventManagerError.MailboxFull,
        "As many closures wait for the loop as EventManagerOptions.MailboxCapacity allows. Use TryFire and let its sender slow down.");

    private static Func<EventManager, Task<bool>> WithResult(Func<EventManager, Task> call) => async manager =>
    {
        await (call(manager) ?? throw new InvalidOperationException("The closure returned null where a task was expected."));
        return true;
    };

    private static TimeSpan CheckTimeout(TimeSpan? timeout)
    {
        TimeSpan limit = timeout ?? Timeout.InfiniteTimeSpan;
        return limit >= TimeSpan.Zero || limit == Timeout.InfiniteTimeSpan
            ? limit
            : throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A timeout is zero or more, or null for none.");
    }

    private TimeSpan CheckBlocking(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        TimeSpan limit = CheckTimeout(timeout);
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_core.IsDisposed, _core.Manager);
        if (_core.Lifetime.WouldWaitForItself)
        {
            throw new EventManagerException(
                EventManagerError.Reentrant,
                $"{_core.Name} runs on this thread, or would: a blocking call would wait for itself. Call the manager directly, or use CallAsync.");
        }

        return limit;
    }

    private void Wait(BlockingCall call, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        TimeSpan limit = CheckBlocking(timeout, cancellationToken);
        Send(call);
        call.Wait(limit, _spin, cancellationToken);
    }

    private T Wait<T>(Func<EventManager, Task<T>> call, Delegate callback, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        TimeSpan limit = CheckBlocking(timeout, cancellationToken);
        var asynchronous = new AsyncCall<T>(_core, InFlight, call, callback, cancellationToken);
        Send(asynchronous);

        // The caller's thread is not the loop's, so blocking it is what was asked for. WaitAsync counts in 32-bit milliseconds.
        TimeSpan wait = limit > LongestWait ? Timeout.InfiniteTimeSpan : limit;
        try
        {
            return asynchronous.Task.WaitAsync(wait, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (Exception)
        {
            // The time is over, the thread was interrupted, or the call has ended so. Giving up and ending exclude each other: what a call
            // that was given up throws is the fault policy's, and of one that has ended the sender is told here, also if that came at the last moment.
            if (asynchronous.TryAbandon())
            {
                throw;
            }
        }

        return asynchronous.Task.GetAwaiter().GetResult();
    }

    // In the sender's context, if it is not the default one.
    private PostResult PostFromHere(in Message<EventManager> message) => AmbientContext.Flowing is { } context
        ? _core.Mailbox.Post(ContextKind<EventManager>.In(context, in message))
        : _core.Mailbox.Post(in message);

    private bool IsAccepted(PostResult result) => result == PostResult.Accepted || IsAcceptedOtherwise(result);

    // Apart, so that what always happens is small enough to be inlined.
    private bool IsAcceptedOtherwise(PostResult result) => result switch
    {
        PostResult.Closed => throw new ObjectDisposedException(_core.Name, "The event manager is disposed."),
        PostResult.NotWoken => throw _core.NotWoken(),
        _ => false,
    };

    // A sender that waits has one call under way, so the number of senders is bound enough.
    private void Send(PendingCall call)
    {
        PostResult result = _core.Mailbox.PostUnbounded(call.ToMessage());
        if (result != PostResult.Accepted && call.TryAbandon())
        {
            IsAccepted(result);
        }
    }

    private Task<T> Send<T>(AsyncCall<T> call, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return call.Task;
        }

        PostResult result;
        try
        {
            if (limit != Timeout.InfiniteTimeSpan && limit < LongestWait)
            {
                call.FailAfter(limit, EventManager.Current?.TimeProvider ?? _underlyingClock);
            }

            result = _core.Mailbox.Post(call.ToMessage());
        }
        catch
        {
            // The clock is a user's.
            call.TryAbandon();
            throw;
        }

        // A call that was not given up has ended: a loop that could not be woken was awake, or its time is over already.
        return result == PostResult.Accepted || !call.TryAbandon() || IsAccepted(result) ? call.Task : throw Full();
    }
}
