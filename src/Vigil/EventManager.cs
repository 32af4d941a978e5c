using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Vigil.Diagnostics;
using Vigil.Interop;
using Vigil.Messaging;
using Vigil.Polling;
using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// One loop that waits on any file descriptor, timers, signals, child processes, files that change and work posted from other threads, and tells
/// the owner what is ready.
/// </summary>
/// <remarks>
/// <para>A run claims the manager for its thread and gives it back on return; between runs any one thread may use it. Every member is
/// for that thread only, except <see cref="RemoteEndpoint"/>, <see cref="TimeProvider"/>, <see cref="Workers"/> and <c>ExecuteWork</c>, <see cref="GetStatistics"/>, <see cref="GetSlowCallbackStatistics"/>, <see cref="SlowCallbackReported"/>, <see cref="Stop"/>,
/// <see cref="Dispose()"/>, <see cref="Name"/> and <see cref="IsOnLoop"/>, which any thread may use at any time. A call from the wrong thread throws and changes nothing.</para>
/// <para>Inside a callback everything is allowed except running the loop: removing oneself or others, adding, stopping, disposing.</para>
/// </remarks>
public sealed class EventManager : IDisposable, IAsyncDisposable
{
    private const string NotForgotten =
        "Work that is forgotten is synchronous: nobody would wait for its task, and what that throws would be lost. Use ExecuteWorkAsync, which returns a task. "
        + "(A lambda that never returns, but only throws or loops, is taken for one that returns a task: make it a method.)";

    private readonly IPoller _poller;
    private readonly LoopCore _core;
    private readonly EventLoop _loop;
    private readonly SubscriberRegistry _subscribers;
    private readonly LoopSignals _signals;
    private readonly LoopChildren _children;
    private readonly LoopFiles _files;
    private readonly LoopWorkers _workers;
    private readonly CallbackList _exitCallbacks = new();
    private readonly SlowCallbackLog _slowCallbacks;
    private readonly LoopWatch? _watch;

    /// <summary>Creates a manager with default options.</summary>
    /// <exception cref="EventManagerException">The kernel refused, for instance because too many files are open (<c>EMFILE</c>).</exception>
    public EventManager()
        : this(new EventManagerOptions())
    {
    }

    /// <summary>Creates a manager.</summary>
    /// <param name="options">How it is set up; later changes to the object have no effect.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">An option is outside of what is allowed; the message says which and what is.</exception>
    /// <exception cref="EventManagerException">The kernel refused, for instance because too many files are open (<c>EMFILE</c>).</exception>
    /// <exception cref="PlatformNotSupportedException">The processor is none of x64, arm64, RISC-V 64 and LoongArch 64.</exception>
    public EventManager(EventManagerOptions options)
        : this(options, static () => new EpollPoller(), createClock: null)
    {
    }

    internal EventManager(EventManagerOptions options, Func<IPoller> createPoller, Func<TimerClock, IClock>? createClock = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ProcessorAbi.RequireKnown(RuntimeInformation.ProcessArchitecture);
        options = options.Validate();
        _poller = createPoller();
        try
        {
            WatchdogOptions? watchdog = options.Watchdog;
            _core = new LoopCore(
                this,
                options,
                _poller,
                createClock,
                static core => new LoopSynchronizationContext(core),
                TearDown,
                fault => new FaultReporter(_core!, () => FaultReported).Report(fault))
            {
                Budgets = new CallbackBudgets(
                    watchdog is null ? TimingWheel.Never : CallbackBudgets.NanosecondsOf(watchdog.CallbackBudget),
                    watchdog is null ? WatchdogOptions.RequirePositive : watchdog.RequireBudget),
            };
            _subscribers = new SubscriberRegistry(_core);
            _signals = new LoopSignals(_core);
            _workers = new LoopWorkers(_core, options.Workers);
            _children = new LoopChildren(_core, _workers);
            _files = new LoopFiles(_core);
            _slowCallbacks = new SlowCallbackLog(_core, report => Observers.Notify(SlowCallbackReported, this, report));
            _watch = watchdog is null ? null : new LoopWatch(_core, watchdog, _slowCallbacks);
            _loop = new EventLoop(_core, options, _poller, _watch?.Progress);
            RemoteEndpoint = new RemoteEndpoint(_core, options);
            TimeProvider = new LoopTimeProvider(_core, options.TimeProvider);
            _watch?.Start();
            LoopMeter.Add(_core.Counters);
        }
        catch
        {
            _core?.Abandon();
            _poller.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Raised on the loop's thread for every fault: a callback that threw, under any <see cref="FaultPolicy"/>, and a registration that
    /// went wrong. Where nobody listens, what is not thrown from the run is written to standard error. A handler that throws ends
    /// the run with its exception. After the manager's disposal, when only workers can still have something to report, it is raised on the thread that
    /// found it, and what a handler throws is written to standard error.
    /// </summary>
    public event EventHandler<FaultReport>? FaultReported;

    /// <summary>
    /// Raised on the watchdog's thread, which all managers of the process share, when a callback or a phase of the iteration has exceeded its budget, while it runs and again
    /// when it has ended (<see cref="EventManagerOptions.Watchdog"/>). Where nobody listens, reports are written to standard error. As long as a handler
    /// runs nothing is watched; one that throws is written to standard error, too. Any thread may add and remove handlers.
    /// </summary>
    public event EventHandler<SlowCallbackReport>? SlowCallbackReported;

    /// <summary>
    /// Raised on the loop's thread when the wall clock was set, before the timers fire that are due because of it if the step is greater
    /// than a millisecond, in the same iteration otherwise. While somebody listens, setting the clock wakes the loop. Adding and
    /// removing handlers is for the loop's thread. Not raised under an <see cref="EventManagerOptions.TimeProvider"/> of one's own.
    /// </summary>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's, or the kernel refused.</exception>
    public event EventHandler<ClockStep>? WallClockStepped
    {
        add
        {
            using ThreadClaim.Scope claim = _core.Claim();
            _core.Timers.AddStepHandler(value);
        }

        remove
        {
            using ThreadClaim.Scope claim = _core.ClaimToEnd(out bool isOver);
            if (!isOver)
            {
                _core.Timers.RemoveStepHandler(value);
            }
        }
    }

    /// <summary>The manager that is running on the calling thread, or null.</summary>
    public static EventManager? Current => RunScope.Current;

    /// <summary>The name given in the options, for messages. Any thread.</summary>
    public string Name => _core.Name;

    /// <summary>The way in for other threads. Any thread.</summary>
    public RemoteEndpoint RemoteEndpoint { get; }

    /// <summary>
    /// The manager's clock, whose timers fire on the loop: <see cref="Task.Delay(TimeSpan, TimeProvider)"/>, <see cref="PeriodicTimer"/>,
    /// <see cref="CancellationTokenSource"/> and every library that takes a <see cref="System.TimeProvider"/> can run on it. Timers may be
    /// created, changed and disposed by any thread; their callbacks run on the loop's, as do continuations that ask for no other
    /// context. After the manager was disposed, its timers fire as those of the underlying clock. Any thread.
    /// </summary>
    /// <remarks>Framework classes count in whole milliseconds; <see cref="Delay"/> and <see cref="CreateTimerEvent(TimeSpan, TimerEventCallback, TimerEventOptions?)"/> do not.</remarks>
    public TimeProvider TimeProvider { get; }

    /// <summary>Who runs the work of <c>ExecuteWork</c>: what the options say, otherwise a <see cref="WorkerPool"/> of the manager's own, which the first use starts. Any thread.</summary>
    /// <exception cref="ObjectDisposedException">The manager is disposed, and had no workers.</exception>
    public IWorkExecutor Workers => _workers.Executor;

    /// <summary>Whether the calling thread is the one that runs or uses the manager at this moment. Any thread.</summary>
    public bool IsOnLoop => _core.Lifetime.IsMine;

    /// <summary>What tests look into. No other folder uses it: features are given the core.</summary>
    internal LoopCore Core => _core;

    /// <summary>Where the loop says what it does, for the watchdog; null where there is none. For tests.</summary>
    internal LoopProgress? Progress => _watch?.Progress;

    /// <summary>Adds a subscriber and lets it register its first interest. It is the manager's until it is removed.</summary>
    /// <param name="subscriber">The subscriber. The same object may be added again, for another id and another interest list.</param>
    /// <param name="priority">The order in which its events are served within an iteration.</param>
    /// <returns>Its id, which no other subscriber of this process ever has.</returns>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    /// <exception cref="Exception">Whatever <see cref="IEventSubscriber.Initialize"/> threw; then nothing of the subscriber is left.</exception>
    public SubscriberId AddSubscriber(IEventSubscriber subscriber, DispatchPriority priority = DispatchPriority.Normal)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        RequireDefined(priority);
        using ThreadClaim.Scope claim = _core.Claim();
        return _subscribers.Attach(new Subscriber(_core, _subscribers, subscriber, priority));
    }

    /// <summary>Removes a subscriber with everything it registered; nothing that is pending for it is delivered.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>The subscriber, which is the caller's again. It is not disposed.</returns>
    /// <exception cref="EventManagerException">It is not attached here, or the call comes from another thread than the loop's.</exception>
    public IEventSubscriber RemoveSubscriber(SubscriberId id)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        Subscriber subscriber = _subscribers.Find(id);
        _subscribers.Detach(subscriber);
        return subscriber.Target;
    }

    /// <summary>The subscriber with an id.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="id">Its id.</param>
    /// <exception cref="EventManagerException">It is not attached here or is of another type, or the call comes from another thread than the loop's.</exception>
    public T GetSubscriber<T>(SubscriberId id)
        where T : class, IEventSubscriber
    {
        using ThreadClaim.Scope claim = _core.Claim();
        IEventSubscriber subscriber = _subscribers.Find(id).Target;
        return subscriber as T ?? throw new EventManagerException(
            EventManagerError.SubscriberTypeMismatch,
            $"Subscriber {id} is a {subscriber.GetType()}, not a {typeof(T)}.");
    }

    /// <summary>How long a subscriber's callbacks may take before the watchdog flags them. Without a watchdog nothing comes of it.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="budget">The budget; null for what <see cref="WatchdogOptions.CallbackBudget"/> says, <see cref="Timeout.InfiniteTimeSpan"/> for any time.</param>
    /// <exception cref="ArgumentOutOfRangeException">The budget is not more than zero, or below <see cref="WatchdogOptions.SamplingPeriod"/> without <see cref="WatchdogOptions.ExactTiming"/>.</exception>
    /// <exception cref="EventManagerException">The subscriber is not attached here, or the call comes from another thread than the loop's.</exception>
    public void SetBudget(SubscriberId id, TimeSpan? budget)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        _core.Budgets.Set(_subscribers.Find(id), budget);
    }

    /// <summary>What the watchdog has seen so far; nothing where there is none. Any thread, also after disposal.</summary>
    public SlowCallbackStatistics GetSlowCallbackStatistics() => _slowCallbacks.Statistics;

    /// <summary>The door to a subscriber's interest list, for changes from outside of its own callbacks.</summary>
    /// <param name="id">Its id.</param>
    /// <exception cref="EventManagerException">It is not attached here, or the call comes from another thread than the loop's.</exception>
    public EventOps GetEventOps(SubscriberId id)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        return new EventOps(_subscribers.Find(id));
    }

    /// <summary>Calls back when a file descriptor of any pollable kind is ready.</summary>
    /// <param name="fd">The fd: a handle, a socket, or a raw number. It stays the caller's, who cancels the event before closing it.</param>
    /// <param name="interest">What is asked for. <see cref="EventSet.Exclusive"/> is for synchronous callbacks on the loop only: it cannot be disarmed for the time of a callback (<c>epoll_ctl(2)</c>).</param>
    /// <param name="callback">What to call.</param>
    /// <param name="options">How to call it; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">The workers have no such thread, or the priority is undefined.</exception>
    /// <exception cref="EventManagerException">The fd is closed, cannot be waited for, or is registered already; the set cannot be asked for; a limit is reached; the call comes from another thread than the loop's.</exception>
    public SocketEvent CreateSocketEvent(FileDescriptor fd, EventSet interest, SocketEventCallback callback, SocketEventOptions? options = null) =>
        CreateSocketEvent(fd, interest, new EventCallback<SocketEvent, EventSet>(callback), options ?? SocketEventOptions.Default);

    /// <inheritdoc cref="CreateSocketEvent(FileDescriptor, EventSet, SocketEventCallback, SocketEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(2)]
    public SocketEvent CreateSocketEvent(FileDescriptor fd, EventSet interest, Func<SocketEvent, EventSet, Task> callback, SocketEventOptions? options = null) =>
        CreateSocketEvent(fd, interest, new EventCallback<SocketEvent, EventSet>(callback), options ?? SocketEventOptions.Default);

    /// <inheritdoc cref="CreateSocketEvent(FileDescriptor, EventSet, SocketEventCallback, SocketEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(1)]
    public SocketEvent CreateSocketEvent(FileDescriptor fd, EventSet interest, Func<SocketEvent, EventSet, ValueTask> callback, SocketEventOptions? options = null) =>
        CreateSocketEvent(fd, interest, new EventCallback<SocketEvent, EventSet>(callback), options ?? SocketEventOptions.Default);

    /// <summary>Calls back once, at a time from now.</summary>
    /// <param name="dueTime">When, as of <see cref="TimerEvent.Change(TimeSpan)"/>.</param>
    /// <param name="callback">What to call.</param>
    /// <param name="options">How it counts and is called; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dueTime"/> is negative and not infinite, an option outside of what is allowed, or the workers have no such thread.</exception>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's, or the kernel refused.</exception>
    public TimerEvent CreateTimerEvent(TimeSpan dueTime, TimerEventCallback callback, TimerEventOptions? options = null) =>
        CreateTimerEvent(dueTime, Timeout.InfiniteTimeSpan, new EventCallback<TimerEvent, TimerTick>(callback), options ?? TimerEventOptions.Default);

    /// <inheritdoc cref="CreateTimerEvent(TimeSpan, TimerEventCallback, TimerEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(2)]
    public TimerEvent CreateTimerEvent(TimeSpan dueTime, Func<TimerEvent, TimerTick, Task> callback, TimerEventOptions? options = null) =>
        CreateTimerEvent(dueTime, Timeout.InfiniteTimeSpan, new EventCallback<TimerEvent, TimerTick>(callback), options ?? TimerEventOptions.Default);

    /// <inheritdoc cref="CreateTimerEvent(TimeSpan, TimerEventCallback, TimerEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(1)]
    public TimerEvent CreateTimerEvent(TimeSpan dueTime, Func<TimerEvent, TimerTick, ValueTask> callback, TimerEventOptions? options = null) =>
        CreateTimerEvent(dueTime, Timeout.InfiniteTimeSpan, new EventCallback<TimerEvent, TimerTick>(callback), options ?? TimerEventOptions.Default);

    /// <summary>Calls back at a time from now, and periodically from then on.</summary>
    /// <param name="dueTime">When first, as of <see cref="TimerEvent.Change(TimeSpan)"/>.</param>
    /// <param name="period">The time between two ticks; zero and <see cref="Timeout.InfiniteTimeSpan"/> make it a one-shot. However short it is, a tick comes at most once in an iteration, and the others count as missed.</param>
    /// <param name="callback">What to call. As long as a callback on a worker or an asynchronous one has not ended, ticks that become due wait, and come then as if the loop had been busy.</param>
    /// <param name="options">How it counts and is called; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A time is negative and not infinite, an option outside of what is allowed, or the workers have no such thread.</exception>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's, or the kernel refused.</exception>
    public TimerEvent CreateTimerEvent(TimeSpan dueTime, TimeSpan period, TimerEventCallback callback, TimerEventOptions? options = null) =>
        CreateTimerEvent(dueTime, period, new EventCallback<TimerEvent, TimerTick>(callback), options ?? TimerEventOptions.Default);

    /// <inheritdoc cref="CreateTimerEvent(TimeSpan, TimeSpan, TimerEventCallback, TimerEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(2)]
    public TimerEvent CreateTimerEvent(TimeSpan dueTime, TimeSpan period, Func<TimerEvent, TimerTick, Task> callback, TimerEventOptions? options = null) =>
        CreateTimerEvent(dueTime, period, new EventCallback<TimerEvent, TimerTick>(callback), options ?? TimerEventOptions.Default);

    /// <inheritdoc cref="CreateTimerEvent(TimeSpan, TimeSpan, TimerEventCallback, TimerEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(1)]
    public TimerEvent CreateTimerEvent(TimeSpan dueTime, TimeSpan period, Func<TimerEvent, TimerTick, ValueTask> callback, TimerEventOptions? options = null) =>
        CreateTimerEvent(dueTime, period, new EventCallback<TimerEvent, TimerTick>(callback), options ?? TimerEventOptions.Default);

    /// <summary>Calls back at a date, and periodically from then on. The timer follows the wall clock when that is set.</summary>
    /// <param name="dueTime">The date. One that has passed is due at once, and late by as much, 292 years at most; a periodic timer counts what it missed since.</param>
    /// <param name="period">The time between two ticks; zero and <see cref="Timeout.InfiniteTimeSpan"/> make it a one-shot.</param>
    /// <param name="callback">What to call.</param>
    /// <param name="options">How it counts and is called; null for the defaults. A clock other than <see cref="TimerClock.WallClock"/> has no dates.</param>
    /// <exception cref="ArgumentException">The clock is not <see cref="TimerClock.WallClock"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The period is negative and not infinite, an option outside of what is allowed, or the workers have no such thread.</exception>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's, or the kernel refused.</exception>
    public TimerEvent CreateTimerEvent(DateTimeOffset dueTime, TimeSpan period, TimerEventCallback callback, TimerEventOptions? options = null) =>
        CreateTimerEvent(dueTime, period, new EventCallback<TimerEvent, TimerTick>(callback), options ?? TimerEventOptions.Default);

    /// <inheritdoc cref="CreateTimerEvent(DateTimeOffset, TimeSpan, TimerEventCallback, TimerEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(2)]
    public TimerEvent CreateTimerEvent(DateTimeOffset dueTime, TimeSpan period, Func<TimerEvent, TimerTick, Task> callback, TimerEventOptions? options = null) =>
        CreateTimerEvent(dueTime, period, new EventCallback<TimerEvent, TimerTick>(callback), options ?? TimerEventOptions.Default);

    /// <inheritdoc cref="CreateTimerEvent(DateTimeOffset, TimeSpan, TimerEventCallback, TimerEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(1)]
    public TimerEvent CreateTimerEvent(DateTimeOffset dueTime, TimeSpan period, Func<TimerEvent, TimerTick, ValueTask> callback, TimerEventOptions? options = null) =>
        CreateTimerEvent(dueTime, period, new EventCallback<TimerEvent, TimerTick>(callback), options ?? TimerEventOptions.Default);

    /// <summary>
    /// Calls back for what happens to a file, a directory, or a directory with everything below it, from now on. A tree is looked through before this
    /// returns, which takes some microseconds for each entry and some tens for each directory.
    /// </summary>
    /// <param name="path">
    /// A directory; or the name of anything else in a directory that exists, which need not exist itself: then what comes to have the name is
    /// watched. A symbolic link to a directory at the end of the path is followed, none below it; one that leads nowhere is watched as a link.
    /// </param>
    /// <param name="callback">What to call.</param>
    /// <param name="options">How to watch it, and how to call; null for the defaults. An event with a worker or an asynchronous callback has an inotify instance of its own, of which <c>/proc/sys/fs/inotify/max_user_instances</c> allows 128 as a rule.</param>
    /// <exception cref="ArgumentException">The path is empty or has a zero in it, an option is outside of what is allowed, or the workers have no such thread.</exception>
    /// <exception cref="EventManagerException">The path's directory does not exist or may not be read, a recursive one is none, or a limit of the kernel's is reached, which the message names; the call comes from another thread than the loop's.</exception>
    public FileEvent CreateFileEvent(string path, FileEventCallback callback, FileEventOptions? options = null) =>
        CreateFileEvent(path, new EventCallback<FileEvent, FileChange>(callback), options ?? new FileEventOptions());

    /// <inheritdoc cref="CreateFileEvent(string, FileEventCallback, FileEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(2)]
    public FileEvent CreateFileEvent(string path, Func<FileEvent, FileChange, Task> callback, FileEventOptions? options = null) =>
        CreateFileEvent(path, new EventCallback<FileEvent, FileChange>(callback), options ?? new FileEventOptions());

    /// <inheritdoc cref="CreateFileEvent(string, FileEventCallback, FileEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(1)]
    public FileEvent CreateFileEvent(string path, Func<FileEvent, FileChange, ValueTask> callback, FileEventOptions? options = null) =>
        CreateFileEvent(path, new EventCallback<FileEvent, FileChange>(callback), options ?? new FileEventOptions());

    /// <summary>
    /// A task that the loop finishes at a time from now, to the nanosecond; what awaits it on the loop goes on within the timer's turn.
    /// </summary>
    /// <param name="delay">How long; zero until the next iteration, <see cref="Timeout.InfiniteTimeSpan"/> until it is cancelled.</param>
    /// <param name="cancellationToken">Cancels the task. Any thread may do so.</param>
    /// <returns>The task. It fails with <see cref="ObjectDisposedException"/> if the manager is disposed before.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is negative and not infinite.</exception>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's, or the kernel refused.</exception>
    public Task Delay(TimeSpan delay, CancellationToken cancellationToken = default)
    {
        TimerEvent.RequireSpan(delay, nameof(delay));
        var timer = new DelayTimer(_core, cancellationToken);
        using (_core.Claim())
        {
            timer.Start(delay);
        }

        return timer.Task;
    }

    /// <summary>Calls back when a signal comes to the process. While somebody does, its default action is off.</summary>
    /// <param name="signal">Which signal.</param>
    /// <param name="callback">What to call, on the loop after those that were created before. Signals that come while a callback on a worker or an asynchronous one has not ended wait, a standard one once.</param>
    /// <param name="options">How to call it; null for the defaults.</param>
    /// <exception cref="ArgumentException"><paramref name="signal"/> is <c>default</c>.</exception>
    /// <exception cref="EventManagerException">
    /// The signal cannot be handled (<see cref="EventManagerError.SignalReserved"/>), is ignored (<see cref="EventManagerError.SignalIgnored"/>), is
    /// blocked on some threads only (<see cref="EventManagerError.SignalBlocked"/>); the kernel or the runtime refused; the call comes from another thread than the loop's.
    /// </exception>
    public SignalEvent CreateSignalEvent(Signal signal, SignalEventCallback callback, SignalEventOptions? options = null) =>
        CreateSignalEvent(signal, new EventCallback<SignalEvent, SignalInfo>(callback), options ?? SignalEventOptions.Default);

    /// <inheritdoc cref="CreateSignalEvent(Signal, SignalEventCallback, SignalEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(2)]
    public SignalEvent CreateSignalEvent(Signal signal, Func<SignalEvent, SignalInfo, Task> callback, SignalEventOptions? options = null) =>
        CreateSignalEvent(signal, new EventCallback<SignalEvent, SignalInfo>(callback), options ?? SignalEventOptions.Default);

    /// <inheritdoc cref="CreateSignalEvent(Signal, SignalEventCallback, SignalEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(1)]
    public SignalEvent CreateSignalEvent(Signal signal, Func<SignalEvent, SignalInfo, ValueTask> callback, SignalEventOptions? options = null) =>
        CreateSignalEvent(signal, new EventCallback<SignalEvent, SignalInfo>(callback), options ?? SignalEventOptions.Default);

    /// <summary>
    /// As <see cref="CreateSignalEvent(Signal, SignalEventCallback, SignalEventOptions?)"/>, for a signal that the program can do without where it is ignored: whoever starts a program with '&amp;' in a script has SIGINT and
    /// SIGQUIT ignored, <c>nohup</c> SIGHUP, and means it so.
    /// </summary>
    /// <param name="signal">Which signal.</param>
    /// <param name="callback">What to call, on the loop's thread, after those that were created before.</param>
    /// <param name="signalEvent">What was created; null where the signal is ignored.</param>
    /// <param name="options">How to call it; null for the defaults.</param>
    /// <returns>False where the signal is ignored (<see cref="EventManagerError.SignalIgnored"/>), so that it never arrives.</returns>
    /// <exception cref="ArgumentException"><paramref name="signal"/> is <c>default</c>.</exception>
    /// <exception cref="EventManagerException">As of <see cref="CreateSignalEvent(Signal, SignalEventCallback, SignalEventOptions?)"/>, except that the signal is ignored.</exception>
    public bool TryCreateSignalEvent(Signal signal, SignalEventCallback callback, [NotNullWhen(true)] out SignalEvent? signalEvent, SignalEventOptions? options = null) =>
        TryCreateSignalEvent(signal, new EventCallback<SignalEvent, SignalInfo>(callback), options ?? SignalEventOptions.Default, out signalEvent);

    /// <inheritdoc cref="TryCreateSignalEvent(Signal, SignalEventCallback, out SignalEvent?, SignalEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(2)]
    public bool TryCreateSignalEvent(Signal signal, Func<SignalEvent, SignalInfo, Task> callback, [NotNullWhen(true)] out SignalEvent? signalEvent, SignalEventOptions? options = null) =>
        TryCreateSignalEvent(signal, new EventCallback<SignalEvent, SignalInfo>(callback), options ?? SignalEventOptions.Default, out signalEvent);

    /// <inheritdoc cref="TryCreateSignalEvent(Signal, SignalEventCallback, out SignalEvent?, SignalEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(1)]
    public bool TryCreateSignalEvent(Signal signal, Func<SignalEvent, SignalInfo, ValueTask> callback, [NotNullWhen(true)] out SignalEvent? signalEvent, SignalEventOptions? options = null) =>
        TryCreateSignalEvent(signal, new EventCallback<SignalEvent, SignalInfo>(callback), options ?? SignalEventOptions.Default, out signalEvent);

    /// <summary>Calls back when a process ends that <see cref="Process"/> knows, also if it has ended already. Its <see cref="Process.ExitCode"/> can be read then, if the object started it.</summary>
    /// <param name="process">The process. It stays the caller's, and may be disposed before its end.</param>
    /// <param name="callback">What to call, once.</param>
    /// <param name="options">How to call it, and whether to kill the process; null for the defaults.</param>
    /// <exception cref="InvalidOperationException">No process belongs to the object.</exception>
    /// <exception cref="EventManagerException">SIGCHLD is blocked, so that the runtime does not hear of children; the kernel refused; the call comes from another thread than the loop's.</exception>
    public ChildEvent CreateChildEvent(Process process, ChildEventCallback callback, ChildEventOptions? options = null) =>
        CreateChildEvent(process, new EventCallback<ChildEvent, ChildExit>(callback), options ?? ChildEventOptions.Default);

    /// <inheritdoc cref="CreateChildEvent(Process, ChildEventCallback, ChildEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(2)]
    public ChildEvent CreateChildEvent(Process process, Func<ChildEvent, ChildExit, Task> callback, ChildEventOptions? options = null) =>
        CreateChildEvent(process, new EventCallback<ChildEvent, ChildExit>(callback), options ?? ChildEventOptions.Default);

    /// <inheritdoc cref="CreateChildEvent(Process, ChildEventCallback, ChildEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(1)]
    public ChildEvent CreateChildEvent(Process process, Func<ChildEvent, ChildExit, ValueTask> callback, ChildEventOptions? options = null) =>
        CreateChildEvent(process, new EventCallback<ChildEvent, ChildExit>(callback), options ?? ChildEventOptions.Default);

    /// <summary>
    /// Calls back when a process ends that was not started by <see cref="Process"/>. A child is waited for, and its exit code or signal told; of
    /// any other process only its end. For a process that <see cref="Process"/> started use the overload that takes it: taking its status away makes the runtime end the program.
    /// </summary>
    /// <param name="processId">The process's id. A child that has ended keeps it until it is waited for.</param>
    /// <param name="callback">What to call, once.</param>
    /// <param name="options">How to call it, and whether to kill the process; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="processId"/> is not positive.</exception>
    /// <exception cref="EventManagerException">There is no such process; the kernel refused; the call comes from another thread than the loop's.</exception>
    public ChildEvent CreateChildEvent(int processId, ChildEventCallback callback, ChildEventOptions? options = null) =>
        CreateChildEvent(processId, new EventCallback<ChildEvent, ChildExit>(callback), options ?? ChildEventOptions.Default);

    /// <inheritdoc cref="CreateChildEvent(int, ChildEventCallback, ChildEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(2)]
    public ChildEvent CreateChildEvent(int processId, Func<ChildEvent, ChildExit, Task> callback, ChildEventOptions? options = null) =>
        CreateChildEvent(processId, new EventCallback<ChildEvent, ChildExit>(callback), options ?? ChildEventOptions.Default);

    /// <inheritdoc cref="CreateChildEvent(int, ChildEventCallback, ChildEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(1)]
    public ChildEvent CreateChildEvent(int processId, Func<ChildEvent, ChildExit, ValueTask> callback, ChildEventOptions? options = null) =>
        CreateChildEvent(processId, new EventCallback<ChildEvent, ChildExit>(callback), options ?? ChildEventOptions.Default);

    /// <summary>As of <see cref="CreateChildEvent(int, ChildEventCallback, ChildEventOptions?)"/>, for a process that is named by a descriptor (<c>pidfd_open(2)</c>), which cannot become another's.</summary>
    /// <param name="pidFd">The descriptor. It stays the caller's, and may be closed at any time.</param>
    /// <param name="callback">What to call, once.</param>
    /// <param name="options">How to call it, and whether to kill the process; null for the defaults.</param>
    /// <exception cref="ArgumentException">The handle is a <see cref="Microsoft.Win32.SafeHandles.SafeProcessHandle"/>, which holds an id.</exception>
    /// <exception cref="EventManagerException">The descriptor is no process's; the kernel refused; the call comes from another thread than the loop's.</exception>
    public ChildEvent CreateChildEvent(SafeHandle pidFd, ChildEventCallback callback, ChildEventOptions? options = null) =>
        CreateChildEvent(pidFd, new EventCallback<ChildEvent, ChildExit>(callback), options ?? ChildEventOptions.Default);

    /// <inheritdoc cref="CreateChildEvent(SafeHandle, ChildEventCallback, ChildEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(2)]
    public ChildEvent CreateChildEvent(SafeHandle pidFd, Func<ChildEvent, ChildExit, Task> callback, ChildEventOptions? options = null) =>
        CreateChildEvent(pidFd, new EventCallback<ChildEvent, ChildExit>(callback), options ?? ChildEventOptions.Default);

    /// <inheritdoc cref="CreateChildEvent(SafeHandle, ChildEventCallback, ChildEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(1)]
    public ChildEvent CreateChildEvent(SafeHandle pidFd, Func<ChildEvent, ChildExit, ValueTask> callback, ChildEventOptions? options = null) =>
        CreateChildEvent(pidFd, new EventCallback<ChildEvent, ChildExit>(callback), options ?? ChildEventOptions.Default);

    /// <summary>Makes a callback that any thread can trigger with a value, merged until the loop gets to it.</summary>
    /// <param name="merge">What becomes of several values.</param>
    /// <param name="callback">What to call, once an iteration at most.</param>
    /// <param name="options">How to call it; null for the defaults. Values that come while a callback on a worker or an asynchronous one has not ended are merged for the next.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="merge"/> is undefined, or the workers have no such thread.</exception>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public UserEvent CreateUserEvent(UserEventMerge merge, UserEventCallback callback, UserEventOptions? options = null) =>
        CreateUserEvent(merge, new EventCallback<UserEvent, long>(callback), options ?? UserEventOptions.Default);

    /// <inheritdoc cref="CreateUserEvent(UserEventMerge, UserEventCallback, UserEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(2)]
    public UserEvent CreateUserEvent(UserEventMerge merge, Func<UserEvent, long, Task> callback, UserEventOptions? options = null) =>
        CreateUserEvent(merge, new EventCallback<UserEvent, long>(callback), options ?? UserEventOptions.Default);

    /// <inheritdoc cref="CreateUserEvent(UserEventMerge, UserEventCallback, UserEventOptions?)"/>
    /// <remarks>The callback is asynchronous: until its task has ended nothing further is told, and what the task fails with is a fault of the event (docs/workers.md).</remarks>
    [OverloadResolutionPriority(1)]
    public UserEvent CreateUserEvent(UserEventMerge merge, Func<UserEvent, long, ValueTask> callback, UserEventOptions? options = null) =>
        CreateUserEvent(merge, new EventCallback<UserEvent, long>(callback), options ?? UserEventOptions.Default);

    /// <summary>Runs work on a worker, and forgets it. Any thread.</summary>
    /// <param name="target">A <see cref="WorkPriority"/>, or the number of the thread that is to run it.</param>
    /// <param name="work">What to run. What it throws is a fault of this manager (<see cref="FaultOrigin.Work"/>); a result is dropped.</param>
    /// <param name="cancellationToken">Cancels it as long as it waits, and ends the waiting of a sender for room (<see cref="QueueFullPolicy.Block"/>), who gets an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="EventManagerException">The workers take no more (<see cref="EventManagerError.WorkQueueFull"/>), or the manager's own threads could not be started (<see cref="EventManagerError.LimitReached"/>).</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, whosever the workers are.</exception>
    public void ExecuteWork(WorkTarget target, Action work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        _workers.Execute(target, work, cancellationToken);
    }

    /// <summary>Runs work with a state on a worker, and forgets it, without allocating a closure. Any thread.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    /// <param name="target">A <see cref="WorkPriority"/>, or the number of the thread that is to run it.</param>
    /// <param name="work">What to run. What it throws is a fault of this manager (<see cref="FaultOrigin.Work"/>).</param>
    /// <param name="state">What it is given.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="EventManagerException">The workers take no more (<see cref="EventManagerError.WorkQueueFull"/>), or the manager's own threads could not be started (<see cref="EventManagerError.LimitReached"/>).</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, whosever the workers are.</exception>
    public void ExecuteWork<TState>(WorkTarget target, Action<TState> work, TState state)
    {
        ArgumentNullException.ThrowIfNull(work);
        _workers.Execute(target, work, state);
    }

    /// <summary>Runs work on a worker, and gives its result to a callback on the loop. Any thread.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="target">A <see cref="WorkPriority"/>, or the number of the thread that is to run it.</param>
    /// <param name="work">What to run. What it throws is a fault of this manager (<see cref="FaultOrigin.Work"/>); then there is no callback.</param>
    /// <param name="completed">What to call with the result, on the loop's thread.</param>
    /// <param name="cancellationToken">Cancels the work as long as it waits; then there is no callback. A sender that waits for room (<see cref="QueueFullPolicy.Block"/>) gets an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="EventManagerException">The workers take no more (<see cref="EventManagerError.WorkQueueFull"/>), or the manager's own threads could not be started (<see cref="EventManagerError.LimitReached"/>).</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, whosever the workers are.</exception>
    public void ExecuteWork<T>(WorkTarget target, Func<T> work, Action<EventManager, T> completed, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(completed);
        _workers.Execute(target, work, completed, cancellationToken);
    }

    /// <summary>Does not compile: what is forgotten cannot be asynchronous. Use <see cref="ExecuteWorkAsync(WorkTarget, Func{Task}, CancellationToken)"/>.</summary>
    /// <param name="target">Unused.</param>
    /// <param name="work">Unused.</param>
    /// <param name="cancellationToken">Unused.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete(NotForgotten, error: true)]
    [OverloadResolutionPriority(2)]
    public void ExecuteWork(WorkTarget target, Func<Task> work, CancellationToken cancellationToken = default) => throw new NotSupportedException(NotForgotten);

    /// <inheritdoc cref="ExecuteWork(WorkTarget, Func{Task}, CancellationToken)"/>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete(NotForgotten, error: true)]
    [OverloadResolutionPriority(1)]
    public void ExecuteWork(WorkTarget target, Func<ValueTask> work, CancellationToken cancellationToken = default) => throw new NotSupportedException(NotForgotten);

    /// <summary>As of <see cref="ExecuteWork(WorkTarget, Func{Task}, CancellationToken)"/>.</summary>
    /// <typeparam name="T">Unused.</typeparam>
    /// <param name="target">Unused.</param>
    /// <param name="work">Unused.</param>
    /// <param name="cancellationToken">Unused.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete(NotForgotten, error: true)]
    [OverloadResolutionPriority(1)]
    public void ExecuteWork<T>(WorkTarget target, Func<ValueTask<T>> work, CancellationToken cancellationToken = default) => throw new NotSupportedException(NotForgotten);

    /// <summary>As of <see cref="ExecuteWork(WorkTarget, Func{Task}, CancellationToken)"/>.</summary>
    /// <typeparam name="TState">Unused.</typeparam>
    /// <param name="target">Unused.</param>
    /// <param name="work">Unused.</param>
    /// <param name="state">Unused.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete(NotForgotten, error: true)]
    [OverloadResolutionPriority(2)]
    public void ExecuteWork<TState>(WorkTarget target, Func<TState, Task> work, TState state) => throw new NotSupportedException(NotForgotten);

    /// <inheritdoc cref="ExecuteWork{TState}(WorkTarget, Func{TState, Task}, TState)"/>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete(NotForgotten, error: true)]
    [OverloadResolutionPriority(1)]
    public void ExecuteWork<TState>(WorkTarget target, Func<TState, ValueTask> work, TState state) => throw new NotSupportedException(NotForgotten);

    /// <summary>As of <see cref="ExecuteWork(WorkTarget, Func{Task}, CancellationToken)"/>.</summary>
    /// <typeparam name="TState">Unused.</typeparam>
    /// <typeparam name="T">Unused.</typeparam>
    /// <param name="target">Unused.</param>
    /// <param name="work">Unused.</param>
    /// <param name="state">Unused.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete(NotForgotten, error: true)]
    [OverloadResolutionPriority(1)]
    public void ExecuteWork<TState, T>(WorkTarget target, Func<TState, ValueTask<T>> work, TState state) => throw new NotSupportedException(NotForgotten);

    /// <summary>As of <see cref="ExecuteWork(WorkTarget, Func{Task}, CancellationToken)"/>.</summary>
    /// <typeparam name="T">Unused.</typeparam>
    /// <param name="target">Unused.</param>
    /// <param name="work">Unused.</param>
    /// <param name="completed">Unused.</param>
    /// <param name="cancellationToken">Unused.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete(NotForgotten, error: true)]
    [OverloadResolutionPriority(2)]
    public void ExecuteWork<T>(WorkTarget target, Func<Task<T>> work, Action<EventManager, T> completed, CancellationToken cancellationToken = default) => throw new NotSupportedException(NotForgotten);

    /// <summary>Runs work on a worker, and tells its end. Any thread.</summary>
    /// <param name="target">A <see cref="WorkPriority"/>, or the number of the thread that is to run it.</param>
    /// <param name="work">What to run. What it throws is the task's.</param>
    /// <param name="cancellationToken">Cancels the task, and the work as long as it waits to begin.</param>
    /// <returns>The task. Awaited in a callback it goes on on the loop.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="EventManagerException">The workers take no more (<see cref="EventManagerError.WorkQueueFull"/>), or the manager's own threads could not be started (<see cref="EventManagerError.LimitReached"/>).</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, whosever the workers are.</exception>
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
                work),
            cancellationToken);
    }

    /// <summary>Runs work on a worker, and gives its result as a task's. Any thread.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="target">A <see cref="WorkPriority"/>, or the number of the thread that is to run it.</param>
    /// <param name="work">What to run. What it throws is the task's.</param>
    /// <param name="cancellationToken">Cancels the task, and the work as long as it waits to begin.</param>
    /// <returns>The task. Awaited in a callback it goes on on the loop.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="EventManagerException">The workers take no more (<see cref="EventManagerError.WorkQueueFull"/>), or the manager's own threads could not be started (<see cref="EventManagerError.LimitReached"/>).</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, whosever the workers are.</exception>
    public Task<T> ExecuteWorkAsync<T>(WorkTarget target, Func<T> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _workers.ExecuteAsync(target, new TaskWork<T>(work, work), cancellationToken);
    }

    /// <summary>
    /// Runs asynchronous work on workers: where it waits the worker is free, and after an <c>await</c> it goes on on the workers, with the same priority and on the thread that it is pinned to,
    /// unless it says <c>ConfigureAwait(false)</c>. Any thread.
    /// </summary>
    /// <param name="target">A <see cref="WorkPriority"/>, or the number of the thread that is to run it.</param>
    /// <param name="work">What to run. What it throws is the task's.</param>
    /// <param name="cancellationToken">Cancels the work as long as it waits to begin, and the task with it.</param>
    /// <returns>A task for all of it. Awaited in a callback it goes on on the loop.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="EventManagerException">The workers take no more (<see cref="EventManagerError.WorkQueueFull"/>), or the manager's own threads could not be started (<see cref="EventManagerError.LimitReached"/>).</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, whosever the workers are.</exception>
    [OverloadResolutionPriority(2)]
    public Task ExecuteWorkAsync(WorkTarget target, Func<Task> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _workers.ExecuteAsync(target, work, cancellationToken).Unwrap();
    }

    /// <summary>Runs asynchronous work with a result on workers, as of <see cref="ExecuteWorkAsync(WorkTarget, Func{Task}, CancellationToken)"/>. Any thread.</summary>
    /// <typeparam name="T">The result's type.</typeparam>
    /// <param name="target">A <see cref="WorkPriority"/>, or the number of the thread that is to run it.</param>
    /// <param name="work">What to run. What it throws is the task's.</param>
    /// <param name="cancellationToken">Cancels the work as long as it waits to begin, and the task with it.</param>
    /// <returns>A task for all of it. Awaited in a callback it goes on on the loop.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such thread.</exception>
    /// <exception cref="EventManagerException">The workers take no more (<see cref="EventManagerError.WorkQueueFull"/>), or the manager's own threads could not be started (<see cref="EventManagerError.LimitReached"/>).</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed, whosever the workers are.</exception>
    [OverloadResolutionPriority(2)]
    public Task<T> ExecuteWorkAsync<T>(WorkTarget target, Func<Task<T>> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _workers.ExecuteAsync(target, work, cancellationToken).Unwrap();
    }

    /// <inheritdoc cref="ExecuteWorkAsync(WorkTarget, Func{Task}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public Task ExecuteWorkAsync(WorkTarget target, Func<ValueTask> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _workers.ExecuteAsync(target, () => work().AsTask(), cancellationToken).Unwrap();
    }

    /// <inheritdoc cref="ExecuteWorkAsync{T}(WorkTarget, Func{Task{T}}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public Task<T> ExecuteWorkAsync<T>(WorkTarget target, Func<ValueTask<T>> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return _workers.ExecuteAsync(target, () => work().AsTask(), cancellationToken).Unwrap();
    }

    /// <summary>
    /// Delivers an event to a subscriber in the next iteration as if the kernel had reported it: only if the fd is registered and
    /// armed then, only the kinds that are asked for, with the registered data. Modes, such as <see cref="EventSet.OneShot"/>, are no kinds
    /// and are never delivered. For restoring from snapshots, and for tests.
    /// </summary>
    /// <param name="id">The subscriber.</param>
    /// <param name="events">The fd, which must be registered by the subscriber, and what is to be reported.</param>
    /// <exception cref="EventManagerException">The subscriber is not attached here, the fd is not registered by it, or the call comes from another thread than the loop's.</exception>
    public void Inject(SubscriberId id, Events events)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        _core.SourceTable.Find(_subscribers.Find(id), events.Fd, out Source? source).ThrowIfFailed(events.Set);
        _core.SourceTable.Injected.Enqueue(new InjectedEvent(source!, events.Set & Interests.Kinds));
    }

    /// <summary>Runs a callback at the end of this iteration, or of the next one if none is running; one that a deferred callback defers runs in the next.</summary>
    /// <param name="callback">What to run.</param>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public void Defer(Action<EventManager> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        using ThreadClaim.Scope claim = _core.Claim();
        _loop.Defer(ContextKind<EventManager>.WithSendersContext(ActionKind<EventManager>.Create(callback)));
    }

    /// <summary>Runs a callback with a state at the end of this iteration, without allocating a closure.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    /// <param name="callback">What to run.</param>
    /// <param name="state">What it is given.</param>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public void Defer<TState>(Action<EventManager, TState> callback, TState state)
    {
        ArgumentNullException.ThrowIfNull(callback);
        using ThreadClaim.Scope claim = _core.Claim();
        _loop.Defer(ContextKind<EventManager>.WithSendersContext(StateKind<EventManager, TState>.Create(callback, state)));
    }

    /// <summary>Begins an asynchronous callback at the end of this iteration, or of the next one if none is running. What it throws is the fault policy's.</summary>
    /// <param name="callback">What to run; after each <c>await</c> it goes on on the loop.</param>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    [OverloadResolutionPriority(2)]
    public void Defer(Func<EventManager, Task> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        using ThreadClaim.Scope claim = _core.Claim();
        _loop.Defer(ContextKind<EventManager>.WithSendersContext(TaskKind.Create(callback, _core)));
    }

    /// <inheritdoc cref="Defer(Func{EventManager, Task})"/>
    [OverloadResolutionPriority(1)]
    public void Defer(Func<EventManager, ValueTask> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        using ThreadClaim.Scope claim = _core.Claim();
        _loop.Defer(ContextKind<EventManager>.WithSendersContext(TaskKind.Create(callback, _core)));
    }

    /// <summary>Begins an asynchronous callback with a state at the end of this iteration, or of the next one if none is running.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    /// <param name="callback">What to run; after each <c>await</c> it goes on on the loop.</param>
    /// <param name="state">What it is given.</param>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    [OverloadResolutionPriority(2)]
    public void Defer<TState>(Func<EventManager, TState, Task> callback, TState state)
    {
        ArgumentNullException.ThrowIfNull(callback);
        using ThreadClaim.Scope claim = _core.Claim();
        _loop.Defer(ContextKind<EventManager>.WithSendersContext(TaskStateKind<TState>.Create(callback, state, _core)));
    }

    /// <inheritdoc cref="Defer{TState}(Func{EventManager, TState, Task}, TState)"/>
    [OverloadResolutionPriority(1)]
    public void Defer<TState>(Func<EventManager, TState, ValueTask> callback, TState state)
    {
        ArgumentNullException.ThrowIfNull(callback);
        using ThreadClaim.Scope claim = _core.Claim();
        _loop.Defer(ContextKind<EventManager>.WithSendersContext(TaskStateKind<TState>.Create(callback, state, _core)));
    }

    /// <summary>Calls back at the beginning of every iteration, before it decides how long to sleep.</summary>
    /// <param name="callback">What to call.</param>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public HookRegistration AddPrepareHook(Action<EventManager> callback) => AddTo(_loop.PrepareHooks, callback);

    /// <summary>Calls back at the end of every iteration.</summary>
    /// <param name="callback">What to call.</param>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public HookRegistration AddCheckHook(Action<EventManager> callback) => AddTo(_loop.CheckHooks, callback);

    /// <summary>
    /// Calls back at the end of every iteration in which nothing else ran. It does not keep the loop from sleeping; to go on with
    /// idle work without waiting for an event, defer something.
    /// </summary>
    /// <param name="callback">What to call.</param>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public HookRegistration AddIdleHook(Action<EventManager> callback) => AddTo(_loop.IdleHooks, callback);

    /// <summary>
    /// Calls back when a <see cref="Run"/> has been stopped or cancelled, the last registered first. Each runs once; one that is
    /// registered by another exit callback runs too. They do not run when the run ends with an exception.
    /// </summary>
    /// <param name="callback">What to call.</param>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public HookRegistration AddExitCallback(Action<EventManager> callback) => AddTo(_exitCallbacks, callback);

    /// <summary>Every subscriber, in the order in which they were added.</summary>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public IReadOnlyList<SubscriberInfo> GetSubscribers()
    {
        using ThreadClaim.Scope claim = _core.Claim();
        return [.. _subscribers.InOrder.Select(subscriber => new SubscriberInfo { Id = subscriber.Id, Subscriber = subscriber.Target, DispatchPriority = subscriber.DispatchPriority, SourceCount = subscriber.SourceCount })];
    }

    /// <summary>
    /// Every file descriptor that subscribers and events have registered, in no particular order. Registrations whose handle was closed are
    /// dropped and reported first.
    /// </summary>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
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
    /// Every timer that is started, in no particular order; those that are idle or suspended are only known to who holds them, and so is
    /// one that has fired as long as its callback waits for a worker or runs there.
    /// </summary>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public IReadOnlyList<TimerEvent> GetTimers()
    {
        using ThreadClaim.Scope claim = _core.Claim();
        return [.. _core.Timers.Targets().OfType<TimerEvent>()];
    }

    /// <summary>What the loop has done. The figures are of this moment, each for itself. Any thread.</summary>
    public EventManagerStatistics GetStatistics() => _core.Counters.ToStatistics();

    /// <summary>Runs one iteration, which sleeps until something is ready.</summary>
    /// <returns>How many callbacks ran: of timers and delays, of sources, of posted work, and deferred ones. 0 after a kick, or where all that came was out of date.</returns>
    /// <exception cref="EventManagerException">The call comes from inside a callback, or another thread is running the manager.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    /// <exception cref="Exception">What callbacks threw, under <see cref="FaultPolicy.Throw"/>.</exception>
    public int RunOnce() => RunOnce(Timeout.InfiniteTimeSpan);

    /// <summary>Runs one iteration, which sleeps until something is ready or the time is over.</summary>
    /// <param name="timeout">How long to sleep at most: zero does not sleep, <see cref="Timeout.InfiniteTimeSpan"/> sleeps without limit.</param>
    /// <returns>As of <see cref="RunOnce()"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    /// <exception cref="EventManagerException">As of <see cref="RunOnce()"/>.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    /// <exception cref="Exception">What callbacks threw, under <see cref="FaultPolicy.Throw"/>.</exception>
    public int RunOnce(TimeSpan timeout)
    {
        if (timeout < TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A timeout is zero or more, or Timeout.InfiniteTimeSpan.");
        }

        Deadline deadline = _core.Timers.DeadlineAfter(timeout);
        using RunScope run = BeginRun(CancellationToken.None);
        int ran = _loop.RunIteration(deadline);
        _core.Faults.ThrowPending();
        return ran;
    }

    /// <summary>Runs iterations until stopped or cancelled, then the exit callbacks.</summary>
    /// <param name="cancellationToken">Ends the run after the current iteration; the run returns normally.</param>
    /// <exception cref="EventManagerException">The call comes from inside a callback, or another thread is running the manager.</exception>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    /// <exception cref="Exception">What callbacks threw, under <see cref="FaultPolicy.Throw"/>. A stop that was asked for stays, for the next run.</exception>
    public void Run(CancellationToken cancellationToken = default)
    {
        using RunScope run = BeginRun(cancellationToken);
        using CancellationTokenRegistration waking = cancellationToken.UnsafeRegister(static manager => ((EventManager)manager!)._core.Mailbox.Wake(), this);
        do
        {
            _loop.RunIteration(Deadline.Infinite);
            _core.Faults.ThrowPending();
        }
        while (!_core.Lifetime.MustNotSleep);

        RunExitCallbacks();
        _core.Lifetime.TakeStop();
        _core.Faults.ThrowPending();
    }

    /// <summary>
    /// Ends the current <see cref="Run"/> after its iteration; where none runs, the next one ends after one iteration that does not
    /// sleep. Until then no <see cref="RunOnce()"/> sleeps either. Any thread.
    /// </summary>
    /// <exception cref="EventManagerException">The kernel refused to wake the loop, which stops when it wakes up (<see cref="RemoteEndpoint"/>).</exception>
    public void Stop()
    {
        _core.Lifetime.RequestStop();
        _core.Wake();
    }

    /// <summary>
    /// Ends the manager: all waiting callers fail, the subscribers that it still owns are disposed if they are
    /// <see cref="IDisposable"/>, in reverse order, and everything is unregistered. From another thread it stops the run and waits
    /// for it, however long a callback takes; inside a callback it takes effect when the iteration ends. Any thread. Again, it does nothing.
    /// </summary>
    /// <remarks>
    /// <see cref="Environment.Exit"/> in a callback waits for the handlers of <see cref="AppDomain.ProcessExit"/>, which run on another thread. One that calls this method waits for
    /// the callback, and both for ever. Use <see cref="Dispose(TimeSpan)"/> there.
    /// </remarks>
    public void Dispose() => _ = RequestDisposal() && _core.Lifetime.AwaitDisposal(Timeout.InfiniteTimeSpan);

    /// <summary>Ends the manager as <see cref="Dispose()"/> does, and waits for a run on another thread no longer than a time.</summary>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> without limit. Where nobody runs the manager the calling thread itself disposes it, which the time does not limit.</param>
    /// <returns>
    /// Whether it is disposed. False where the time was over, where the loop could not be woken, and inside a callback: then it is disposed when the iteration ends that runs now, by the thread
    /// that runs it.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    public bool Dispose(TimeSpan timeout)
    {
        if (timeout < TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A timeout is zero or more, or Timeout.InfiniteTimeSpan.");
        }

        return RequestDisposal() && _core.Lifetime.AwaitDisposal(timeout);
    }

    /// <summary>
    /// Ends the manager as <see cref="Dispose()"/> does, without blocking: where another thread runs it, that one disposes it. Where nobody does, the calling thread does it here. Any thread,
    /// also inside a callback.
    /// </summary>
    /// <returns>A task that ends when it is disposed. What awaits it on the loop goes on on the thread pool, since there is no loop any more.</returns>
    public ValueTask DisposeAsync()
    {
        RequestDisposal();
        return new ValueTask(_core.Lifetime.WhenDisposed());
    }

    /// <summary>For logs.</summary>
    public override string ToString() => $"{Name} ({_subscribers.Count} subscribers, {_core.SourceTable.Sources.Count(IsUsers)} sources, {_core.Timers.Count} timers)";

    // The others are the manager's own: the waker, the clocks, the signals.
    private static bool IsUsers(Source source) => source.Owner is Subscriber or CallbackEvent;

    private static void RequireDefined(DispatchPriority priority)
    {
        if (!Enum.IsDefined(priority))
        {
            throw new ArgumentOutOfRangeException(nameof(priority), priority, "A dispatch priority is High, Normal or Low.");
        }
    }

    // What every event's options say is checked before a descriptor is opened for the event, or anything else is taken hold of.
    private void Require(CallbackEventOptions options)
    {
        if (options.Name is not null)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(options.Name, "options.Name");
        }

        if (options.Target.IsWorker)
        {
            _workers.Require(options.Target.Work);
        }
    }

    private SocketEvent CreateSocketEvent(FileDescriptor fd, EventSet interest, EventCallback<SocketEvent, EventSet> callback, SocketEventOptions options)
    {
        RequireDefined(options.Priority);
        if (callback.Lasts(options.Target) && Interests.IsExclusive(interest))
        {
            throw new EventManagerException(
                EventManagerError.InvalidInterest,
                $"Exclusive cannot be had for fd {fd} with a callback on a worker, or with an asynchronous one: the fd has to be disarmed until the callback has ended, and the kernel does not modify what is exclusive. Let the loop call a synchronous one, and send the work from there.",
                fd.Number);
        }

        using ThreadClaim.Scope claim = _core.Claim();
        Require(options);
        var socketEvent = new SocketEvent(_core, _workers, fd, interest, callback, options);
        _core.SourceTable.Add(socketEvent.Source).ThrowIfFailed(interest);
        return socketEvent;
    }

    private TimerEvent CreateTimerEvent(TimeSpan dueTime, TimeSpan period, EventCallback<TimerEvent, TimerTick> callback, TimerEventOptions options)
    {
        TimerEvent.RequireSpan(dueTime, nameof(dueTime));
        TimerEvent.RequireSpan(period, nameof(period));
        options.Validate();
        using ThreadClaim.Scope claim = _core.Claim();
        TimerEvent timer = CreateTimer(options.Clock ?? TimerClock.Monotonic, period, callback, options);
        timer.StartIn(dueTime);
        return timer;
    }

    private TimerEvent CreateTimerEvent(DateTimeOffset dueTime, TimeSpan period, EventCallback<TimerEvent, TimerTick> callback, TimerEventOptions options)
    {
        TimerEvent.RequireSpan(period, nameof(period));
        options.Validate();
        if (options.Clock is { } clock and not TimerClock.WallClock)
        {
            throw new ArgumentException($"A timer with a date follows TimerClock.WallClock; TimerClock.{clock} has no dates.", nameof(options));
        }

        using ThreadClaim.Scope claim = _core.Claim();
        TimerEvent timer = CreateTimer(TimerClock.WallClock, period, callback, options);
        timer.StartAt(dueTime);
        return timer;
    }

    private TimerEvent CreateTimer(TimerClock clock, TimeSpan period, EventCallback<TimerEvent, TimerTick> callback, TimerEventOptions options)
    {
        Require(options);
        var timer = new TimerEvent(_core, _workers, _core.Timers.Open(clock), callback, options);
        timer.SetPeriod(period);
        return timer;
    }

    private FileEvent CreateFileEvent(string path, EventCallback<FileEvent, FileChange> callback, FileEventOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        FileEventOptions validated = options.Validate();
        using ThreadClaim.Scope claim = _core.Claim();
        Require(validated);
        var fileEvent = new FileEvent(_core, _files, _workers, callback, validated);
        fileEvent.Files.Add(fileEvent, path, validated);
        return fileEvent;
    }

    private SignalEvent CreateSignalEvent(Signal signal, EventCallback<SignalEvent, SignalInfo> callback, SignalEventOptions options)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        Require(options);
        var signalEvent = new SignalEvent(_core, _signals, _workers, signal, callback, options);
        _signals.Add(signalEvent);
        return signalEvent;
    }

    private bool TryCreateSignalEvent(Signal signal, EventCallback<SignalEvent, SignalInfo> callback, SignalEventOptions options, [NotNullWhen(true)] out SignalEvent? signalEvent)
    {
        try
        {
            signalEvent = CreateSignalEvent(signal, callback, options);
            return true;
        }
        catch (EventManagerException exception) when (exception.Error == EventManagerError.SignalIgnored)
        {
            signalEvent = null;
            return false;
        }
    }

    private ChildEvent CreateChildEvent(Process process, EventCallback<ChildEvent, ChildExit> callback, ChildEventOptions options)
    {
        ArgumentNullException.ThrowIfNull(process);
        using ThreadClaim.Scope claim = _core.Claim();
        Require(options);
        return _children.Watch(process, callback, options);
    }

    private ChildEvent CreateChildEvent(int processId, EventCallback<ChildEvent, ChildExit> callback, ChildEventOptions options)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        Require(options);
        return _children.Watch(processId, callback, options);
    }

    private ChildEvent CreateChildEvent(SafeHandle pidFd, EventCallback<ChildEvent, ChildExit> callback, ChildEventOptions options)
    {
        ArgumentNullException.ThrowIfNull(pidFd);
        using ThreadClaim.Scope claim = _core.Claim();
        Require(options);
        return _children.Watch(pidFd, callback, options);
    }

    private UserEvent CreateUserEvent(UserEventMerge merge, EventCallback<UserEvent, long> callback, UserEventOptions options)
    {
        if (!Enum.IsDefined(merge))
        {
            throw new ArgumentOutOfRangeException(nameof(merge), merge, "Values are merged by Add, Or or Replace.");
        }

        using ThreadClaim.Scope claim = _core.Claim();
        Require(options);
        return new UserEvent(_core, _workers, merge, callback, options);
    }

    // False where nobody can wait for it: inside a callback; and where the loop sleeps and the kernel refuses to wake it, which is reported, and it is disposed when it wakes up.
    private bool RequestDisposal()
    {
        if (!_core.Lifetime.RequestDisposal())
        {
            return false;
        }

        if (_core.Mailbox.Wake())
        {
            return true;
        }

        _core.PostNotWoken();
        return false;
    }

    private HookRegistration AddTo(CallbackList list, Action<EventManager> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        using ThreadClaim.Scope claim = _core.Claim();
        return list.Add(_core, callback);
    }

    private RunScope BeginRun(CancellationToken cancellationToken)
    {
        _core.Lifetime.BeginRun(cancellationToken);
        return new RunScope(_core);
    }

    private void RunExitCallbacks()
    {
        _core.Observer?.Begin(LoopPhase.Exit, ran: 0);
        _exitCallbacks.RunOutLastFirst(_core);
        _core.Observer?.Begin(LoopPhase.Waiting, ran: 0);
    }

    // What is the users' runs in here: subscribers, clocks, handlers. So every step is tried, whatever the ones before threw, and what it throws is reported.
    private void TearDown()
    {
        // On whichever thread; the users' code begins with the default context, as on the loop.
        using AmbientContext.Scope ambient = AmbientContext.EnterScope(context: null, SynchronizationContext.Current);
        Attempt(() => _watch?.End());
        Attempt(EndPostedWork);
        foreach (Subscriber subscriber in _subscribers.InOrder.Reverse().ToArray())
        {
            Attempt(() => DisposeSubscriber(subscriber));
        }

        Attempt(_children.DisposeAll);
        foreach (FileSource source in _core.SourceTable.Sources.OfType<FileSource>().ToArray())
        {
            Attempt(source.Files.Close);
        }

        Attempt(_core.Timers.AbandonAll);
        Attempt(_signals.RemoveAll);
        foreach (Source source in _core.SourceTable.Sources.ToArray())
        {
            Attempt(() => _core.SourceTable.Remove(source));
        }

        Attempt(() => LoopMeter.Remove(_core.Counters));
        Attempt(_workers.End);
        foreach (IClock clock in _core.Timers.Clocks)
        {
            Attempt(clock.Dispose);
        }

        Attempt(_core.Mailbox.Dispose);
        Attempt(_poller.Dispose);
        _core.Faults.WritePending();
    }

    private void Attempt(Action step)
    {
        try
        {
            step();
        }
        catch (Exception exception)
        {
            _core.Faults.Report(new Fault(FaultOrigin.Disposal, exception));
        }
    }

    // The number of those that are lost is final: the mailbox takes no more.
    private void EndPostedWork()
    {
        int lost = _core.Mailbox.Close() + _loop.DeferredCount;
        RemoteEndpoint.InFlight.FailAll(this);
        if (lost > 0)
        {
            _core.Faults.Report(new Fault(FaultOrigin.PostedWork, new EventManagerException(
                EventManagerError.Disposed, $"{Name} was disposed with {lost} posted or deferred closures not yet run; they will not be."))
            {
                LostClosures = lost,
            });
        }
    }

    private void DisposeSubscriber(Subscriber subscriber)
    {
        using AmbientContext.Scope ambient = AmbientContext.EnterScope(context: null, SynchronizationContext.Current);
        _subscribers.Detach(subscriber);
        try
        {
            (subscriber.Target as IDisposable)?.Dispose();
        }
        catch (Exception exception)
        {
            _core.Faults.Report(new Fault(FaultOrigin.Subscriber, exception) { Owner = subscriber });
        }
    }
}
