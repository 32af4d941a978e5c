using System.Runtime.CompilerServices;
using Vigil.Diagnostics;
using Vigil.Messaging;
using Vigil.Polling;
using Vigil.Recording;

namespace Vigil;

/// <summary>
/// Access to a manager from other threads: sends closures, which run on the loop's thread and receive the manager. Any thread may call any
/// member at any time. The closures of one thread run in the order in which it sent them.
/// </summary>
/// <remarks>
/// No system call is made while the loop is awake, and one wake-up serves everything sent until the loop sleeps again. After the manager's
/// disposal all members throw <see cref="ObjectDisposedException"/>, except <see cref="Kick"/>, which then does nothing. If the kernel
/// refuses to wake a sleeping loop, all members throw an <see cref="EventManagerException"/> with the fd and the errno. Fired closures and
/// kicks stay pending until the loop wakes up: the next sender retries the wake-up, and the manager itself does so after a pause. A call
/// that gets this exception is abandoned.
/// </remarks>
public sealed class RemoteEndpoint
{
    // The framework's waits and timers take at most 2³² − 2 milliseconds, 49.7 days; a longer limit counts as none.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(49);

    private readonly LoopCore _core;
    private readonly TimeSpan _spin;
    private readonly TimeProvider _underlyingClock;
    private readonly RefusedPosts _refused;

    internal RemoteEndpoint(LoopCore core, EventManagerOptions options, Func<EventHandler<MailboxFullReport>?> fullHandlers)
    {
        _refused = new RefusedPosts(core, options.MailboxCapacity, fullHandlers);
        _core = core;
        _spin = options.SpinBeforeSleep;
        _underlyingClock = options.TimeProvider;
    }

    /// <summary>What records or replays the loop; null for neither.</summary>
    internal RecordingSession? Recording => _core.Recording;

    /// <summary>The calls whose closures have returned a task that is unfinished.</summary>
    internal InFlightCalls InFlight { get; } = new();

    /// <summary>Runs a closure on the loop and does not wait for it. Its exceptions go to the loop's fault policy.</summary>
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

    /// <summary>
    /// Runs a closure with a state on the loop and does not wait for it. Does not allocate in steady state, even for value types.
    /// </summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    /// <param name="action">What to run; a static lambda or a cached delegate.</param>
    /// <param name="state">The closure's argument.</param>
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
    /// <returns>False if <see cref="EventManagerOptions.MailboxCapacity"/> closures are already queued. Then nothing was sent.</returns>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    public bool TryFire(Action<EventManager> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        return IsAccepted(PostFromHere(ActionKind<EventManager>.Create(action)));
    }

    /// <summary>Runs a closure with a state on the loop if the mailbox has room.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    /// <param name="action">What to run; a static lambda or a cached delegate.</param>
    /// <param name="state">The closure's argument.</param>
    /// <returns>False if <see cref="EventManagerOptions.MailboxCapacity"/> closures are already queued. Then nothing was sent.</returns>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    public bool TryFire<TState>(Action<EventManager, TState> action, TState state)
    {
        ArgumentNullException.ThrowIfNull(action);
        return IsAccepted(PostFromHere(StateKind<EventManager, TState>.Create(action, state)));
    }

    /// <summary>Runs an asynchronous closure on the loop and does not wait for it. Its exceptions go to the loop's fault policy.</summary>
    /// <param name="action">What to run. After each <c>await</c> it continues on the loop.</param>
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
    /// <param name="action">What to run. After each <c>await</c> it continues on the loop.</param>
    /// <param name="state">The closure's argument.</param>
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

    /// <summary>Runs an asynchronous closure on the loop if the mailbox has room. Its exceptions go to the loop's fault policy.</summary>
    /// <param name="action">What to run. After each <c>await</c> it continues on the loop.</param>
    /// <returns>False if <see cref="EventManagerOptions.MailboxCapacity"/> closures are already queued. Then nothing was sent.</returns>
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
    /// <param name="action">What to run. After each <c>await</c> it continues on the loop.</param>
    /// <param name="state">The closure's argument.</param>
    /// <returns>False if <see cref="EventManagerOptions.MailboxCapacity"/> closures are already queued. Then nothing was sent.</returns>
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
    /// <param name="call">What to run. Its exceptions are thrown here.</param>
    /// <param name="cancellationToken">Ends the wait. A call that has begun by then continues, and its result is dropped.</param>
    /// <exception cref="EventManagerException">The call would wait for itself. It comes from the thread that runs the manager; while
    /// nothing runs, from the thread that ran it last; or before the first run, from the thread that created it.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, or was before the call had run.</exception>
    public void CallBlocking(Action<EventManager> call, CancellationToken cancellationToken = default) =>
        CallBlocking(call, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Runs a closure on the loop and waits until it has run.</summary>
    /// <param name="call">What to run. Its exceptions are thrown here.</param>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> waits until a run executes it. A call that has begun
    /// by then continues, and its result is dropped.</param>
    /// <param name="cancellationToken">Ends the wait in the same way.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    /// <exception cref="EventManagerException">The call would wait for itself. It comes from the thread that runs the manager; while
    /// nothing runs, from the thread that ran it last; or before the first run, from the thread that created it.</exception>
    /// <exception cref="TimeoutException">The call took longer than <paramref name="timeout"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, or was before the call had run.</exception>
    public void CallBlocking(Action<EventManager> call, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        Wait(new BlockingAction(_core, call), timeout, cancellationToken);
    }

    /// <summary>Runs a closure on the loop and waits for its result.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="call">What to run. Its exceptions are thrown here.</param>
    /// <param name="cancellationToken">Ends the wait. A call that has begun by then continues, and its result is dropped.</param>
    /// <exception cref="EventManagerException">See
    /// <see cref="CallBlocking(Action{EventManager}, TimeSpan, CancellationToken)"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, or was before the call had run.</exception>
    public T CallBlocking<T>(Func<EventManager, T> call, CancellationToken cancellationToken = default) =>
        CallBlocking<T>(call, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Runs a closure on the loop and waits for its result.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="call">What to run. Its exceptions are thrown here.</param>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> waits until a run executes it. A call that has begun
    /// by then continues, and its result is dropped.</param>
    /// <param name="cancellationToken">Ends the wait in the same way.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    /// <exception cref="EventManagerException">See
    /// <see cref="CallBlocking(Action{EventManager}, TimeSpan, CancellationToken)"/>.</exception>
    /// <exception cref="TimeoutException">The call took longer than <paramref name="timeout"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, or was before the call had run.</exception>
    public T CallBlocking<T>(Func<EventManager, T> call, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        var blocking = new BlockingCall<T>(_core, call);
        Wait(blocking, timeout, cancellationToken);
        return blocking.Result;
    }

    /// <summary>Runs an asynchronous closure on the loop and waits until its task has completed.</summary>
    /// <param name="call">What to run. After each <c>await</c> it continues on the loop. Its exceptions are thrown here.</param>
    /// <param name="cancellationToken">Ends the wait. A closure that has begun continues, and its result is dropped.</param>
    /// <exception cref="EventManagerException">See
    /// <see cref="CallBlocking(Action{EventManager}, TimeSpan, CancellationToken)"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, or was before the call had finished.</exception>
    public void CallBlocking(Func<EventManager, Task> call, CancellationToken cancellationToken = default) =>
        CallBlocking(call, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Runs an asynchronous closure on the loop and waits until its task has completed.</summary>
    /// <param name="call">What to run. After each <c>await</c> it continues on the loop. Its exceptions are thrown here.</param>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit. A closure that has begun continues, and
    /// its result is dropped.</param>
    /// <param name="cancellationToken">Ends the wait. A closure that has begun continues, and its result is dropped.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    /// <exception cref="EventManagerException">See
    /// <see cref="CallBlocking(Action{EventManager}, TimeSpan, CancellationToken)"/>.</exception>
    /// <exception cref="TimeoutException">The call took longer than <paramref name="timeout"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, or was before the call had finished.</exception>
    public void CallBlocking(Func<EventManager, Task> call, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        Wait(WithResult(call), call, timeout, cancellationToken);
    }

    /// <summary>Runs an asynchronous closure on the loop and waits for its task's result.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="call">What to run. After each <c>await</c> it continues on the loop. Its exceptions are thrown here.</param>
    /// <param name="cancellationToken">Ends the wait. A closure that has begun continues, and its result is dropped.</param>
    /// <exception cref="EventManagerException">See
    /// <see cref="CallBlocking(Action{EventManager}, TimeSpan, CancellationToken)"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, or was before the call had finished.</exception>
    public T CallBlocking<T>(Func<EventManager, Task<T>> call, CancellationToken cancellationToken = default) =>
        CallBlocking<T>(call, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Runs an asynchronous closure on the loop and waits for its task's result.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="call">What to run. After each <c>await</c> it continues on the loop. Its exceptions are thrown here.</param>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit. A closure that has begun continues, and
    /// its result is dropped.</param>
    /// <param name="cancellationToken">Ends the wait. A closure that has begun continues, and its result is dropped.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    /// <exception cref="EventManagerException">See
    /// <see cref="CallBlocking(Action{EventManager}, TimeSpan, CancellationToken)"/>.</exception>
    /// <exception cref="TimeoutException">The call took longer than <paramref name="timeout"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, or was before the call had finished.</exception>
    public T CallBlocking<T>(Func<EventManager, Task<T>> call, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        return Wait(call, call, timeout, cancellationToken);
    }

    /// <summary>Runs a closure on the loop. The returned task's continuations never run on the loop, unless the sender is there.</summary>
    /// <param name="call">What to run. The task fails with its exception.</param>
    /// <param name="cancellationToken">Cancels the task, and the closure if it has not begun.</param>
    /// <exception cref="ObjectDisposedException">The manager is disposed. If it is disposed later, the task fails with this.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    public Task CallAsync(Action<EventManager> call, CancellationToken cancellationToken = default) =>
        CallAsync(call, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Runs a closure on the loop. The returned task's continuations never run on the loop, unless the sender is there.</summary>
    /// <param name="call">What to run. The task fails with its exception.</param>
    /// <param name="timeout">The time after which the task fails with a <see cref="TimeoutException"/>;
    /// <see cref="Timeout.InfiniteTimeSpan"/> for no limit. A closure that has begun continues. The clock is that of the loop that the
    /// caller is on, or else the manager's underlying clock, so that the timeout holds even if the loop hangs.</param>
    /// <param name="cancellationToken">Cancels the task, and the closure if it has not begun.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed. If it is disposed later, the task fails with this.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    public Task CallAsync(Action<EventManager> call, TimeSpan timeout, CancellationToken cancellationToken = default)
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
    /// <param name="call">What to run. The task fails with its exception.</param>
    /// <param name="cancellationToken">Cancels the task, and the closure if it has not begun.</param>
    /// <exception cref="ObjectDisposedException">The manager is disposed. If it is disposed later, the task fails with this.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    public Task<T> CallAsync<T>(Func<EventManager, T> call, CancellationToken cancellationToken = default) =>
        CallAsync<T>(call, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Runs a closure on the loop and hands its result to the returned task.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="call">What to run. The task fails with its exception.</param>
    /// <param name="timeout">The time after which the task fails with a <see cref="TimeoutException"/>;
    /// <see cref="Timeout.InfiniteTimeSpan"/> for no limit. A closure that has begun continues. The clock is that of the loop that the
    /// caller is on, or else the manager's underlying clock, so that the timeout holds even if the loop hangs.</param>
    /// <param name="cancellationToken">Cancels the task, and the closure if it has not begun.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed. If it is disposed later, the task fails with this.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    public Task<T> CallAsync<T>(Func<EventManager, T> call, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        TimeSpan limit = CheckTimeout(timeout);
        return Send(new AsyncCall<T>(_core, InFlight, call, call, cancellationToken), limit, cancellationToken);
    }

    /// <summary>Runs an asynchronous closure on the loop. The returned task completes with the closure's own.</summary>
    /// <param name="call">What to run. After each <c>await</c> it continues on the loop. The task fails with its exception.</param>
    /// <param name="cancellationToken">Cancels the returned task, and the closure if it has not begun.</param>
    /// <exception cref="ObjectDisposedException">The manager is disposed. If it is disposed later, the task fails with this.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    public Task CallAsync(Func<EventManager, Task> call, CancellationToken cancellationToken = default) =>
        CallAsync(call, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Runs an asynchronous closure on the loop. The returned task completes with the closure's own.</summary>
    /// <param name="call">What to run. After each <c>await</c> it continues on the loop. The task fails with its exception.</param>
    /// <param name="timeout">The time after which the task fails with a <see cref="TimeoutException"/>;
    /// <see cref="Timeout.InfiniteTimeSpan"/> for no limit. A closure that has begun continues. The clock is that of the loop that the
    /// caller is on, or else the manager's underlying clock, so that the timeout holds even if the loop hangs.</param>
    /// <param name="cancellationToken">Cancels the returned task, and the closure if it has not begun.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed. If it is disposed later, the task fails with this.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    public Task CallAsync(Func<EventManager, Task> call, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        TimeSpan limit = CheckTimeout(timeout);
        return Send(new AsyncCall<bool>(_core, InFlight, WithResult(call), call, cancellationToken), limit, cancellationToken);
    }

    /// <summary>Runs an asynchronous closure on the loop. The returned task has the result of the closure's own.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="call">What to run. After each <c>await</c> it continues on the loop. The task fails with its exception.</param>
    /// <param name="cancellationToken">Cancels the returned task, and the closure if it has not begun.</param>
    /// <exception cref="ObjectDisposedException">The manager is disposed. If it is disposed later, the task fails with this.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    public Task<T> CallAsync<T>(Func<EventManager, Task<T>> call, CancellationToken cancellationToken = default) =>
        CallAsync<T>(call, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Runs an asynchronous closure on the loop. The returned task has the result of the closure's own.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="call">What to run. After each <c>await</c> it continues on the loop. The task fails with its exception.</param>
    /// <param name="timeout">The time after which the task fails with a <see cref="TimeoutException"/>;
    /// <see cref="Timeout.InfiniteTimeSpan"/> for no limit. A closure that has begun continues. The clock is that of the loop that the
    /// caller is on, or else the manager's underlying clock, so that the timeout holds even if the loop hangs.</param>
    /// <param name="cancellationToken">Cancels the returned task, and the closure if it has not begun.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed. If it is disposed later, the task fails with this.</exception>
    /// <exception cref="EventManagerException">The mailbox is full (<see cref="EventManagerOptions.MailboxCapacity"/>).</exception>
    public Task<T> CallAsync<T>(Func<EventManager, Task<T>> call, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        TimeSpan limit = CheckTimeout(timeout);
        return Send(new AsyncCall<T>(_core, InFlight, call, call, cancellationToken), limit, cancellationToken);
    }

    /// <summary>
    /// Makes a sleeping <see cref="EventManager.RunOnce()"/> return 0. If the loop is awake, its next iteration that would sleep returns
    /// instead.
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
        "The mailbox is full: EventManagerOptions.MailboxCapacity closures are queued. Use TryFire, and slow the sender down.");

    private static Func<EventManager, Task<bool>> WithResult(Func<EventManager, Task> call) => async manager =>
    {
        await (call(manager) ?? throw new InvalidOperationException("The closure returned null where a task was expected."));
        return true;
    };

    private static TimeSpan CheckTimeout(TimeSpan timeout)
    {
        return timeout >= TimeSpan.Zero || timeout == Timeout.InfiniteTimeSpan
            ? timeout
            : throw new ArgumentOutOfRangeException(
                nameof(timeout),
                timeout,
                "A timeout is zero or more, or Timeout.InfiniteTimeSpan for none.");
    }

    private TimeSpan CheckBlocking(TimeSpan timeout, CancellationToken cancellationToken)
    {
        TimeSpan limit = CheckTimeout(timeout);
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_core.IsDisposed, _core.Manager);
        IBlockingWait? wait = _core.BlockingWait;
        if (wait?.Obstacle is { } obstacle)
        {
            throw new EventManagerException(EventManagerError.Reentrant, $"{_core.Name} cannot be waited for here: {obstacle}");
        }

        if (wait is null ? _core.Lifetime.WouldWaitForItself : _core.Lifetime.IsMine)
        {
            throw new EventManagerException(
                EventManagerError.Reentrant,
                $"{_core.Name} runs on this thread, or would: a blocking call would wait for itself." +
                " Call the manager directly, or use CallAsync.");
        }

        return limit;
    }

    private void Wait(BlockingCall call, TimeSpan timeout, CancellationToken cancellationToken)
    {
        TimeSpan limit = CheckBlocking(timeout, cancellationToken);
        Send(call);
        call.Wait(limit, _spin, cancellationToken);
    }

    private T Wait<T>(Func<EventManager, Task<T>> call, Delegate callback, TimeSpan timeout, CancellationToken cancellationToken)
    {
        TimeSpan limit = CheckBlocking(timeout, cancellationToken);
        var asynchronous = new AsyncCall<T>(_core, InFlight, call, callback, cancellationToken) { IsBlocking = true };
        Send(asynchronous);

        // The caller's thread is not the loop's, so it may be blocked. WaitAsync counts in 32-bit milliseconds.
        TimeSpan wait = limit > LongestWait ? Timeout.InfiniteTimeSpan : limit;
        try
        {
            return Ended(asynchronous.Task, wait).GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            // The timeout expired, the thread was interrupted, or the call itself failed. Abandoning and ending exclude each other:
            // exceptions of an abandoned call go to the fault policy. The result of a call that has ended goes to the sender here, even if
            // it ended at the last moment.
            if (asynchronous.TryAbandon())
            {
                throw;
            }

            // An interrupt that has ended nothing stays pending. The same exception may be the call's own.
            if (exception is ThreadInterruptedException && exception != asynchronous.Task.Exception?.InnerException)
            {
                Thread.CurrentThread.Interrupt();
            }
        }

        return asynchronous.Task.GetAwaiter().GetResult();
    }

    // The task itself, or one that fails with a TimeoutException.
    private Task<T> Ended<T>(Task<T> task, TimeSpan timeout)
    {
        if (_core.BlockingWait is not { } wait)
        {
            return task.WaitAsync(timeout, CancellationToken.None);
        }

        return wait.Until(() => task.IsCompleted, timeout)
            ? task
            : throw new TimeoutException(
                $"The call was not finished within {timeout}. If it has begun, it continues, and its result is dropped.");
    }

    /// <summary>
    /// At disposal: ends all calls, and reports the closures that nobody waits for. Their number is final: the mailbox accepts no more.
    /// </summary>
    /// <param name="deferred">The number of deferred closures that will not run.</param>
    internal void End(int deferred)
    {
        int lost = _core.Mailbox.Close() + deferred;
        InFlight.FailAll(_core.Manager);
        if (lost > 0)
        {
            _core.Faults.Report(new Fault(FaultOrigin.PostedWork, new EventManagerException(
                EventManagerError.Disposed,
                $"{_core.Name} was disposed with {lost} posted or deferred closures not yet run; they will not run."))
            {
                LostClosures = lost,
            });
        }
    }

    // With the sender's context, unless it is the default one. By value, and the rare case separate, so that the common one keeps the
    // message in registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private PostResult PostFromHere(Message<EventManager> message) =>
        AmbientContext.Flowing is { } context ? PostIn(context, message) : _core.Mailbox.Post(message);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private PostResult PostIn(ExecutionContext context, Message<EventManager> message) =>
        _core.Mailbox.Post(CallbackActivity.IsWantedHere
            ? TracedMessage.In(_core, context, in message, kind: "fire")
            : ContextKind<EventManager>.In(context, in message));

    private bool IsAccepted(PostResult result) => result == PostResult.Accepted || IsAcceptedOtherwise(result);

    // Separate, so that the common path is small enough to be inlined.
    private bool IsAcceptedOtherwise(PostResult result)
    {
        switch (result)
        {
            case PostResult.Closed:
                throw new ObjectDisposedException(_core.Name, "The event manager is disposed.");
            case PostResult.NotWoken:
                throw _core.NotWoken();
            default:
                _refused.Count();
                return false;
        }
    }

    // Unbounded: a waiting sender has one call in flight, so the number of senders is the bound.
    private void Send(PendingCall call)
    {
        PostResult result = _core.Mailbox.PostUnbounded(call);
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

            result = _core.Mailbox.Post(call);
        }
        catch
        {
            // The clock is a user's and may throw.
            call.TryAbandon();
            throw;
        }

        // If it cannot be abandoned, it has ended: the loop that could not be woken was awake, or the timeout has expired.
        return result == PostResult.Accepted || !call.TryAbandon() || IsAccepted(result) ? call.Task : throw Full();
    }
}
