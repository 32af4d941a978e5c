using System.Runtime.CompilerServices;
using Vigil.Messaging;
using Vigil.Polling;
using Vigil.Recording;
using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// One iteration, in phases (docs/iteration.md). Every phase is bounded, so none starves another: hooks and deferred callbacks by
/// their number when the phase begins, timers by those due then, ready sources by the buffer, and the mailbox by its budget.
/// </summary>
internal sealed class EventLoop
{
    private readonly LoopCore _core;
    private readonly EventManager _manager;
    private readonly LoopWait _wait;
    private readonly SourceTable _table;
    private readonly LoopTimers _timers;
    private readonly Mailbox<EventManager> _mailbox;
    private readonly FaultSink _faults;
    private readonly LoopObserver _ownObserver;
    private readonly ReadyBuffer _ready;
    private readonly PriorityOrder _order;
    private readonly Queue<Message<EventManager>> _deferred = new();
    private readonly Queue<InjectedEvent> _injected;
    private readonly RecordingSession? _recording;
    private readonly ReplaySession? _replay;
    private readonly ReplayedMailbox? _replayedMailbox;

    // The context that every callback starts with; restored after each.
    private readonly SynchronizationContext _context;
    private LoopObserver? _observer;
    private int _ran;

    /// <param name="core">The loop's core.</param>
    /// <param name="options">The bounds of the phases.</param>
    /// <param name="poller">The poller that it waits on.</param>
    /// <param name="progress">Where it publishes its progress for the watchdog; null without one.</param>
    /// <param name="recording">Records or replays; null for neither.</param>
    public EventLoop(
        LoopCore core, EventManagerOptions options, IPoller poller, LoopProgress? progress, RecordingSession? recording)
    {
        _core = core;
        _manager = core.Manager;
        _table = core.SourceTable;
        _injected = _table.Injected;
        _timers = core.Timers;
        _mailbox = core.Mailbox;
        _faults = core.Faults;
        _ownObserver = new LoopObserver(core.Counters, progress);
        _ready = new ReadyBuffer(options.ReadyCapacity);
        _order = new PriorityOrder(_table, options.ReadyCapacity);
        _wait = new LoopWait(core, poller, _ready, options.SpinBeforeSleep, () => HasWork);
        MailboxBudget = options.MailboxBudget;
        _recording = recording;
        _replay = recording as ReplaySession;
        _replayedMailbox = _replay is null ? null : new ReplayedMailbox(_replay, _mailbox);
        _context = core.Context;
    }

    /// <summary>How many messages one iteration takes at most. On the loop.</summary>
    public int MailboxBudget { get; set; }

    public CallbackList PrepareHooks { get; } = new();

    public CallbackList CheckHooks { get; } = new();

    public CallbackList IdleHooks { get; } = new();

    /// <summary>Queues a callback for phase 7, with its sender's context.</summary>
    public void Defer(in Message<EventManager> message)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        _deferred.Enqueue(ContextKind<EventManager>.WithSendersContext(in message));
    }

    /// <summary>At disposal: returns how many deferred callbacks, and messages that a replay has kept, are lost.</summary>
    public int CountLost() => _deferred.Count + (_replayedMailbox?.Abandon() ?? 0);

    /// <summary>Runs one iteration and returns how many callbacks ran. Their exceptions are kept in the fault sink.</summary>
    public int RunIteration(Deadline callersDeadline)
    {
        _ran = 0;

        // Counted before any callback runs: what is injected from here on waits for the next iteration.
        int injected = _injected.Count;
        Observe(_ownObserver.BeginsIteration() ? _ownObserver : null);

        // 1. Prepare, and compute the deadline of the wait.
        RunHooks(PrepareHooks, LoopPhase.Prepare);
        bool hasWork = HasWork;
        Deadline deadline = _recording?.DecideWait(hasWork) ?? hasWork ? Deadline.Immediate : callersDeadline;

        // 2. Wait.
        _wait.Until(deadline, _observer);

        // 3. Read the clocks; 4. timers that are due by them.
        if (_timers.IsOpen)
        {
            RunTimers();
        }

        // 5. Ready sources.
        if (_ready.Count > 0 || _injected.Count > 0)
        {
            _observer?.Begin(LoopPhase.Sources, _ran);
            Dispatch(_table.PrioritizedCount == 0 ? _ready : _order.Order(_ready));
            if (_injected.Count > 0)
            {
                DispatchInjected(injected);
            }
        }

        // 6. Mailbox.
        DrainMailbox();

        // 7. Deferred callbacks and check hooks; idle hooks only if nothing else ran.
        RunDeferred();
        RunHooks(CheckHooks, LoopPhase.Check);
        if (_ran == 0)
        {
            RunHooks(IdleHooks, LoopPhase.Idle);
        }

        _observer?.EndIteration(_ran, _table);
        _replay?.EndIteration();
        return _ran;
    }

    /// <summary>A run is about to end that was stopped.</summary>
    public void EndRun() => _recording?.EndRun();

    // Written only on change: storing a reference costs the garbage collector's write barrier.
    private void Observe(LoopObserver? observer)
    {
        if (observer != _observer)
        {
            _core.Observer = _observer = observer;
        }
    }

    private void RunHooks(CallbackList hooks, LoopPhase phase)
    {
        if (!hooks.IsEmpty)
        {
            _observer?.Begin(phase, _ran);
            hooks.Run(_core);
            _observer?.Begin(LoopPhase.Waiting, _ran);
        }
    }

    // What the run is to throw when the iteration is over must not wait for an event.
    private bool HasWork => _deferred.Count > 0 || _injected.Count > 0 || _mailbox.HasMail || _faults.HasPending
        || (_timers.IsOpen && _timers.HasOverdue);

    private void RunTimers()
    {
        _observer?.Begin(LoopPhase.Timers, _ran);

        // Reads all clocks first, so that a timer that a callback starts on another clock waits for the next iteration, too.
        _timers.Expire();
        if (_timers.ReportGreatStep())
        {
            _ran++;
        }

        foreach (ClockTimers? timers in _timers.All)
        {
            if (timers is { Count: > 0 })
            {
                RunTimers(timers);
            }
        }
    }

    private void RunTimers(ClockTimers timers)
    {
        Thread thread = Thread.CurrentThread;
        bool isTraced = _observer is { TracesCallbacks: true };
        while (true)
        {
            if (isTraced)
            {
                EnterNext(timers);
            }

            if (!timers.TryTakeDue(out ITimerTarget? target))
            {
                return;
            }

            if (!isTraced)
            {
                _observer?.Enter(target);
            }

            try
            {
                if (target.Fire(timers.LastReading))
                {
                    _ran++;
                }
            }
            catch (Exception exception)
            {
                _ran++;
                _faults.OnThrown(OwnedCallback.Of(target, LoopPhase.Timers).Owner, exception);
            }

            AmbientContext.EndCallback(_context, thread);
            _observer?.Leave();
        }
    }

    // The timer is still in the wheel when listeners are notified, so they may cancel or restart it. Then another one is the next.
    private void EnterNext(ClockTimers timers)
    {
        while (timers.PeekDue() is { } next)
        {
            _observer!.Enter(next);
            if (timers.PeekDue() == next)
            {
                return;
            }

            _observer.Leave();
        }
    }

    // One try covers many events: a try for each would cost as much as the rest of its dispatch. After an exception the loop resumes behind
    // the event that threw, so no other event is lost. Locals that live across the handler (next, delivering, ran) are kept in memory by
    // the JIT and reloaded for each event; locals declared inside the try are kept in registers.
    private void Dispatch(ReadyBuffer batch)
    {
        ReadyEntry next = batch.First;
        ReadyEntry end = batch.End;
        Source? delivering = null;
        int ran = 0;
        while (next != end)
        {
            try
            {
                SourceTable table = _table;
                LoopObserver? observer = _observer;
                SynchronizationContext context = _context;
                Thread thread = Thread.CurrentThread;
                for (ReadyEntry entry = next; entry != end;)
                {
                    SourceToken token = entry.Token;
                    EventSet events = entry.Events;
                    next = entry = entry.Next;
                    if (!table.TryResolve(token, out Source? source))
                    {
                        continue;
                    }

                    events = source.Deliverable(events);
                    if (events != EventSet.None)
                    {
                        observer?.EnterOnce(source);
                        if (observer is { TracesCallbacks: true } && (events = LeftOf(events, source, token)) == EventSet.None)
                        {
                            observer.Leave();
                            continue;
                        }

                        if (Interests.IsOneShot(source.Interest))
                        {
                            SourceArming.MarkDelivered(source);
                        }

                        delivering = source;
                        ran += source.Deliver(events);
                        delivering = null;
                        EndDelivery(source, events, table, observer, context, thread);
                    }
                }
            }
            catch (Exception exception) when (delivering is not null)
            {
                Source source = delivering;
                delivering = null;
                EndDelivery(source, next.Previous.Events, exception);
            }
        }

        _ran += ran;
    }

    // The events that are left to be delivered: a listener of the trace may have removed, disarmed or modified the source.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private EventSet LeftOf(EventSet events, Source source, SourceToken token) =>
        _table.TryResolve(token, out _) ? source.Deliverable(events) : EventSet.None;

    // Delivers as many events as were queued when the iteration began, and those marked for this iteration. What else is injected
    // meanwhile waits for the next one, as a kernel event would.
    private void DispatchInjected(int due)
    {
        for (int left = _injected.Count; left > 0; left--, due--)
        {
            InjectedEvent injected = _injected.Dequeue();
            if (due <= 0 && !injected.IsForThisIteration)
            {
                _injected.Enqueue(injected);
                continue;
            }

            (Source source, EventSet events, _) = injected;
            if (DeliverableOf(source, events) != EventSet.None)
            {
                DeliverInjected(source, events);
            }
        }
    }

    // What an injected event may deliver now.
    private EventSet DeliverableOf(Source source, EventSet injected)
    {
        bool isDeaf = source.State != SourceState.Armed || !_table.IsRegistered(source) || _table.DropIfClosed(source);
        return isDeaf ? EventSet.None : source.Deliverable(injected);
    }

    // A one-shot that the kernel does not silence could report once more, so what was injected is not delivered. It stays armed.
    private bool IsSilenced(Source source)
    {
        SourceResult result = _table.Arming.SilenceForDelivery(source);
        if (!result.IsSuccess)
        {
            _faults.OnNotDelivered(source, result);
        }

        return result.IsSuccess;
    }

    // The observer is notified before the last check, as for events of the kernel.
    private void DeliverInjected(Source source, EventSet injected)
    {
        _observer?.Enter(source);
        EventSet events = DeliverableOf(source, injected);
        if (events == EventSet.None || (Interests.IsOneShot(source.Interest) && !IsSilenced(source)))
        {
            _observer?.Leave();
            return;
        }

        try
        {
            _ran += source.Deliver(events);
        }
        catch (Exception exception)
        {
            EndDelivery(source, events, exception);
            return;
        }

        EndDelivery(source, events, _table, _observer, _context, Thread.CurrentThread);
    }

    private void EndDelivery(Source source, EventSet events, Exception exception)
    {
        _ran++;
        _faults.OnThrown(source.Owner, exception, source.Number);
        EndDelivery(source, events, _table, _observer, _context, Thread.CurrentThread);
    }

    // Table, observer, context and thread are parameters because the caller's loop holds them in registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EndDelivery(
        Source source, EventSet events, SourceTable table, LoopObserver? observer, SynchronizationContext context, Thread thread)
    {
        AmbientContext.EndCallback(context, thread);
        observer?.Leave();
        table.ForgetIfClosed(source);
        if ((events & Interests.Unmaskable) != EventSet.None)
        {
            DetectSpinning(source);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void DetectSpinning(Source source)
    {
        EventManagerError stopped = _table.SpinDetector.StopSpinning(source);
        if (stopped != EventManagerError.None)
        {
            _faults.OnRegistrationFault(source, stopped);
        }
    }

    private void DrainMailbox()
    {
        if (_replayedMailbox is not null)
        {
            DrainReplayedMailbox(_replayedMailbox);
            return;
        }

        if (!_mailbox.HasMail)
        {
            return;
        }

        _observer?.Begin(LoopPhase.Mailbox, _ran);
        int budget = Math.Min(_mailbox.BatchSize, MailboxBudget);
        int taken = 0;
        Thread thread = Thread.CurrentThread;
        for (; taken < budget && _mailbox.TryTake(out Message<EventManager> message); taken++)
        {
            _recording?.OnMessage((message.Action as ISequencedMessage)?.Sequence ?? 0);
            RunMessage(in message, FaultOrigin.PostedWork, thread);
        }

        _observer?.CountPosts(taken);
    }

    // As many messages as the recorded iteration took.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void DrainReplayedMailbox(ReplayedMailbox mailbox)
    {
        _observer?.Begin(LoopPhase.Mailbox, _ran);
        int taken = 0;
        for (; mailbox.TryTake(out Message<EventManager> message); taken++)
        {
            RunMessage(in message, FaultOrigin.PostedWork, Thread.CurrentThread);
        }

        _observer?.CountPosts(taken);
    }

    private void RunDeferred()
    {
        if (_deferred.Count == 0)
        {
            return;
        }

        _observer?.Begin(LoopPhase.Deferred, _ran);
        for (int left = _deferred.Count; left > 0; left--)
        {
            RunMessage(_deferred.Dequeue(), FaultOrigin.Deferred, Thread.CurrentThread);
        }
    }

    private void RunMessage(in Message<EventManager> message, FaultOrigin origin, Thread thread)
    {
        _observer?.Enter(message.Subject);
        try
        {
            _ran += message.Deliver(_manager);
        }
        catch (Exception exception)
        {
            _ran++;
            _faults.OnThrown(origin, exception);
        }

        AmbientContext.EndCallback(_context, thread);
        _observer?.Leave();
    }
}
