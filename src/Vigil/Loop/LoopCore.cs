using Vigil.Diagnostics;
using Vigil.Interop;
using Vigil.Messaging;
using Vigil.Polling;
using Vigil.Recording;
using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// The parts of a loop that features may use: mailbox, sources, timers, faults, observer and thread claim. Features get this instead of the
/// manager. They name the manager's public type only because callbacks receive it.
/// </summary>
internal sealed class LoopCore
{
    private readonly ThreadClaim _claim;

    /// <summary>Opens the parts of a loop.</summary>
    /// <param name="manager">The manager, for callbacks. It is under construction, and is not used here.</param>
    /// <param name="options">Its options, validated.</param>
    /// <param name="poller">The poller that the loop waits on.</param>
    /// <param name="createClock">Makes the clock of a kind; null for the clocks of the options.</param>
    /// <param name="createContext">Makes the synchronization context of the callbacks.</param>
    /// <param name="tearDown">Performs the manager's disposal.</param>
    /// <param name="createReport">Makes what reports faults to users.</param>
    /// <param name="recording">Records or replays; null for neither.</param>
    /// <exception cref="EventManagerException">The kernel refused. Nothing is left open.</exception>
    public LoopCore(
        EventManager manager,
        EventManagerOptions options,
        IPoller poller,
        Func<TimerClock, IClock>? createClock,
        Func<LoopCore, SynchronizationContext> createContext,
        Action tearDown,
        Func<LoopCore, Action<Fault>> createReport,
        RecordingSession? recording)
    {
        Manager = manager;
        Name = options.Name;
        Counters = new LoopCounters(options.Name, options.CollectStatistics);
        Faults = new FaultSink(this, options, createReport(this));
        Recording = recording;
        TaskOptions = poller.SharesThread ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously;
        BlockingWait = poller.BlockingWait;
        Lifetime = new LoopLifetime(manager, options.Name, tearDown, BlockingWait);
        _claim = Lifetime.ThreadClaim;
        Context = createContext(this);
        try
        {
            Mailbox = new Mailbox<EventManager>(options.MailboxCapacity, OnWakeFailed);
            recording?.Attach(_claim, PostRecorderFault);
            DescriptorQueries queries = new KernelQueries();
            queries = recording?.Wrap(queries) ?? queries;
            SourceTable = new SourceTable(
                poller, queries, Faults.OnRegistrationFault, PostRegistrationFault, options.UnhandledHangUpLimit);
            SourceTable.Add(new WakerSource(this, Mailbox.WakerFd)).ThrowIfFailed();
            createClock ??= clock => CreateClock(options.TimeProvider, clock);
            Timers = new LoopTimers(this, recording is null ? createClock : clock => recording.Wrap(createClock(clock), clock));
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    /// <summary>The manager, for callbacks. Features use its public members only.</summary>
    public EventManager Manager { get; }

    /// <summary>The manager's name, for messages.</summary>
    public string Name { get; }

    /// <summary>Messages from other threads. Any thread may post.</summary>
    public Mailbox<EventManager> Mailbox { get; }

    /// <summary>The registered descriptors. On the loop.</summary>
    public SourceTable SourceTable { get; }

    /// <summary>The timers by clock. On the loop.</summary>
    public LoopTimers Timers { get; }

    /// <summary>Collects exceptions of callbacks, and other failures.</summary>
    public FaultSink Faults { get; }

    /// <summary>The time budgets of callbacks.</summary>
    public required CallbackBudgets Budgets { get; init; }

    /// <summary>The loop's counters. Any thread.</summary>
    public LoopCounters Counters { get; }

    /// <summary>The claim, the runs and the disposal.</summary>
    public LoopLifetime Lifetime { get; }

    /// <summary>
    /// How tasks are made that the loop or its workers complete: their continuations do not run on the thread that does, unless there is
    /// only one (<see cref="IPoller.SharesThread"/>).
    /// </summary>
    public TaskCreationOptions TaskOptions { get; }

    /// <summary>Records or replays; null for neither.</summary>
    public RecordingSession? Recording { get; }

    /// <summary>How other threads wait for the loop; null if they sleep until it wakes them.</summary>
    public IBlockingWait? BlockingWait { get; }

    /// <summary>The synchronization context of its callbacks.</summary>
    public SynchronizationContext Context { get; }

    /// <summary>The observer of this iteration; null if nobody observes.</summary>
    public LoopObserver? Observer { get; set; }

    /// <summary>Whether the disposal has begun. Any thread.</summary>
    public bool IsDisposed => Lifetime.IsDisposed;

    /// <summary>
    /// Whether the calling thread is known to run the loop, so that it may use the loop without a claim. The loop is not disposed then:
    /// disposal waits for the end of the run.
    /// </summary>
    public bool IsRunningHere => _claim.IsRunningHere;

    /// <summary>Claims the loop for one operation. Claims nest on the same thread.</summary>
    /// <exception cref="EventManagerException">Another thread has the claim.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public ThreadClaim.Scope Claim() => Lifetime.Claim();

    /// <inheritdoc cref="LoopLifetime.ClaimToEnd"/>
    public ThreadClaim.Scope ClaimToEnd(out bool isOver) => Lifetime.ClaimToEnd(out isOver);

    /// <summary>
    /// Calls one of several owners that one delivery calls. The observer is notified, exceptions go to the fault policy, and the thread's
    /// ambient state is restored. On the loop.
    /// </summary>
    /// <remarks>The observer may end the owner, so <paramref name="callback"/> checks that it has not ended.</remarks>
    /// <param name="owner">The callback's owner.</param>
    /// <param name="callback">Calls it.</param>
    /// <param name="argument">The callback's argument.</param>
    public void Invoke<TOwner, TArgument>(TOwner owner, Action<TOwner, TArgument> callback, TArgument argument)
        where TOwner : class, ICallbackOwner
    {
        Observer?.Enter(owner);
        Call(owner, callback, argument);
        AmbientContext.EndCallback(Context);
        Observer?.Leave();
    }

    /// <summary>
    /// Calls an owner where this is a message's whole delivery, of which the observer knows. Exceptions go to the fault policy. On the
    /// loop.
    /// </summary>
    /// <inheritdoc cref="Invoke"/>
    public void Call<TOwner, TArgument>(TOwner owner, Action<TOwner, TArgument> callback, TArgument argument)
        where TOwner : class, ICallbackOwner
    {
        try
        {
            callback(owner, argument);
        }
        catch (Exception exception)
        {
            Faults.OnThrown(owner, exception);
        }
    }

    /// <summary>
    /// Delivers an event to one of the manager's own sources as if the kernel had reported it, in this iteration or the next. On the loop.
    /// </summary>
    public void InjectInto(Source source) => SourceTable.Injected.Enqueue(new InjectedEvent(source, EventSet.In, IsForThisIteration: true));

    /// <summary>
    /// Reports an exception for which nobody waits any more. Any thread. It becomes a fault of the loop; after the manager's end it is
    /// reported here.
    /// </summary>
    public void PostFault(FaultOrigin origin, Exception exception) => Post(new Fault(origin, exception) { IsSubjectToPolicy = true });

    /// <inheritdoc cref="PostFault(FaultOrigin, Exception)"/>
    /// <param name="owner">The owner of the callback that threw.</param>
    /// <param name="exception">The exception.</param>
    public void PostFault(ICallbackOwner owner, Exception exception) => Post(FaultOf(owner, exception) with { IsSubjectToPolicy = true });

    /// <summary>
    /// Reports a failure of an owner that is not a callback's. It is reported on the loop under any policy, and never thrown. Any thread.
    /// </summary>
    public void PostReport(ICallbackOwner owner, Exception exception) => Post(FaultOf(owner, exception));

    /// <summary>The recorder cannot write any more. It is reported under any policy, and never thrown. Any thread.</summary>
    public void PostRecorderFault(EventManagerException exception) =>
        Post(new Fault(FaultOrigin.Recorder, exception) { Fd = exception.Fd ?? -1 });

    /// <summary>Requests the disposal, and wakes the loop for it. Any thread.</summary>
    /// <returns>
    /// Whether the caller may wait. False inside a callback, or if the kernel refuses to wake a sleeping loop: that is reported, and the
    /// manager is disposed when the loop wakes up.
    /// </returns>
    public bool RequestDisposal()
    {
        if (!Lifetime.RequestDisposal())
        {
            return false;
        }

        if (Mailbox.Wake())
        {
            return true;
        }

        PostNotWoken();
        return false;
    }

    /// <summary>At disposal: removes all sources that are left.</summary>
    public void RemoveSources()
    {
        foreach (Source source in SourceTable.Sources.ToArray())
        {
            Faults.Attempt(() => SourceTable.Remove(source));
        }
    }

    /// <summary>At disposal, when nothing uses them any more: closes the clocks and the mailbox.</summary>
    public void Close()
    {
        foreach (IClock clock in Timers.Clocks)
        {
            Faults.Attempt(clock.Dispose);
        }

        Faults.Attempt(Mailbox.Dispose);
    }

    /// <summary>The manager could not be constructed: closes what was opened.</summary>
    public void Abandon()
    {
        foreach (IClock clock in Timers?.Clocks ?? [])
        {
            clock.Dispose();
        }

        Mailbox?.Dispose();
    }

    /// <summary>Wakes the loop. Any thread.</summary>
    /// <exception cref="EventManagerException">The kernel refused.</exception>
    public void Wake()
    {
        if (!Mailbox.Wake())
        {
            throw NotWoken();
        }
    }

    /// <summary>The loop could not be woken, and no exception says so: it is reported when the loop is awake again. Any thread.</summary>
    public void PostNotWoken() => OnWakeFailed(Mailbox.LastRefusal);

    /// <summary>The exception for a sender whose message was queued, but for which the loop could not be woken.</summary>
    public EventManagerException NotWoken() => NotWoken(Mailbox.LastRefusal);

    private static Fault FaultOf(ICallbackOwner owner, Exception exception) =>
        new(owner.FaultOrigin, exception) { Owner = owner, Fd = owner.DescriptorNumber };

    private IClock CreateClock(TimeProvider provider, TimerClock clock) => provider == TimeProvider.System
        ? new KernelClock(clock)
        : new ProviderClock(provider, clock, () => Mailbox.Kick());

    private EventManagerException NotWoken(int errno)
    {
        int fd = Mailbox.WakerFd.Number;
        return new EventManagerException(
            EventManagerError.System,
            $"{Name} sleeps and could not be woken: writing to its eventfd, fd {fd}, failed: {Errno.Describe(errno)}. "
                + "Was the number of a descriptor closed that was not yours? "
                + "What was sent waits until the loop wakes up, which is tried again.",
            fd,
            errno);
    }

    // On a sender's thread, which may hold locks: no handler may run here. The loop reports it when it is awake again. If the mailbox is
    // closed meanwhile, there is no wait to end and nothing to report.
    private void OnWakeFailed(int errno) =>
        Mailbox.PostUnbounded(Faults, new Fault(FaultOrigin.Registration, NotWoken(errno)));

    // Reported with the next messages: a handler that ran now could ask for what is just being opened, and get it a second time.
    private void PostRegistrationFault(Source source, EventManagerError reason) => Post(Faults.OfRegistration(source, reason));

    private void Post(Fault fault)
    {
        if (Mailbox.PostUnbounded(Faults, fault) == PostResult.Closed)
        {
            Faults.Report(fault);
        }
    }
}
