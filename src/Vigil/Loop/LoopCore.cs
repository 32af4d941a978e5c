using Vigil.Diagnostics;
using Vigil.Interop;
using Vigil.Messaging;
using Vigil.Polling;
using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// What features may use of a loop: its mailbox, sources, timers, faults, observer, and the claim of its thread. Features get this and not the manager, whose public face they name only
/// because callbacks hand it to users.
/// </summary>
internal sealed class LoopCore
{
    private readonly ThreadClaim _claim;

    /// <summary>Opens what a loop consists of.</summary>
    /// <param name="manager">The manager, for callbacks. It is under construction, and is not used here.</param>
    /// <param name="options">Its options, checked.</param>
    /// <param name="poller">What the loop waits for.</param>
    /// <param name="createClock">Makes the clock of a kind; null for the clocks that the options say.</param>
    /// <param name="createContext">Makes the synchronization context of the callbacks.</param>
    /// <param name="tearDown">What the manager's disposal is.</param>
    /// <param name="report">Tells users of a fault.</param>
    /// <exception cref="EventManagerException">The kernel refused. Then nothing is left open.</exception>
    public LoopCore(
        EventManager manager,
        EventManagerOptions options,
        IPoller poller,
        Func<TimerClock, IClock>? createClock,
        Func<LoopCore, SynchronizationContext> createContext,
        Action tearDown,
        Action<Fault> report)
    {
        Manager = manager;
        Name = options.Name;
        Counters = new LoopCounters(options.Name, options.CollectStatistics);
        Faults = new FaultSink(this, options, report);
        Lifetime = new LoopLifetime(manager, options.Name, tearDown);
        _claim = Lifetime.ThreadClaim;
        Context = createContext(this);
        try
        {
            Mailbox = new Mailbox<EventManager>(options.MailboxCapacity, OnWakeFailed);
            SourceTable = new SourceTable(poller, Faults.OnRegistrationFault, options.UnhandledHangUpLimit);
            SourceTable.Add(new WakerSource(this, Mailbox.WakerFd)).ThrowIfFailed();
            Timers = new LoopTimers(this, createClock ?? (clock => CreateClock(options.TimeProvider, clock)));
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

    /// <summary>What other threads have sent. Posting is for any thread.</summary>
    public Mailbox<EventManager> Mailbox { get; }

    /// <summary>The registered descriptors. On the loop.</summary>
    public SourceTable SourceTable { get; }

    /// <summary>The timers by clock. On the loop.</summary>
    public LoopTimers Timers { get; }

    /// <summary>Where callbacks' exceptions go, and what else goes wrong.</summary>
    public FaultSink Faults { get; }

    /// <summary>How long callbacks may take.</summary>
    public required CallbackBudgets Budgets { get; init; }

    /// <summary>What the loop has done. Any thread.</summary>
    public LoopCounters Counters { get; }

    /// <summary>Who runs the loop, and until when.</summary>
    public LoopLifetime Lifetime { get; }

    /// <summary>The synchronization context of its callbacks.</summary>
    public SynchronizationContext Context { get; }

    /// <summary>Who is told of what the loop does in this iteration; null where nobody wants to know.</summary>
    public LoopObserver? Observer { get; set; }

    /// <summary>Whether the disposal has begun. Any thread.</summary>
    public bool IsDisposed => Lifetime.IsDisposed;

    /// <summary>
    /// Whether the calling thread is known to run the loop, so that it may use it without claiming it first. Then it is not disposed either: that waits for the end of the run.
    /// </summary>
    public bool IsRunningHere => _claim.IsRunningHere;

    /// <summary>Claims the loop for one operation; within a claim the same thread passes freely.</summary>
    /// <exception cref="EventManagerException">Another thread has it.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public ThreadClaim.Scope Claim() => Lifetime.Claim();

    /// <inheritdoc cref="LoopLifetime.ClaimToEnd"/>
    public ThreadClaim.Scope ClaimToEnd(out bool isOver) => Lifetime.ClaimToEnd(out isOver);

    /// <summary>
    /// Calls back one of several owners that are called by one delivery: the observer hears of it, what is thrown is the fault policy's, and the
    /// thread's ambient state is as before. On the loop.
    /// </summary>
    /// <param name="owner">Whose callback.</param>
    /// <param name="callback">Calls it.</param>
    /// <param name="argument">What it is given.</param>
    public void Invoke<TOwner, TArgument>(TOwner owner, Action<TOwner, TArgument> callback, TArgument argument)
        where TOwner : class, ICallbackOwner
    {
        Observer?.Enter(owner);
        Call(owner, callback, argument);
        AmbientContext.EndCallback(Context);
        Observer?.Leave();
    }

    /// <summary>Calls back, where that is the whole of a message's delivery, of which the observer has heard: what is thrown is the fault policy's, with its owner. On the loop.</summary>
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

    /// <summary>Delivers to a source of the manager's own as if the kernel had reported it, in this iteration or the next. On the loop.</summary>
    public void InjectInto(Source source) => SourceTable.Injected.Enqueue(new InjectedEvent(source, EventSet.In, IsForThisIteration: true));

    /// <summary>Something was thrown for which nobody waits any more. Any thread; it becomes a fault of the loop, and is reported here after the manager's end.</summary>
    public void PostFault(FaultOrigin origin, Exception exception) => Post(PostedFault.OfCallback(this, new Fault(origin, exception)));

    /// <inheritdoc cref="PostFault(FaultOrigin, Exception)"/>
    /// <param name="owner">Whose callback threw it.</param>
    /// <param name="exception">What was thrown.</param>
    public void PostFault(ICallbackOwner owner, Exception exception) => Post(PostedFault.OfCallback(this, FaultOf(owner, exception)));

    /// <summary>Something of an owner's failed that is no callback: it is reported on the loop under any policy, and never thrown. Any thread.</summary>
    public void PostReport(ICallbackOwner owner, Exception exception) => Post(PostedFault.OfManager(this, FaultOf(owner, exception)));

    /// <summary>The manager could not be made: closes what was opened.</summary>
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

    /// <summary>The loop could not be woken, and nobody is told by an exception: it is reported when it is awake again. Any thread.</summary>
    public void PostNotWoken() => OnWakeFailed(Mailbox.LastRefusal);

    /// <summary>For whoever has sent something and was told that the loop could not be woken for it.</summary>
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
            $"{Name} sleeps and could not be woken: writing to its eventfd, fd {fd}, failed: {Errno.Describe(errno)}. Was the number of a descriptor closed that was not yours? What was sent waits until the loop wakes up, which is tried again.",
            fd,
            errno);
    }

    // On a sender's thread. The loop reports it when it is awake again.
    private void OnWakeFailed(int errno) => Post(PostedFault.OfManager(this, new Fault(FaultOrigin.Registration, NotWoken(errno))));

    private void Post(in Message<EventManager> fault)
    {
        if (Mailbox.PostUnbounded(in fault) == PostResult.Closed)
        {
            fault.Abandon();
        }
    }
}
