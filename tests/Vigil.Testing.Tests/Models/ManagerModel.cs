namespace Vigil.Testing.Tests.Models;

/// <summary>What an operation may answer, and what is so when it succeeds.</summary>
internal sealed record Verdict(Action? Apply, params EventManagerError[] Allowed)
{
    public static Verdict Success(Action apply) => new(apply, EventManagerError.None);

    public static Verdict Refused(EventManagerError error) => new(null, error);
}

/// <summary>
/// What an event manager must do, from its documentation: a dictionary of registrations, and what must be delivered in an iteration. Where
/// the order is left open, it accepts any: it is told of each callback, says whether that may come now, and at the end of an iteration
/// whether one is missing.
/// </summary>
internal sealed class ManagerModel
{
    private const EventSet Unmaskable = EventSet.Error | EventSet.HangUp;

    private readonly PlantedBug _bug;
    private readonly Action<string> _fail;
    private readonly Dictionary<int, ModelRegistration> _table = [];
    private readonly Dictionary<int, ModelFile> _open = [];
    private readonly Queue<(ModelRegistration Registration, EventSet Kinds)> _injected = new();
    private readonly List<ModelRegistration> _endedSilently = [];
    private bool _hadOrphans;
    private int _injectedDue;
    private DispatchPriority _lastPriority;
    private bool _hasInjectionBegun;

    public ManagerModel(FaultPolicy policy, PlantedBug bug, Action<string> fail)
    {
        _bug = bug;
        _fail = fail;
        Policy = policy;
        Timers = new ModelTimers(bug, fail);
        Posts = new ModelQueue("closure", ModelPhase.Mailbox, bug == PlantedBug.PostsRunAtOnce, fail);
        Deferred = new ModelQueue("deferred callback", ModelPhase.Deferred, runsAtOnce: false, fail);
        Faults = new ModelFaults(policy, fail);
    }

    public FaultPolicy Policy { get; }

    public ModelTimers Timers { get; }

    public ModelQueue Posts { get; }

    public ModelQueue Deferred { get; }

    public ModelFaults Faults { get; }

    public ModelPhase Phase { get; private set; }

    /// <summary>What GetSources must list.</summary>
    public IEnumerable<ModelRegistration> Registrations => _table.Values.Where(registration => !registration.IsHandleClosed);

    public void NoteOpened(ModelHandle handle)
    {
        handle.File.Numbers.Add(handle.Number);
        _open[handle.Number] = handle.File;
    }

    public void NoteClosed(ModelHandle handle)
    {
        handle.IsClosed = true;
        _open.Remove(handle.Number);
        handle.File.NoteClosed(handle.Number);
    }

    /// <summary>Whether a number is one of the program's files: any other number may be anybody's.</summary>
    public bool IsOpen(int number) => _open.ContainsKey(number);

    public ModelRegistration? RegistrationOf(ModelOwner owner) => _table.Values.FirstOrDefault(registration => registration.Owner == owner);

    public Verdict Add(
        ModelOwner owner, ModelHandle handle, bool byNumber, EventSet interest, uint data, DispatchPriority priority, bool onWorker = false)
    {
        if (handle.IsClosed)
        {
            return Verdict.Refused(EventManagerError.InvalidDescriptor);
        }

        Action apply = () =>
        {
            if (_table.Remove(handle.Number, out ModelRegistration? holder) && !holder.IsHandleClosed)
            {
                _fail($"{holder} was replaced and nobody was told");
            }

            _table[handle.Number] = new ModelRegistration(owner, handle, byNumber, priority, onWorker) { Interest = interest, Data = data };
        };

        if (!_table.TryGetValue(handle.Number, out ModelRegistration? holder) || holder.IsHandleClosed)
        {
            return Verdict.Success(apply);
        }

        // The number was closed behind its owner's back, and the kernel knows it. Not if it is disarmed: the kernel cannot be asked.
        bool isAlive = Names(holder) || holder.State == SourceState.Disarmed;
        return _hadOrphans && !Names(holder) ? new(apply, EventManagerError.None, EventManagerError.AlreadyRegistered)
            : isAlive ? Verdict.Refused(EventManagerError.AlreadyRegistered)
            : Verdict.Success(apply);
    }

    /// <summary>Finds an owner's registration by a name; otherwise says why there is none.</summary>
    public EventManagerError Find(ModelOwner owner, ModelHandle handle, bool byNumber, out ModelRegistration? found)
    {
        found = null;
        bool isNamed = _table.TryGetValue(handle.Number, out ModelRegistration? holder) && !holder.IsHandleClosed
            && (byNumber || (!handle.IsClosed && (holder.Handle is null || holder.Handle == handle)));
        if (!isNamed)
        {
            return EventManagerError.NotRegistered;
        }

        found = holder;
        return holder!.Owner == owner ? EventManagerError.None : EventManagerError.NotOwner;
    }

    public Verdict Modify(ModelRegistration registration, EventSet interest, uint? data)
    {
        if (((registration.Interest | interest) & EventSet.Exclusive) != EventSet.None)
        {
            return Verdict.Refused(EventManagerError.ExclusiveNotModifiable);
        }

        EventSet modes = EventSet.EdgeTriggered | EventSet.OneShot;
        bool asksKernel = registration.State != SourceState.Disarmed
            && (interest != registration.Interest || (interest & modes) != EventSet.None || registration.OnWorker);
        return Asking(registration, asksKernel, () => ApplyModify(registration, interest, data));
    }

    public Verdict Disarm(ModelRegistration registration) => Asking(
        registration,
        registration.State != SourceState.Disarmed,
        () =>
        {
            registration.State = SourceState.Disarmed;
            registration.Sent = null;
            if (_bug != PlantedBug.DisarmedEventsAreDelivered)
            {
                registration.Pending = null;
            }
        });

    public Verdict Arm(ModelRegistration registration) => Asking(
        registration,
        registration.State == SourceState.Delivered,
        () =>
        {
            if (registration.State != SourceState.Armed)
            {
                registration.File = _open[registration.Number];
                Rearm(registration);
                registration.Pending = null;
            }
        });

    public void End(ModelRegistration registration)
    {
        _hadOrphans |= registration.File.IsOpen && (registration.IsHandleClosed || !Names(registration));
        registration.State = SourceState.Removed;
        if (_table.GetValueOrDefault(registration.Number) == registration)
        {
            _table.Remove(registration.Number);
        }
    }

    public void EndAllOf(ModelOwner owner)
    {
        owner.IsGone = true;
        foreach (ModelRegistration registration in _table.Values.Where(registration => registration.Owner == owner).ToArray())
        {
            End(registration);
        }
    }

    /// <summary>An owner's callback has thrown.</summary>
    public void OnThrown(ModelOwner? owner, Exception exception)
    {
        Faults.Expect(exception);
        if (Policy == FaultPolicy.Detach && owner is not null)
        {
            Detach(owner);
        }
    }

    public void Detach(ModelOwner owner)
    {
        if (owner.Kind == CallbackKind.Timer)
        {
            if (!owner.IsGone)
            {
                Timers.Cancel(owner.Index);
            }
        }
        else if (owner.Kind != CallbackKind.Subscriber || _bug != PlantedBug.DetachedSubscribersStay)
        {
            EndAllOf(owner);
        }
    }

    public void Inject(ModelRegistration registration, EventSet kinds) => _injected.Enqueue((registration, kinds));

    public void BeginIteration()
    {
        Phase = ModelPhase.Outside;
        _lastPriority = DispatchPriority.High;
        _hasInjectionBegun = false;
        _injectedDue = _injected.Count;
        Timers.Begin();
        foreach (ModelRegistration registration in _table.Values)
        {
            registration.HasChanged = false;
            Poll(registration);
        }
    }

    public void Enter(ModelPhase phase)
    {
        if (phase < Phase)
        {
            _fail($"a callback of the phase {phase} runs after one of {Phase}");
        }

        Phase = phase;
    }

    /// <summary>A callback for a descriptor begins. Returns its registration, or null if it must not come.</summary>
    public ModelRegistration? OnDelivered(ModelOwner owner, int number, EventSet set, uint? data)
    {
        Enter(ModelPhase.Sources);
        ModelRegistration? registration = _table.GetValueOrDefault(number);
        if (registration is null || registration.Owner != owner || registration.IsHandleClosed)
        {
            _fail($"{set} of fd {number} is delivered to {owner}, who has not registered it");
            return null;
        }

        if (data is { } delivered && delivered != registration.Data)
        {
            _fail($"{registration} is delivered with data {delivered} instead of {registration.Data}");
        }

        if (!_hasInjectionBegun && registration.Pending is { } pending && Masked(registration, pending.May) != EventSet.None
            && (pending.Must != EventSet.None || (set & ~pending.May) == EventSet.None))
        {
            RequireOrder(registration);

            // If the kernel need not have reported it, it may also be the one that was injected.
            registration.HasChanged |= Masked(registration, pending.Must) == EventSet.None;
            Require(registration, set, Masked(registration, pending.Must), Masked(registration, pending.May));
        }
        else if (TakeInjected(registration) is { } injected)
        {
            Require(registration, set, injected, injected);
        }
        else
        {
            _fail($"{set} is delivered to {registration}, and nothing is pending");
        }

        registration.Pending = null;
        if ((registration.Interest & EventSet.OneShot) != EventSet.None)
        {
            registration.State = SourceState.Delivered;
        }

        return registration;
    }

    /// <summary>The callback has ended. One that closes its own handle has ended its registration.</summary>
    public void OnCallbackEnded(ModelRegistration registration)
    {
        if (registration.IsHandleClosed && registration.State != SourceState.Removed)
        {
            EndByItself(registration);
        }
    }

    /// <summary>A callback on a worker begins.</summary>
    public void OnWorkerCallback(ModelOwner owner, EventSet set)
    {
        if (_table.Values.FirstOrDefault(candidate => candidate.Owner == owner && candidate.Sent is not null) is not { } registration)
        {
            _fail($"{owner} is called on a worker, and nothing was sent there");
            return;
        }

        if (registration.IsHandleClosed)
        {
            _fail($"{registration} is called on a worker although its handle is closed");
        }

        Require(registration, set, registration.Sent!.Value.Must, registration.Sent.Value.May);
        registration.Sent = null;
        registration.HasEnded = true;
    }

    public void OnWorkRun()
    {
        foreach (ModelRegistration registration in _table.Values.Where(registration => registration.Sent is not null))
        {
            registration.Sent = null;
            if (!registration.IsHandleClosed)
            {
                _fail($"the callback on a worker of {registration} has not run");
            }
        }
    }

    /// <summary>A registration ended by itself.</summary>
    public void OnRegistrationFault(EventManagerError error, int? number)
    {
        ModelRegistration? registration = _table.GetValueOrDefault(number ?? -1);
        switch (error)
        {
            case EventManagerError.HandleClosed when registration is { IsHandleClosed: true }:
            case EventManagerError.DescriptorReplaced when registration is { Handle: null } && !Names(registration):
                EndByItself(registration);
                break;
            case EventManagerError.HandleClosed when _endedSilently.RemoveAll(ended => ended.Number == number) > 0:
                break;
            case EventManagerError.OrphanedRegistration when _hadOrphans:
                // The poller is built anew before the wait: what is ready may be reported as new.
                foreach (ModelRegistration live in _table.Values.Where(live => live.State == SourceState.Armed))
                {
                    live.IsRearmed = true;
                    EventSet must = live.Pending?.Must ?? EventSet.None;
                    EventSet may = live.Poll().May;
                    live.Pending = may == EventSet.None ? null : (must, may);
                }

                break;
            default:
                _fail($"unexpected report of {error} for fd {number}");
                break;
        }
    }

    /// <param name="sends">How many callbacks were sent to workers.</param>
    public void EndIteration(int sends)
    {
        Phase = ModelPhase.Outside;
        Timers.End();
        Posts.End();
        Deferred.End();
        EndInjections();
        int leastSends = 0;
        int mostSends = 0;
        foreach (ModelRegistration registration in _table.Values.ToArray())
        {
            if (registration.OnWorker)
            {
                EndOnWorker(registration, ref leastSends, ref mostSends);
            }
            else if (registration is { Pending: { } pending, IsHandleClosed: false })
            {
                EventSet missing = Masked(registration, pending.Must);
                if (missing != EventSet.None)
                {
                    _fail($"{missing} was not delivered to {registration}");
                }
            }

            registration.Pending = null;
        }

        if (sends < leastSends)
        {
            _fail($"{sends} callbacks were sent to workers instead of {leastSends}");
        }
    }

    private static int Rank(DispatchPriority priority) => priority switch
    {
        DispatchPriority.High => 0,
        DispatchPriority.Normal => 1,
        _ => 2,
    };

    private static void Rearm(ModelRegistration registration)
    {
        registration.State = SourceState.Armed;
        registration.IsRearmed = true;
    }

    // An event is over with its descriptor; a subscriber goes on.
    private void EndByItself(ModelRegistration registration)
    {
        registration.Owner.IsGone |= registration.Owner.Kind == CallbackKind.Event;
        End(registration);
    }

    private bool Names(ModelRegistration registration) => _open.GetValueOrDefault(registration.Number) == registration.File;

    private static void Poll(ModelRegistration registration)
    {
        (EventSet must, EventSet may) = registration.Poll();
        registration.Pending = may == EventSet.None ? null : (must, may);
    }

    // A number that was closed behind its owner's back: the kernel does not know it, and nothing changes.
    private Verdict Asking(ModelRegistration registration, bool asksKernel, Action apply)
    {
        registration.HasChanged = true;
        return registration.Handle is not null || Names(registration) || !asksKernel ? Verdict.Success(apply)
            : _hadOrphans ? new(apply, EventManagerError.None, EventManagerError.NotRegistered)
            : Verdict.Refused(EventManagerError.NotRegistered);
    }

    private void ApplyModify(ModelRegistration registration, EventSet interest, uint? data)
    {
        // A pending event of a one-shot belongs to the arming that this replaces. One of what becomes a one-shot may come.
        if (registration.Pending is { } pending && ((registration.Interest | interest) & EventSet.OneShot) != EventSet.None)
        {
            bool wasOneShot = (registration.Interest & EventSet.OneShot) != EventSet.None;
            registration.Pending = wasOneShot ? null : (EventSet.None, pending.May);
        }

        if (registration.Pending is { } still && _bug != PlantedBug.MaskedEventsAreDelivered
            && (still.Must & (interest | Unmaskable)) == EventSet.None)
        {
            // It may have had its turn while nothing of it was asked for.
            registration.Pending = (EventSet.None, still.May);
        }

        registration.Interest = interest;
        registration.Data = data ?? registration.Data;
        registration.Sent = null;
        if (registration.State != SourceState.Disarmed)
        {
            Rearm(registration);
            if (registration.OnWorker)
            {
                registration.Pending = null;
            }
        }
    }

    private EventSet Masked(ModelRegistration registration, EventSet set) =>
        _bug == PlantedBug.MaskedEventsAreDelivered ? set : set & (registration.Interest | Unmaskable);

    private void Require(ModelRegistration registration, EventSet set, EventSet must, EventSet may)
    {
        if (set == EventSet.None || (set & ~may) != EventSet.None || (must & ~set) != EventSet.None)
        {
            _fail($"{set} is delivered to {registration} instead of {must}{(may == must ? "" : $" (or {may})")}");
        }
    }

    private void RequireOrder(ModelRegistration registration)
    {
        if (Rank(registration.Priority) < Rank(_lastPriority))
        {
            _fail($"{registration} of {registration.Priority} priority is called after one of {_lastPriority}");
        }

        _lastPriority = registration.Priority;
    }

    // The next injected event that can be delivered; those before it cannot.
    private EventSet? TakeInjected(ModelRegistration wanted)
    {
        _hasInjectionBegun = true;
        while (_injectedDue > 0)
        {
            _injectedDue--;
            (ModelRegistration registration, EventSet kinds) = _injected.Dequeue();
            EventSet deliverable = DeliverableNow(registration, kinds);
            if (deliverable != EventSet.None)
            {
                if (registration != wanted)
                {
                    _fail($"an injected event of {registration} was not delivered before one of {wanted}");
                }

                return deliverable;
            }
        }

        return null;
    }

    private static EventSet DeliverableNow(ModelRegistration registration, EventSet kinds) =>
        registration is { State: SourceState.Armed, IsHandleClosed: false } ? kinds & (registration.Interest | Unmaskable) : EventSet.None;

    private void EndInjections()
    {
        while (_injectedDue > 0)
        {
            _injectedDue--;
            (ModelRegistration registration, EventSet kinds) = _injected.Dequeue();
            bool isKnown = registration.Handle is not null || Names(registration);
            if (!registration.HasChanged && isKnown && DeliverableNow(registration, kinds) != EventSet.None)
            {
                _fail($"an injected event of {registration} was not delivered");
            }
        }
    }

    private void EndOnWorker(ModelRegistration registration, ref int leastSends, ref int mostSends)
    {
        if (registration is { Pending: { } pending, State: SourceState.Armed, IsHandleClosed: false })
        {
            leastSends += pending.Must != EventSet.None ? 1 : 0;
            mostSends++;
            registration.Sent = pending;
            registration.State = SourceState.Delivered;
        }
        else if (registration.HasEnded)
        {
            registration.HasEnded = false;
            if (registration.IsHandleClosed)
            {
                _endedSilently.Add(registration);
                EndByItself(registration);
            }
            else if (registration.State == SourceState.Delivered)
            {
                Rearm(registration);
            }
        }
    }
}
