using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Vigil.Diagnostics;
using Vigil.Interop;
using Vigil.Messaging;
using Vigil.Polling;
using Vigil.Recording;
using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// One loop that waits on file descriptors, timers, signals, child processes, file changes and work posted from other threads, and notifies
/// the owner of what is ready.
/// </summary>
/// <remarks>
/// <para>A run claims the manager for its thread and releases it on return; between runs any one thread at a time may use it. All members
/// are for that thread only, except <see cref="RemoteEndpoint"/>, <see cref="TimeProvider"/>, <see cref="Workers"/>, <c>ExecuteWork</c>,
/// <see cref="GetStatistics"/>, <see cref="GetSlowCallbackStatistics"/>, <see cref="SlowCallbackReported"/>, <see cref="Stop"/>,
/// <see cref="Dispose()"/>, <see cref="Dispose(TimeSpan)"/>, <see cref="DisposeAsync"/>, <see cref="Abandon"/>, <see cref="Name"/>,
/// <see cref="MailboxFull"/>, <see cref="IsOnLoop"/>, <see cref="IsStopping"/> and <see cref="IsStopRequested"/>, which any thread may use
/// at any time. A call from the wrong thread throws and changes nothing.</para>
/// <para>A callback may do anything except run the loop: remove its own or other registrations, add, stop, dispose.</para>
/// </remarks>
public sealed class EventManager : IDisposable, IAsyncDisposable
{
    private const string NotForgotten =
        "ExecuteWork takes synchronous work only: nobody would wait for a task, and its exceptions would be lost. "
        + "Use ExecuteWorkAsync, which returns a task. "
        + "(The compiler also takes a lambda that only throws or loops forever for one that returns a task: make it a method.)";

    private readonly IPoller _poller;
    private readonly LoopCore _core;
    private readonly EventLoop _loop;
    private readonly LoopRuns _runs;
    private readonly LoopStopping _stopping;
    private readonly SubscriberRegistry _subscribers;
    private readonly LoopSignals _signals;
    private readonly LoopChildren _children;
    private readonly LoopFiles _files;
    private readonly LoopWorkers _workers;
    private readonly SlowCallbackLog _slowCallbacks;
    private readonly LoopWatchdog? _watchdog;
    private readonly Recorder? _recorder;
    private readonly EventManagerOptions _options;

    /// <summary>Creates a manager with default options.</summary>
    /// <exception cref="EventManagerException">
    /// The kernel refused, for instance because too many files are open (<c>EMFILE</c>).
    /// </exception>
    public EventManager()
        : this(new EventManagerOptions())
    {
    }

    /// <summary>Creates a manager.</summary>
    /// <param name="options">The options, which are copied: later changes to the object have no effect.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">An option is out of range; the message names the option and the range.</exception>
    /// <exception cref="EventManagerException">
    /// The kernel refused, for instance because too many files are open (<c>EMFILE</c>).
    /// </exception>
    /// <exception cref="InvalidOperationException">The <see cref="EventManagerOptions.PollerFactory"/> returned null.</exception>
    /// <exception cref="PlatformNotSupportedException">The processor is not x64, arm64, RISC-V 64 or LoongArch 64.</exception>
    public EventManager(EventManagerOptions options)
        : this(options, createPoller: null, createClock: null)
    {
    }

    internal EventManager(EventManagerOptions options, Func<IPoller>? createPoller, Func<TimerClock, IClock>? createClock = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ProcessorAbi.RequireKnown(RuntimeInformation.ProcessArchitecture);
        options = options.ToChecked();
        _options = options;
        VigilEventSource.Publish();
        LoopMeter.Publish();
        CallbackActivity.Publish();
        IPoller poller = CreatePoller(createPoller ?? options.PollerFactory);
        _poller = poller;
        try
        {
            RecordingSession? recording = null;
            if (options.Recorder is { } recorder)
            {
                recording = recorder.Use();
                _recorder = recorder;
                _poller = recording.Wrap(_poller);
            }

            WatchdogOptions? watchdog = options.Watchdog;
            _core = new LoopCore(
                this,
                options,
                _poller,
                createClock,
                static core => new LoopSynchronizationContext(core),
                TearDown,
                core => new FaultReporter(core, () => FaultReported).Report,
                recording)
            {
                Budgets = new CallbackBudgets(
                    watchdog is null ? TimingWheel.Never : CallbackBudgets.NanosecondsOf(watchdog.CallbackBudget),
                    watchdog is null ? WatchdogOptions.RequirePositive : watchdog.RequireBudget),
            };
            _subscribers = new SubscriberRegistry(_core);
            _workers = new LoopWorkers(_core, options.Workers);
            _signals = new LoopSignals(_core, _workers, poller as IVirtualSignals, recording);
            _children = new LoopChildren(_core, _workers, poller as IVirtualProcesses, recording);
            _files = new LoopFiles(_core, _workers, FileKernel.Of(poller as IVirtualDirectories, recording));
            _slowCallbacks = new SlowCallbackLog(_core, report => Observers.Notify(SlowCallbackReported, this, report));
            _watchdog = watchdog is null ? null : new LoopWatchdog(_core, watchdog, _slowCallbacks);
            _loop = new EventLoop(_core, options, _poller, _watchdog?.Progress, recording);
            _runs = new LoopRuns(_core, _loop);
            _stopping = new LoopStopping(_core, Defer);
            RemoteEndpoint = new RemoteEndpoint(_core, options, () => MailboxFull);
            TimeProvider = new LoopTimeProvider(_core, options.TimeProvider, recording);
            _recorder?.StopAtEnd(Stop);
            _watchdog?.Start();
            LoopMeter.Add(_core.Counters);
        }
        catch
        {
            _core?.Abandon();
            _poller.Dispose();
            _recorder?.Release();
            throw;
        }
    }

    /// <summary>
    /// Raised on the loop's thread for every fault: a callback that threw, under any <see cref="FaultPolicy"/>, and a registration that
    /// went wrong. Without a handler, a fault that is not thrown from the run is written to standard error. A handler that throws ends the
    /// run with its exception. After the manager's disposal, when only workers and a recorder can still report faults, it is raised on the
    /// thread that found the fault, and a handler's exception is written to standard error.
    /// </summary>
    public event EventHandler<FaultReport>? FaultReported;

    /// <summary>
    /// Raised on the watchdog's thread, which all managers of the process share, when a callback or a phase of the iteration has exceeded
    /// its budget: once while it runs, and again when it has ended (<see cref="EventManagerOptions.Watchdog"/>). Without a handler, reports
    /// are written to standard error, and so is a handler's exception. Nothing is watched while a handler runs. Any thread may add and
    /// remove handlers.
    /// </summary>
    public event EventHandler<SlowCallbackReport>? SlowCallbackReported;

    /// <summary>
    /// Raised on the loop's thread when senders were refused since <see cref="EventManagerOptions.MailboxCapacity"/> messages waited:
    /// behind those messages, with the number of refused posts. While there is no handler, nothing is counted: the senders know, from an
    /// exception or from false. Not raised while the loop is recorded. A handler's exception is written to standard error. Any thread may
    /// add and remove handlers.
    /// </summary>
    public event EventHandler<MailboxFullReport>? MailboxFull;

    /// <summary>
    /// Raised on the loop's thread when the wall clock was set. If the step is greater than a millisecond, it is raised before the timers
    /// fire that the step made due; otherwise in the same iteration. With a handler attached, setting the clock wakes the loop. Only the
    /// loop's thread may add and remove handlers. Not raised with a custom <see cref="EventManagerOptions.TimeProvider"/>.
    /// </summary>
    /// <exception cref="EventManagerException">The call is not from the loop's thread, or the kernel refused.</exception>
    public event EventHandler<ClockStep>? WallClockStepped
    {
        add => _core.Timers.AddStepHandler(value);
        remove => _core.Timers.RemoveStepHandler(value);
    }

    /// <summary>The manager that the calling thread is running, or null.</summary>
    public static EventManager? Current => RunScope.Current;

    /// <summary>The name given in the options, for messages. Any thread.</summary>
    public string Name => _core.Name;

    /// <summary>How other threads reach the loop. Any thread.</summary>
    public RemoteEndpoint RemoteEndpoint { get; }

    /// <summary>
    /// The manager's clock, whose timers fire on the loop, for <see cref="Task.Delay(TimeSpan, TimeProvider)"/>,
    /// <see cref="PeriodicTimer"/>, <see cref="CancellationTokenSource"/> and every library that takes a <see cref="System.TimeProvider"/>.
    /// Any thread may create, change and dispose timers; their callbacks run on the loop's thread, as do continuations that ask for no
    /// other context. After the manager's disposal, timers fire as those of the underlying clock. Any thread.
    /// </summary>
    /// <remarks>
    /// Framework classes count in whole milliseconds; <see cref="Delay"/> and
    /// <see cref="CreateTimerEvent(TimeSpan, TimerEventCallback, TimerEventOptions?)"/> do not.
    /// </remarks>
    public TimeProvider TimeProvider { get; }

    /// <summary>
    /// The executor for <c>ExecuteWork</c>: the one in the options, otherwise the manager's own <see cref="WorkerPool"/>, which the first
    /// use starts. Any thread.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The manager is disposed and had no workers.</exception>
    public IWorkExecutor Workers => _workers.Executor;

    /// <summary>Whether the calling thread is running or using the manager now. Any thread.</summary>
    public bool IsOnLoop => _core.Lifetime.IsMine;

    /// <summary>Whether <see cref="Stop"/> was called and no run has ended by it yet. Any thread.</summary>
    public bool IsStopRequested => _core.Lifetime.IsStopRequested;

    /// <summary>Whether <see cref="BeginStopping"/> was called. Any thread.</summary>
    public bool IsStopping => _stopping.HasBegun;

    /// <summary>For tests. No other folder uses it: features are given the core.</summary>
    internal LoopCore Core => _core;

    /// <summary>The progress that the loop publishes for the watchdog; null without one. For tests.</summary>
    internal LoopProgress? Progress => _watchdog?.Progress;

    /// <summary>Adds a subscriber and lets it register its first interest. The manager owns it until it is removed.</summary>
    /// <param name="subscriber">The subscriber. The same object may be added again, for another id and another interest list.</param>
    /// <param name="priority">The order in which its events are served within an iteration.</param>
    /// <returns>Its id, which is never reused in this process.</returns>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    /// <exception cref="Exception">
    /// What <see cref="IEventSubscriber.Initialize"/> threw; the subscriber is then removed with everything it registered.
    /// </exception>
    public SubscriberId AddSubscriber(IEventSubscriber subscriber, DispatchPriority priority = DispatchPriority.Normal)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        PriorityOrder.Require(priority);
        using ThreadClaim.Scope claim = _core.Claim();
        return _subscribers.Attach(new Subscriber(_core, _subscribers, subscriber, priority));
    }

    /// <summary>Removes a subscriber and everything it registered; its pending events are not delivered.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>The subscriber, not disposed; the caller owns it again.</returns>
    /// <exception cref="EventManagerException">It is not attached here, or the call is not from the loop's thread.</exception>
    public IEventSubscriber RemoveSubscriber(SubscriberId id)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        Subscriber subscriber = _subscribers.Find(id);
        _subscribers.Detach(subscriber);
        return subscriber.Target;
    }

    /// <summary>Finds a subscriber by its id.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="id">Its id.</param>
    /// <exception cref="EventManagerException">
    /// It is not attached here or is of another type, or the call is not from the loop's thread.
    /// </exception>
    public T GetSubscriber<T>(SubscriberId id)
        where T : class, IEventSubscriber
    {
        using ThreadClaim.Scope claim = _core.Claim();
        return _subscribers.Find<T>(id);
    }

    /// <summary>Sets how long a subscriber's callbacks may take before the watchdog reports them. No effect without a watchdog.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="budget">
    /// The budget; null for <see cref="WatchdogOptions.CallbackBudget"/>, <see cref="Timeout.InfiniteTimeSpan"/> for no limit.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The budget is zero or negative, or is below <see cref="WatchdogOptions.SamplingPeriod"/> without
    /// <see cref="WatchdogOptions.ExactTiming"/>.
    /// </exception>
    /// <exception cref="EventManagerException">The subscriber is not attached here, or the call is not from the loop's thread.</exception>
    public void SetBudget(SubscriberId id, TimeSpan? budget)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        _core.Budgets.Set(_subscribers.Find(id), budget);
    }

    /// <summary>What the watchdog has found so far; empty without a watchdog. Any thread, also after disposal.</summary>
    public SlowCallbackStatistics GetSlowCallbackStatistics() => _slowCallbacks.Statistics;

    /// <summary>Gives access to a subscriber's interest list, for changes outside its own callbacks.</summary>
    /// <param name="id">Its id.</param>
    /// <exception cref="EventManagerException">It is not attached here, or the call is not from the loop's thread.</exception>
    public EventOps GetEventOps(SubscriberId id)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        return new EventOps(_subscribers.Find(id));
    }

    /// <summary>Calls back when a file descriptor of any pollable kind is ready.</summary>
    /// <param name="fd">A handle, a socket, or a raw number. The caller keeps ownership, and cancels the event before closing it.</param>
    /// <param name="interest">
    /// The kinds to wait for. <see cref="EventSet.Exclusive"/> is for synchronous callbacks on the loop only: it cannot be disarmed while a
    /// callback runs (<c>epoll_ctl(2)</c>).
    /// </param>
    /// <param name="callback">What to call.</param>
    /// <param name="options">How to call it; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">The workers have no such thread, or the priority is undefined.</exception>
    /// <exception cref="EventManagerException">
    /// The fd is closed, not pollable, or already registered; the interest is invalid; a limit is reached; the call is not from the loop's
    /// thread.
    /// </exception>
    public SocketEvent CreateSocketEvent(
        FileDescriptor fd,
        EventSet interest,
        SocketEventCallback callback,
        SocketEventOptions? options = null) =>
        SocketEvent.Create(_core, _workers, fd, interest, new(callback), options ?? SocketEventOptions.Default);

    /// <inheritdoc cref="CreateSocketEvent(FileDescriptor, EventSet, SocketEventCallback, SocketEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(2)]
    public SocketEvent CreateSocketEvent(
        FileDescriptor fd,
        EventSet interest,
        Func<SocketEvent, EventSet, Task> callback,
        SocketEventOptions? options = null) =>
        SocketEvent.Create(_core, _workers, fd, interest, new(callback), options ?? SocketEventOptions.Default);

    /// <inheritdoc cref="CreateSocketEvent(FileDescriptor, EventSet, SocketEventCallback, SocketEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public SocketEvent CreateSocketEvent(
        FileDescriptor fd,
        EventSet interest,
        Func<SocketEvent, EventSet, ValueTask> callback,
        SocketEventOptions? options = null) =>
        SocketEvent.Create(_core, _workers, fd, interest, new(callback), options ?? SocketEventOptions.Default);

    /// <summary>Calls back once, after a time.</summary>
    /// <param name="dueTime">The time from now, as for <see cref="TimerEvent.Change(TimeSpan)"/>.</param>
    /// <param name="callback">What to call.</param>
    /// <param name="options">How it measures time and calls back; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="dueTime"/> is negative and not infinite, an option is out of range, or the workers have no such thread.
    /// </exception>
    /// <exception cref="EventManagerException">The call is not from the loop's thread, or the kernel refused.</exception>
    public TimerEvent CreateTimerEvent(TimeSpan dueTime, TimerEventCallback callback, TimerEventOptions? options = null) =>
        TimerEvent.Create(
            _core, _workers, dueTime, Timeout.InfiniteTimeSpan, new(callback), options ?? TimerEventOptions.Default);

    /// <inheritdoc cref="CreateTimerEvent(TimeSpan, TimerEventCallback, TimerEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(2)]
    public TimerEvent CreateTimerEvent(TimeSpan dueTime, Func<TimerEvent, TimerTick, Task> callback, TimerEventOptions? options = null) =>
        TimerEvent.Create(
            _core, _workers, dueTime, Timeout.InfiniteTimeSpan, new(callback), options ?? TimerEventOptions.Default);

    /// <inheritdoc cref="CreateTimerEvent(TimeSpan, TimerEventCallback, TimerEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public TimerEvent CreateTimerEvent(
        TimeSpan dueTime,
        Func<TimerEvent, TimerTick, ValueTask> callback,
        TimerEventOptions? options = null) =>
        TimerEvent.Create(
            _core, _workers, dueTime, Timeout.InfiniteTimeSpan, new(callback), options ?? TimerEventOptions.Default);

    /// <summary>Calls back after a time, and periodically from then on.</summary>
    /// <param name="dueTime">The time from now to the first tick, as for <see cref="TimerEvent.Change(TimeSpan)"/>.</param>
    /// <param name="period">
    /// The time between two ticks; zero and <see cref="Timeout.InfiniteTimeSpan"/> make it a one-shot. At most one tick is delivered in an
    /// iteration; others that are due count as missed.
    /// </param>
    /// <param name="callback">
    /// What to call. While an asynchronous callback or one on a worker has not ended, due ticks wait; they are then delivered as if the
    /// loop had been busy.
    /// </param>
    /// <param name="options">How it measures time and calls back; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A time is negative and not infinite, an option is out of range, or the workers have no such thread.
    /// </exception>
    /// <exception cref="EventManagerException">The call is not from the loop's thread, or the kernel refused.</exception>
    public TimerEvent CreateTimerEvent(TimeSpan dueTime, TimeSpan period, TimerEventCallback callback, TimerEventOptions? options = null) =>
        TimerEvent.Create(_core, _workers, dueTime, period, new(callback), options ?? TimerEventOptions.Default);

    /// <inheritdoc cref="CreateTimerEvent(TimeSpan, TimeSpan, TimerEventCallback, TimerEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(2)]
    public TimerEvent CreateTimerEvent(
        TimeSpan dueTime,
        TimeSpan period,
        Func<TimerEvent, TimerTick, Task> callback,
        TimerEventOptions? options = null) =>
        TimerEvent.Create(_core, _workers, dueTime, period, new(callback), options ?? TimerEventOptions.Default);

    /// <inheritdoc cref="CreateTimerEvent(TimeSpan, TimeSpan, TimerEventCallback, TimerEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public TimerEvent CreateTimerEvent(
        TimeSpan dueTime,
        TimeSpan period,
        Func<TimerEvent, TimerTick, ValueTask> callback,
        TimerEventOptions? options = null) =>
        TimerEvent.Create(_core, _workers, dueTime, period, new(callback), options ?? TimerEventOptions.Default);

    /// <summary>Calls back at a date, and periodically from then on. The timer follows the wall clock when it is set.</summary>
    /// <param name="dueTime">
    /// The date. A past date is due at once, with a lateness of at most 292 years; a periodic timer counts the ticks missed since.
    /// </param>
    /// <param name="period">The time between two ticks; zero and <see cref="Timeout.InfiniteTimeSpan"/> make it a one-shot.</param>
    /// <param name="callback">What to call.</param>
    /// <param name="options">
    /// How it measures time and calls back; null for the defaults. Only <see cref="TimerClock.WallClock"/> has dates.
    /// </param>
    /// <exception cref="ArgumentException">The clock is not <see cref="TimerClock.WallClock"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The period is negative and not infinite, an option is out of range, or the workers have no such thread.
    /// </exception>
    /// <exception cref="EventManagerException">The call is not from the loop's thread, or the kernel refused.</exception>
    public TimerEvent CreateTimerEvent(
        DateTimeOffset dueTime,
        TimeSpan period,
        TimerEventCallback callback,
        TimerEventOptions? options = null) =>
        TimerEvent.Create(_core, _workers, dueTime, period, new(callback), options ?? TimerEventOptions.Default);

    /// <inheritdoc cref="CreateTimerEvent(DateTimeOffset, TimeSpan, TimerEventCallback, TimerEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(2)]
    public TimerEvent CreateTimerEvent(
        DateTimeOffset dueTime,
        TimeSpan period,
        Func<TimerEvent, TimerTick, Task> callback,
        TimerEventOptions? options = null) =>
        TimerEvent.Create(_core, _workers, dueTime, period, new(callback), options ?? TimerEventOptions.Default);

    /// <inheritdoc cref="CreateTimerEvent(DateTimeOffset, TimeSpan, TimerEventCallback, TimerEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public TimerEvent CreateTimerEvent(
        DateTimeOffset dueTime,
        TimeSpan period,
        Func<TimerEvent, TimerTick, ValueTask> callback,
        TimerEventOptions? options = null) =>
        TimerEvent.Create(_core, _workers, dueTime, period, new(callback), options ?? TimerEventOptions.Default);

    /// <summary>
    /// Calls back for each change of a file, a directory or a directory tree, from now on. A tree is scanned before this returns, which
    /// takes some microseconds for each entry and some tens of microseconds for each directory.
    /// </summary>
    /// <param name="path">
    /// A directory, or any other name in an existing directory. The name need not exist yet: whatever gets it later is watched. A symbolic
    /// link to a directory is followed at the end of the path, but not below it; a dangling link is watched as a link.
    /// </param>
    /// <param name="callback">What to call.</param>
    /// <param name="options">
    /// How to watch and call back; null for the defaults. An event whose callback is asynchronous or on a worker has its own inotify
    /// instance; <c>/proc/sys/fs/inotify/max_user_instances</c> usually allows 128.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The path is empty or contains a NUL, an option is out of range, or the workers have no such thread.
    /// </exception>
    /// <exception cref="EventManagerException">
    /// The path's directory does not exist or may not be read, a recursive path is not a directory, or a kernel limit is reached, which the
    /// message names; the call is not from the loop's thread.
    /// </exception>
    public FileEvent CreateFileEvent(string path, FileEventCallback callback, FileEventOptions? options = null) =>
        _files.Create(path, new(callback), options ?? new FileEventOptions());

    /// <inheritdoc cref="CreateFileEvent(string, FileEventCallback, FileEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(2)]
    public FileEvent CreateFileEvent(string path, Func<FileEvent, FileChange, Task> callback, FileEventOptions? options = null) =>
        _files.Create(path, new(callback), options ?? new FileEventOptions());

    /// <inheritdoc cref="CreateFileEvent(string, FileEventCallback, FileEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public FileEvent CreateFileEvent(string path, Func<FileEvent, FileChange, ValueTask> callback, FileEventOptions? options = null) =>
        _files.Create(path, new(callback), options ?? new FileEventOptions());

    /// <summary>
    /// Returns a task that the loop completes after a delay, with nanosecond resolution. Code on the loop that awaits it resumes in the
    /// timer's turn.
    /// </summary>
    /// <param name="delay">
    /// The delay: zero lasts until the next iteration, <see cref="Timeout.InfiniteTimeSpan"/> until the task is cancelled.
    /// </param>
    /// <param name="cancellationToken">Cancels the task. Any thread may do so.</param>
    /// <returns>The task. It fails with <see cref="ObjectDisposedException"/> if the manager is disposed first.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is negative and not infinite.</exception>
    /// <exception cref="EventManagerException">The call is not from the loop's thread, or the kernel refused.</exception>
    public Task Delay(TimeSpan delay, CancellationToken cancellationToken = default) =>
        DelayTimer.Start(_core, delay, cancellationToken);

    /// <summary>Calls back when the process receives a signal. While the signal has a callback, its default action is off.</summary>
    /// <param name="signal">Which signal.</param>
    /// <param name="callback">
    /// What to call, on the loop after the signal's earlier callbacks. While an asynchronous callback or one on a worker has not ended,
    /// further signals wait, a standard one once.
    /// </param>
    /// <param name="options">How to call it; null for the defaults.</param>
    /// <exception cref="ArgumentException"><paramref name="signal"/> is <c>default</c>.</exception>
    /// <exception cref="EventManagerException">
    /// The signal cannot be handled (<see cref="EventManagerError.SignalReserved"/>), is ignored
    /// (<see cref="EventManagerError.SignalIgnored"/>), or is blocked on some threads only (<see cref="EventManagerError.SignalBlocked"/>);
    /// the kernel or the runtime refused; the call is not from the loop's thread.
    /// </exception>
    public SignalEvent CreateSignalEvent(Signal signal, SignalEventCallback callback, SignalEventOptions? options = null) =>
        _signals.Create(signal, new(callback), options ?? SignalEventOptions.Default);

    /// <inheritdoc cref="CreateSignalEvent(Signal, SignalEventCallback, SignalEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(2)]
    public SignalEvent CreateSignalEvent(Signal signal, Func<SignalEvent, SignalInfo, Task> callback, SignalEventOptions? options = null) =>
        _signals.Create(signal, new(callback), options ?? SignalEventOptions.Default);

    /// <inheritdoc cref="CreateSignalEvent(Signal, SignalEventCallback, SignalEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public SignalEvent CreateSignalEvent(
        Signal signal,
        Func<SignalEvent, SignalInfo, ValueTask> callback,
        SignalEventOptions? options = null) =>
        _signals.Create(signal, new(callback), options ?? SignalEventOptions.Default);

    /// <summary>
    /// As <see cref="CreateSignalEvent(Signal, SignalEventCallback, SignalEventOptions?)"/>, for a signal that the program can do without
    /// if it is ignored. On purpose, '&amp;' in a script has SIGINT and SIGQUIT ignored, and <c>nohup</c> SIGHUP.
    /// </summary>
    /// <param name="signal">Which signal.</param>
    /// <param name="callback">What to call, on the loop's thread, after the signal's earlier callbacks.</param>
    /// <param name="signalEvent">The event; null if the signal is ignored.</param>
    /// <param name="options">How to call it; null for the defaults.</param>
    /// <returns>False if the signal is ignored (<see cref="EventManagerError.SignalIgnored"/>) and so never arrives.</returns>
    /// <exception cref="ArgumentException"><paramref name="signal"/> is <c>default</c>.</exception>
    /// <exception cref="EventManagerException">
    /// As for <see cref="CreateSignalEvent(Signal, SignalEventCallback, SignalEventOptions?)"/>, except for an ignored signal.
    /// </exception>
    public bool TryCreateSignalEvent(
        Signal signal,
        SignalEventCallback callback,
        [NotNullWhen(true)] out SignalEvent? signalEvent,
        SignalEventOptions? options = null) =>
        _signals.TryCreate(signal, new(callback), options ?? SignalEventOptions.Default, out signalEvent);

    /// <inheritdoc cref="TryCreateSignalEvent(Signal, SignalEventCallback, out SignalEvent?, SignalEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(2)]
    public bool TryCreateSignalEvent(
        Signal signal,
        Func<SignalEvent, SignalInfo, Task> callback,
        [NotNullWhen(true)] out SignalEvent? signalEvent,
        SignalEventOptions? options = null) =>
        _signals.TryCreate(signal, new(callback), options ?? SignalEventOptions.Default, out signalEvent);

    /// <inheritdoc cref="TryCreateSignalEvent(Signal, SignalEventCallback, out SignalEvent?, SignalEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public bool TryCreateSignalEvent(
        Signal signal,
        Func<SignalEvent, SignalInfo, ValueTask> callback,
        [NotNullWhen(true)] out SignalEvent? signalEvent,
        SignalEventOptions? options = null) =>
        _signals.TryCreate(signal, new(callback), options ?? SignalEventOptions.Default, out signalEvent);

    /// <summary>
    /// Calls back when the process of a <see cref="Process"/> ends, also if it has ended already. If the object started it, the callback
    /// can read its <see cref="Process.ExitCode"/>.
    /// </summary>
    /// <param name="process">The process. The caller keeps ownership, and may dispose the object before the process ends.</param>
    /// <param name="callback">What to call, once.</param>
    /// <param name="options">How to call it, and whether to kill the process; null for the defaults.</param>
    /// <exception cref="InvalidOperationException">The object has no process.</exception>
    /// <exception cref="EventManagerException">
    /// SIGCHLD is blocked, so the runtime is not notified of children; the kernel refused; the call is not from the loop's thread.
    /// </exception>
    public ChildEvent CreateChildEvent(Process process, ChildEventCallback callback, ChildEventOptions? options = null) =>
        _children.Create(process, new(callback), options ?? ChildEventOptions.Default);

    /// <inheritdoc cref="CreateChildEvent(Process, ChildEventCallback, ChildEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(2)]
    public ChildEvent CreateChildEvent(Process process, Func<ChildEvent, ChildExit, Task> callback, ChildEventOptions? options = null) =>
        _children.Create(process, new(callback), options ?? ChildEventOptions.Default);

    /// <inheritdoc cref="CreateChildEvent(Process, ChildEventCallback, ChildEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public ChildEvent CreateChildEvent(
        Process process,
        Func<ChildEvent, ChildExit, ValueTask> callback,
        ChildEventOptions? options = null) =>
        _children.Create(process, new(callback), options ?? ChildEventOptions.Default);

    /// <summary>
    /// Calls back when a process ends that <see cref="Process"/> did not start. A child is reaped, and its exit code or signal is reported;
    /// of any other process, only its end. For a process that <see cref="Process"/> started, use the overload that takes it: reaping it
    /// here would make the runtime end the program.
    /// </summary>
    /// <param name="processId">The process's id. A child that has ended keeps it until it is reaped.</param>
    /// <param name="callback">What to call, once.</param>
    /// <param name="options">How to call it, and whether to kill the process; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="processId"/> is not positive.</exception>
    /// <exception cref="EventManagerException">
    /// There is no such process; the kernel refused; the call is not from the loop's thread.
    /// </exception>
    public ChildEvent CreateChildEvent(int processId, ChildEventCallback callback, ChildEventOptions? options = null) =>
        _children.Create(processId, new(callback), options ?? ChildEventOptions.Default);

    /// <inheritdoc cref="CreateChildEvent(int, ChildEventCallback, ChildEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(2)]
    public ChildEvent CreateChildEvent(int processId, Func<ChildEvent, ChildExit, Task> callback, ChildEventOptions? options = null) =>
        _children.Create(processId, new(callback), options ?? ChildEventOptions.Default);

    /// <inheritdoc cref="CreateChildEvent(int, ChildEventCallback, ChildEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public ChildEvent CreateChildEvent(int processId, Func<ChildEvent, ChildExit, ValueTask> callback, ChildEventOptions? options = null) =>
        _children.Create(processId, new(callback), options ?? ChildEventOptions.Default);

    /// <summary>
    /// As <see cref="CreateChildEvent(int, ChildEventCallback, ChildEventOptions?)"/>, for a process given by a descriptor
    /// (<c>pidfd_open(2)</c>), which never refers to another process.
    /// </summary>
    /// <param name="pidFd">The descriptor. The caller keeps ownership, and may close it at any time.</param>
    /// <param name="callback">What to call, once.</param>
    /// <param name="options">How to call it, and whether to kill the process; null for the defaults.</param>
    /// <exception cref="ArgumentException">
    /// The handle is a <see cref="Microsoft.Win32.SafeHandles.SafeProcessHandle"/>, which holds an id.
    /// </exception>
    /// <exception cref="EventManagerException">
    /// The descriptor does not refer to a process; the kernel refused; the call is not from the loop's thread.
    /// </exception>
    public ChildEvent CreateChildEvent(SafeHandle pidFd, ChildEventCallback callback, ChildEventOptions? options = null) =>
        _children.Create(pidFd, new(callback), options ?? ChildEventOptions.Default);

    /// <inheritdoc cref="CreateChildEvent(SafeHandle, ChildEventCallback, ChildEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(2)]
    public ChildEvent CreateChildEvent(SafeHandle pidFd, Func<ChildEvent, ChildExit, Task> callback, ChildEventOptions? options = null) =>
        _children.Create(pidFd, new(callback), options ?? ChildEventOptions.Default);

    /// <inheritdoc cref="CreateChildEvent(SafeHandle, ChildEventCallback, ChildEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public ChildEvent CreateChildEvent(
        SafeHandle pidFd,
        Func<ChildEvent, ChildExit, ValueTask> callback,
        ChildEventOptions? options = null) =>
        _children.Create(pidFd, new(callback), options ?? ChildEventOptions.Default);

    /// <summary>Creates an event that any thread can trigger with a value. Values are merged until the loop delivers them.</summary>
    /// <param name="merge">How several values are merged.</param>
    /// <param name="callback">What to call, at most once an iteration.</param>
    /// <param name="options">
    /// How to call it; null for the defaults. While an asynchronous callback or one on a worker has not ended, values are merged for the
    /// next.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="merge"/> is undefined, or the workers have no such thread.</exception>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    public UserEvent CreateUserEvent(UserEventMerge merge, UserEventCallback callback, UserEventOptions? options = null) =>
        UserEvent.Create(_core, _workers, merge, new(callback), options ?? UserEventOptions.Default);

    /// <inheritdoc cref="CreateUserEvent(UserEventMerge, UserEventCallback, UserEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(2)]
    public UserEvent CreateUserEvent(UserEventMerge merge, Func<UserEvent, long, Task> callback, UserEventOptions? options = null) =>
        UserEvent.Create(_core, _workers, merge, new(callback), options ?? UserEventOptions.Default);

    /// <inheritdoc cref="CreateUserEvent(UserEventMerge, UserEventCallback, UserEventOptions?)"/>
    /// <remarks>
    /// The callback is asynchronous: nothing more is delivered until its task has ended. A task that fails is a fault of the event
    /// (docs/workers.md).
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public UserEvent CreateUserEvent(UserEventMerge merge, Func<UserEvent, long, ValueTask> callback, UserEventOptions? options = null) =>
        UserEvent.Create(_core, _workers, merge, new(callback), options ?? UserEventOptions.Default);

    /// <summary>Runs work on a worker, fire-and-forget. Any thread.</summary>
    /// <param name="target">A <see cref="WorkPriority"/>, or the number of the thread to run it.</param>
    /// <param name="work">
    /// What to run. An exception is a fault of this manager (<see cref="FaultOrigin.Work"/>); a result is dropped.
    /// </param>
    /// <param name="cancellationToken">
    /// Cancels work that has not begun. A sender that waits for room (<see cref="QueueFullPolicy.Block"/>) gets an
    /// <see cref="OperationCanceledException"/>.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="EventManagerException">
    /// The workers accept no more work (<see cref="EventManagerError.WorkQueueFull"/>), or the manager's own threads could not be started
    /// (<see cref="EventManagerError.LimitReached"/>).
    /// </exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, even if it does not own the workers.</exception>
    public void ExecuteWork(WorkTarget target, Action work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        _workers.Execute(target, work, cancellationToken);
    }

    /// <summary>Runs work with a state on a worker, fire-and-forget, without allocating a closure. Any thread.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    /// <param name="target">A <see cref="WorkPriority"/>, or the number of the thread to run it.</param>
    /// <param name="work">What to run. An exception is a fault of this manager (<see cref="FaultOrigin.Work"/>).</param>
    /// <param name="state">Its argument.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="EventManagerException">
    /// The workers accept no more work (<see cref="EventManagerError.WorkQueueFull"/>), or the manager's own threads could not be started
    /// (<see cref="EventManagerError.LimitReached"/>).
    /// </exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, even if it does not own the workers.</exception>
    public void ExecuteWork<TState>(WorkTarget target, Action<TState> work, TState state)
    {
        ArgumentNullException.ThrowIfNull(work);
        _workers.Execute(target, work, state);
    }

    /// <summary>Runs work on a worker, and passes its result to a callback on the loop. Any thread.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="target">A <see cref="WorkPriority"/>, or the number of the thread to run it.</param>
    /// <param name="work">
    /// What to run. An exception is a fault of this manager (<see cref="FaultOrigin.Work"/>); then there is no callback.
    /// </param>
    /// <param name="completed">What to call with the result, on the loop's thread.</param>
    /// <param name="cancellationToken">
    /// Cancels work that has not begun; then there is no callback. A sender that waits for room (<see cref="QueueFullPolicy.Block"/>) gets
    /// an <see cref="OperationCanceledException"/>.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="EventManagerException">
    /// The workers accept no more work (<see cref="EventManagerError.WorkQueueFull"/>), or the manager's own threads could not be started
    /// (<see cref="EventManagerError.LimitReached"/>).
    /// </exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, even if it does not own the workers.</exception>
    public void ExecuteWork<T>(
        WorkTarget target,
        Func<T> work,
        Action<EventManager, T> completed,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(completed);
        _workers.Execute(target, work, completed, cancellationToken);
    }

    /// <summary>
    /// Does not compile: fire-and-forget work must be synchronous. Use
    /// <see cref="ExecuteWorkAsync(WorkTarget, Func{Task}, CancellationToken)"/>.
    /// </summary>
    /// <param name="target">Unused.</param>
    /// <param name="work">Unused.</param>
    /// <param name="cancellationToken">Unused.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete(NotForgotten, error: true)]
    [OverloadResolutionPriority(2)]
    public void ExecuteWork(WorkTarget target, Func<Task> work, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(NotForgotten);

    /// <inheritdoc cref="ExecuteWork(WorkTarget, Func{Task}, CancellationToken)"/>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete(NotForgotten, error: true)]
    [OverloadResolutionPriority(1)]
    public void ExecuteWork(WorkTarget target, Func<ValueTask> work, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(NotForgotten);

    /// <summary>As <see cref="ExecuteWork(WorkTarget, Func{Task}, CancellationToken)"/>.</summary>
    /// <typeparam name="T">Unused.</typeparam>
    /// <param name="target">Unused.</param>
    /// <param name="work">Unused.</param>
    /// <param name="cancellationToken">Unused.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete(NotForgotten, error: true)]
    [OverloadResolutionPriority(1)]
    public void ExecuteWork<T>(WorkTarget target, Func<ValueTask<T>> work, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(NotForgotten);

    /// <summary>As <see cref="ExecuteWork(WorkTarget, Func{Task}, CancellationToken)"/>.</summary>
    /// <typeparam name="TState">Unused.</typeparam>
    /// <param name="target">Unused.</param>
    /// <param name="work">Unused.</param>
    /// <param name="state">Unused.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete(NotForgotten, error: true)]
    [OverloadResolutionPriority(2)]
    public void ExecuteWork<TState>(WorkTarget target, Func<TState, Task> work, TState state) =>
        throw new NotSupportedException(NotForgotten);

    /// <inheritdoc cref="ExecuteWork{TState}(WorkTarget, Func{TState, Task}, TState)"/>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete(NotForgotten, error: true)]
    [OverloadResolutionPriority(1)]
    public void ExecuteWork<TState>(WorkTarget target, Func<TState, ValueTask> work, TState state) =>
        throw new NotSupportedException(NotForgotten);

    /// <summary>As <see cref="ExecuteWork(WorkTarget, Func{Task}, CancellationToken)"/>.</summary>
    /// <typeparam name="TState">Unused.</typeparam>
    /// <typeparam name="T">Unused.</typeparam>
    /// <param name="target">Unused.</param>
    /// <param name="work">Unused.</param>
    /// <param name="state">Unused.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete(NotForgotten, error: true)]
    [OverloadResolutionPriority(1)]
    public void ExecuteWork<TState, T>(WorkTarget target, Func<TState, ValueTask<T>> work, TState state) =>
        throw new NotSupportedException(NotForgotten);

    /// <summary>As <see cref="ExecuteWork(WorkTarget, Func{Task}, CancellationToken)"/>.</summary>
    /// <typeparam name="T">Unused.</typeparam>
    /// <param name="target">Unused.</param>
    /// <param name="work">Unused.</param>
    /// <param name="completed">Unused.</param>
    /// <param name="cancellationToken">Unused.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete(NotForgotten, error: true)]
    [OverloadResolutionPriority(2)]
    public void ExecuteWork<T>(
        WorkTarget target,
        Func<Task<T>> work,
        Action<EventManager, T> completed,
        CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(NotForgotten);

    /// <summary>Runs work on a worker, and returns a task for its end. Any thread.</summary>
    /// <param name="target">A <see cref="WorkPriority"/>, or the number of the thread to run it.</param>
    /// <param name="work">What to run. The task gets its exceptions.</param>
    /// <param name="cancellationToken">Cancels the task, and the work if it has not begun.</param>
    /// <returns>The task. A callback on the loop that awaits it resumes on the loop.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="EventManagerException">
    /// The workers accept no more work (<see cref="EventManagerError.WorkQueueFull"/>), or the manager's own threads could not be started
    /// (<see cref="EventManagerError.LimitReached"/>).
    /// </exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, even if it does not own the workers.</exception>
    public Task ExecuteWorkAsync(WorkTarget target, Action work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _workers.ExecuteAsync(
            target,
            new TaskWork<bool>(
                () =>
                {
                    work();
                    return true;
                },
                work,
                _core.TaskOptions),
            cancellationToken);
    }

    /// <summary>Runs work on a worker, and returns a task with its result. Any thread.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="target">A <see cref="WorkPriority"/>, or the number of the thread to run it.</param>
    /// <param name="work">What to run. The task gets its exceptions.</param>
    /// <param name="cancellationToken">Cancels the task, and the work if it has not begun.</param>
    /// <returns>The task. A callback on the loop that awaits it resumes on the loop.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="EventManagerException">
    /// The workers accept no more work (<see cref="EventManagerError.WorkQueueFull"/>), or the manager's own threads could not be started
    /// (<see cref="EventManagerError.LimitReached"/>).
    /// </exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, even if it does not own the workers.</exception>
    public Task<T> ExecuteWorkAsync<T>(WorkTarget target, Func<T> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _workers.ExecuteAsync(target, new TaskWork<T>(work, work, _core.TaskOptions), cancellationToken);
    }

    /// <summary>
    /// Runs asynchronous work on workers. It occupies no worker while it waits. After an <c>await</c> it resumes on the workers, with the
    /// same priority and on the thread it is pinned to, unless it uses <c>ConfigureAwait(false)</c>. Any thread.
    /// </summary>
    /// <param name="target">A <see cref="WorkPriority"/>, or the number of the thread to run it.</param>
    /// <param name="work">What to run. The task gets its exceptions.</param>
    /// <param name="cancellationToken">Cancels the work if it has not begun, and the task with it.</param>
    /// <returns>A task for all of it. A callback on the loop that awaits it resumes on the loop.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="EventManagerException">
    /// The workers accept no more work (<see cref="EventManagerError.WorkQueueFull"/>), or the manager's own threads could not be started
    /// (<see cref="EventManagerError.LimitReached"/>).
    /// </exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, even if it does not own the workers.</exception>
    [OverloadResolutionPriority(2)]
    public Task ExecuteWorkAsync(WorkTarget target, Func<Task> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _workers.ExecuteAsync(target, work, cancellationToken);
    }

    /// <summary>
    /// Runs asynchronous work with a result on workers, as <see cref="ExecuteWorkAsync(WorkTarget, Func{Task}, CancellationToken)"/>. Any
    /// thread.
    /// </summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="target">A <see cref="WorkPriority"/>, or the number of the thread to run it.</param>
    /// <param name="work">What to run. The task gets its exceptions.</param>
    /// <param name="cancellationToken">Cancels the work if it has not begun, and the task with it.</param>
    /// <returns>A task for all of it. A callback on the loop that awaits it resumes on the loop.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="EventManagerException">
    /// The workers accept no more work (<see cref="EventManagerError.WorkQueueFull"/>), or the manager's own threads could not be started
    /// (<see cref="EventManagerError.LimitReached"/>).
    /// </exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, even if it does not own the workers.</exception>
    [OverloadResolutionPriority(2)]
    public Task<T> ExecuteWorkAsync<T>(WorkTarget target, Func<Task<T>> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _workers.ExecuteAsync(target, work, cancellationToken);
    }

    /// <inheritdoc cref="ExecuteWorkAsync(WorkTarget, Func{Task}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public Task ExecuteWorkAsync(WorkTarget target, Func<ValueTask> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _workers.ExecuteAsync(target, () => work().AsTask(), cancellationToken);
    }

    /// <inheritdoc cref="ExecuteWorkAsync{T}(WorkTarget, Func{Task{T}}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public Task<T> ExecuteWorkAsync<T>(WorkTarget target, Func<ValueTask<T>> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _workers.ExecuteAsync(target, () => work().AsTask(), cancellationToken);
    }

    /// <summary>
    /// Delivers an event to a subscriber in the next iteration as if the kernel had reported it: only if the fd is registered and armed
    /// then, only the kinds in its interest, and with the registered data. Modes such as <see cref="EventSet.OneShot"/> are not kinds and
    /// are never delivered. For restoring from snapshots, and for tests.
    /// </summary>
    /// <param name="id">The subscriber.</param>
    /// <param name="events">The fd, which the subscriber must have registered, and the kinds to report.</param>
    /// <exception cref="EventManagerException">
    /// The subscriber is not attached here, it has not registered the fd, or the call is not from the loop's thread.
    /// </exception>
    public void Inject(SubscriberId id, Events events)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        _core.SourceTable.Find(_subscribers.Find(id), events.Fd, out Source? source).ThrowIfFailed(events.Set);
        _core.SourceTable.Injected.Enqueue(new InjectedEvent(source!, events.Set & Interests.Kinds));
    }

    /// <summary>
    /// Runs a callback at the end of this iteration, or of the next one if none is running. A callback that a deferred callback defers runs
    /// in the next one.
    /// </summary>
    /// <param name="callback">What to run.</param>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    public void Defer(Action<EventManager> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        _loop.Defer(ActionKind<EventManager>.Create(callback));
    }

    /// <summary>Runs a callback with a state at the end of this iteration, without allocating a closure.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    /// <param name="callback">What to run.</param>
    /// <param name="state">Its argument.</param>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    public void Defer<TState>(Action<EventManager, TState> callback, TState state)
    {
        ArgumentNullException.ThrowIfNull(callback);
        _loop.Defer(StateKind<EventManager, TState>.Create(callback, state));
    }

    /// <summary>
    /// Starts an asynchronous callback at the end of this iteration, or of the next one if none is running. Its exceptions go to the fault
    /// policy.
    /// </summary>
    /// <param name="callback">What to run; after each <c>await</c> it resumes on the loop.</param>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    [OverloadResolutionPriority(2)]
    public void Defer(Func<EventManager, Task> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        _loop.Defer(TaskKind.Create(callback, _core));
    }

    /// <inheritdoc cref="Defer(Func{EventManager, Task})"/>
    [OverloadResolutionPriority(1)]
    public void Defer(Func<EventManager, ValueTask> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        _loop.Defer(TaskKind.Create(callback, _core));
    }

    /// <summary>Starts an asynchronous callback with a state at the end of this iteration, or of the next one if none is running.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    /// <param name="callback">What to run; after each <c>await</c> it resumes on the loop.</param>
    /// <param name="state">Its argument.</param>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    [OverloadResolutionPriority(2)]
    public void Defer<TState>(Func<EventManager, TState, Task> callback, TState state)
    {
        ArgumentNullException.ThrowIfNull(callback);
        _loop.Defer(TaskStateKind<TState>.Create(callback, state, _core));
    }

    /// <inheritdoc cref="Defer{TState}(Func{EventManager, TState, Task}, TState)"/>
    [OverloadResolutionPriority(1)]
    public void Defer<TState>(Func<EventManager, TState, ValueTask> callback, TState state)
    {
        ArgumentNullException.ThrowIfNull(callback);
        _loop.Defer(TaskStateKind<TState>.Create(callback, state, _core));
    }

    /// <summary>Calls back at the beginning of every iteration, before it decides how long to sleep.</summary>
    /// <param name="callback">What to call.</param>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    public HookRegistration AddPrepareHook(Action<EventManager> callback) => _loop.PrepareHooks.Add(_core, callback);

    /// <summary>Calls back at the end of every iteration.</summary>
    /// <param name="callback">What to call.</param>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    public HookRegistration AddCheckHook(Action<EventManager> callback) => _loop.CheckHooks.Add(_core, callback);

    /// <summary>
    /// Calls back at the end of every iteration in which nothing else ran. It does not keep the loop from sleeping; to continue idle work
    /// without waiting for an event, defer a callback.
    /// </summary>
    /// <param name="callback">What to call.</param>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    public HookRegistration AddIdleHook(Action<EventManager> callback) => _loop.IdleHooks.Add(_core, callback);

    /// <summary>
    /// Calls back when a <see cref="Run"/> has been stopped or cancelled, the last registered first. Each runs once, and so do those that
    /// an exit callback registers. They do not run when the run ends with an exception.
    /// </summary>
    /// <param name="callback">What to call.</param>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    public HookRegistration AddExitCallback(Action<EventManager> callback) => _runs.ExitCallbacks.Add(_core, callback);

    /// <summary>
    /// Calls back when the program has announced that it will stop the loop (<see cref="BeginStopping"/>), at the end of that iteration,
    /// the last registered first. Each runs once. One that is added after the announcement runs at the end of the iteration in which it is
    /// added.
    /// </summary>
    /// <param name="callback">What to call.</param>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    public HookRegistration AddStoppingCallback(Action<EventManager> callback)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        return _stopping.Add(callback);
    }

    /// <summary>
    /// Announces that the program is about to stop the loop: disarms every listening socket that subscribers and events have registered, so
    /// that new connections wait in the kernel, and calls those that have asked for it (<see cref="AddStoppingCallback"/>). The loop goes
    /// on, and what was begun can be finished until <see cref="Stop"/>. Further calls do nothing.
    /// </summary>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    public void BeginStopping() => _stopping.Begin();

    /// <summary>
    /// Applies changed options to a manager that exists: <see cref="EventManagerOptions.FaultPolicy"/>,
    /// <see cref="EventManagerOptions.MailboxBudget"/> and <see cref="EventManagerOptions.UnhandledHangUpLimit"/>; and of a watchdog that
    /// it has <see cref="WatchdogOptions.CallbackBudget"/>, <see cref="WatchdogOptions.PhaseBudget"/>, <see cref="WatchdogOptions.Policy"/>
    /// and <see cref="WatchdogOptions.ReportInterval"/>. All others stay as they were.
    /// </summary>
    /// <param name="options">All options, as for the constructor.</param>
    /// <returns>The names of the options that are different and stay as they were, such as "Watchdog.SamplingPeriod".</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it. Nothing has changed.</exception>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    public IReadOnlyList<string> Reconfigure(EventManagerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        EventManagerOptions wanted = options.ToChecked();
        WatchdogOptions? watchdog = wanted.Watchdog;
        if (watchdog is not null)
        {
            // Against the period that the watchdog has, not the one that it would have from the start on.
            _options.Watchdog?.RequireSeen(watchdog);
        }

        using ThreadClaim.Scope claim = _core.Claim();
        _core.Faults.Configure(wanted);
        _core.SourceTable.SpinDetector.Limit = wanted.UnhandledHangUpLimit;
        _loop.MailboxBudget = wanted.MailboxBudget;
        if (watchdog is not null)
        {
            _watchdog?.Configure(watchdog);
        }

        return wanted.FixedDifferences(_options);
    }

    /// <summary>All subscribers, in the order in which they were added.</summary>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    public IReadOnlyList<SubscriberInfo> GetSubscribers()
    {
        using ThreadClaim.Scope claim = _core.Claim();
        return _subscribers.Describe();
    }

    /// <summary>
    /// Every file descriptor that subscribers and events have registered, in no particular order. Registrations whose handle was closed are
    /// dropped and reported first.
    /// </summary>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    public IReadOnlyList<SourceInfo> GetSources()
    {
        using ThreadClaim.Scope claim = _core.Claim();
        _core.SourceTable.DropClosed();
        return [.. _core.SourceTable.Sources.Where(IsUsers).Select(source => new SourceInfo
        {
            Fd = source.Fd,
            Interest = (source.Owner as SocketEvent)?.Interest ?? source.Interest,
            Data = source.Data,
            State = source.State,
            DispatchPriority = source.DispatchPriority,
            SubscriberId = (source.Owner as Subscriber)?.Id ?? default,
            Event = source.Owner as CallbackEvent,
        })];
    }

    /// <summary>
    /// All started timers, in no particular order. Not listed are idle and suspended timers, and a fired one whose callback waits for a
    /// worker or runs there.
    /// </summary>
    /// <exception cref="EventManagerException">The call is not from the loop's thread.</exception>
    public IReadOnlyList<TimerEvent> GetTimers()
    {
        using ThreadClaim.Scope claim = _core.Claim();
        return [.. _core.Timers.Targets().OfType<TimerEvent>()];
    }

    /// <summary>What the loop has done so far. Each figure is read by itself: together they are no snapshot. Any thread.</summary>
    public EventManagerStatistics GetStatistics() => _core.Counters.ToStatistics();

    /// <summary>Runs one iteration, which sleeps until something is ready.</summary>
    /// <returns>
    /// How many callbacks ran: of timers and delays, of sources, of posted work, and deferred ones. 0 after a kick, or if all events were
    /// stale.
    /// </returns>
    /// <exception cref="EventManagerException">The call comes from inside a callback, or another thread is running the manager.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    /// <exception cref="Exception">What callbacks threw, under <see cref="FaultPolicy.Throw"/>.</exception>
    public int RunOnce() => RunOnce(Timeout.InfiniteTimeSpan);

    /// <summary>Runs one iteration, which sleeps until something is ready or the timeout is over.</summary>
    /// <param name="timeout">
    /// How long to sleep at most: zero does not sleep, <see cref="Timeout.InfiniteTimeSpan"/> sleeps without limit.
    /// </param>
    /// <returns>As for <see cref="RunOnce()"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    /// <exception cref="EventManagerException">As for <see cref="RunOnce()"/>.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    /// <exception cref="Exception">What callbacks threw, under <see cref="FaultPolicy.Throw"/>.</exception>
    public int RunOnce(TimeSpan timeout) => _runs.RunOnce(timeout);

    /// <summary>Runs iterations until stopped or cancelled, then the exit callbacks.</summary>
    /// <param name="cancellationToken">Ends the run after the current iteration; the run returns normally.</param>
    /// <exception cref="EventManagerException">The call comes from inside a callback, or another thread is running the manager.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    /// <exception cref="Exception">
    /// What callbacks threw, under <see cref="FaultPolicy.Throw"/>. A requested stop is kept for the next run.
    /// </exception>
    public void Run(CancellationToken cancellationToken = default) => _runs.Run(cancellationToken);

    /// <summary>
    /// Ends the current <see cref="Run"/> after its iteration. If none runs, the next one ends after one iteration that does not sleep;
    /// until then no <see cref="RunOnce()"/> sleeps either. Any thread.
    /// </summary>
    /// <exception cref="EventManagerException">
    /// The kernel refused to wake the loop; it stops when it next wakes up (<see cref="RemoteEndpoint"/>).
    /// </exception>
    public void Stop()
    {
        _core.Lifetime.RequestStop();
        _core.Wake();
    }

    /// <summary>
    /// Ends the manager: all waiting callers fail, the subscribers that it still owns are disposed if they are <see cref="IDisposable"/>,
    /// in reverse order, and everything is unregistered. From another thread it stops the run and waits for its end, however long a
    /// callback takes; inside a callback it takes effect when the iteration ends. Any thread. Further calls do nothing.
    /// </summary>
    /// <remarks>
    /// <see cref="Environment.Exit"/> in a callback waits for the handlers of <see cref="AppDomain.ProcessExit"/>, which run on another
    /// thread. A handler that calls this method waits for the callback: a deadlock. Use <see cref="Dispose(TimeSpan)"/> there.
    /// </remarks>
    public void Dispose() => _ = _core.RequestDisposal() && _core.Lifetime.AwaitDisposal(Timeout.InfiniteTimeSpan);

    /// <summary>
    /// Ends the manager as <see cref="Dispose()"/> does, but waits for a run on another thread no longer than a timeout. Any thread.
    /// </summary>
    /// <param name="timeout">
    /// How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit. If no thread runs the manager, the calling thread disposes
    /// it, which the timeout does not limit.
    /// </param>
    /// <returns>
    /// Whether it is disposed. False if the timeout was over, if the loop could not be woken, and inside a callback: then the thread that
    /// runs the manager disposes it at the end of the current iteration.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    public bool Dispose(TimeSpan timeout)
    {
        if (timeout < TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A timeout is zero or more, or Timeout.InfiniteTimeSpan.");
        }

        return _core.RequestDisposal() && _core.Lifetime.AwaitDisposal(timeout);
    }

    /// <summary>
    /// Ends the manager as <see cref="Dispose()"/> does, without blocking: a thread that runs the manager disposes it. If there is none,
    /// the calling thread disposes it in this call. Any thread, also inside a callback.
    /// </summary>
    /// <returns>
    /// A task that ends when it is disposed. Code on the loop that awaits it resumes on the thread pool, since the loop is gone.
    /// </returns>
    public ValueTask DisposeAsync()
    {
        _core.RequestDisposal();
        return new ValueTask(_core.Lifetime.WhenDisposed());
    }

    /// <summary>
    /// Ends the manager as <see cref="Dispose()"/> does, but nobody waits for it: if a thread runs the manager, all calls of
    /// <see cref="Dispose()"/> and <see cref="DisposeAsync"/> return at once, those under way and those to come, and
    /// <see cref="Dispose(TimeSpan)"/> returns false. For a program that has to end although a callback does not return. If the callback
    /// returns after all, its thread disposes the manager. Any thread.
    /// </summary>
    public void Abandon()
    {
        if (!Dispose(TimeSpan.Zero))
        {
            _core.Lifetime.EndWaits();
        }
    }

    /// <summary>For logs.</summary>
    public override string ToString() =>
        $"{Name} ({_subscribers.Count} subscribers, {_core.SourceTable.Sources.Count(IsUsers)} sources, {_core.Timers.Count} timers)";

    // All other sources are the manager's own: the waker, the clocks, the signals.
    private static bool IsUsers(Source source) => source.Owner is Subscriber or CallbackEvent;

    private static IPoller CreatePoller(Func<IPoller>? create) => create is null
        ? new EpollPoller()
        : create() ?? throw new InvalidOperationException("The PollerFactory returned null.");

    // User code runs in here: subscribers, clocks, handlers. So every step is tried, whatever earlier ones threw, and every exception is
    // reported.
    private void TearDown()
    {
        // Any thread may get here; user code starts with the default context, as on the loop.
        using AmbientContext.Scope ambient = AmbientContext.EnterScope(context: null, SynchronizationContext.Current);
        FaultSink faults = _core.Faults;
        faults.Attempt(() => _watchdog?.End());
        faults.Attempt(() => RemoteEndpoint.End(_loop.CountLost()));
        _subscribers.DisposeAll();
        faults.Attempt(_children.DisposeAll);
        LoopFiles.CloseAll(_core);
        faults.Attempt(_core.Timers.AbandonAll);
        faults.Attempt(_signals.RemoveAll);
        _core.RemoveSources();
        faults.Attempt(() => LoopMeter.Remove(_core.Counters));
        faults.Attempt(_workers.End);
        _core.Close();
        faults.Attempt(_poller.Dispose);
        if (_recorder?.TakeUnreported() is { } divergence)
        {
            faults.Report(new Fault(FaultOrigin.Recorder, divergence));
        }

        faults.Attempt(() => _recorder?.Release());
        faults.WritePending();
    }
}
