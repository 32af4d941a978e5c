using Vigil.Sources;

namespace Vigil;

/// <summary>
/// The door to one subscriber's interest list, open while the subscriber handles an event. It cannot be stored, captured or
/// awaited over, it reaches no other subscriber's file descriptors, and each call makes sure that the subscriber is still there.
/// </summary>
/// <remarks>
/// <para>Changes take effect at once. What is added or armed is first reported in the next iteration; what is removed, disarmed or masked
/// is not delivered any more, even if the kernel reported it already.</para>
/// <para>Every operation throws an <see cref="EventManagerException"/> that names what is wrong, the fd and the errno; then nothing has
/// changed. The Try… forms return false and the reason for what can happen in a correct program, and throw for what cannot:
/// a call from another thread than the loop's, or after the manager was disposed.</para>
/// </remarks>
public readonly ref struct EventOps
{
    private readonly Subscriber? _subscriber;

    internal EventOps(Subscriber subscriber) => _subscriber = subscriber;

    /// <summary>Whose interest list this is.</summary>
    public SubscriberId SubscriberId => _subscriber?.Id ?? default;

    /// <summary>Registers a file descriptor, which must not be registered with this manager yet.</summary>
    /// <param name="events">The fd, what is asked for, and the data to be delivered with it.</param>
    /// <exception cref="EventManagerException">The fd is closed, cannot be waited for, or is registered already; the set cannot be asked for; a limit is reached.</exception>
    public void Add(Events events) => AddCore(events).ThrowIfFailed(events.Set);

    /// <summary>Registers a file descriptor if that is possible.</summary>
    /// <param name="events">The fd, what is asked for, and the data to be delivered with it.</param>
    /// <param name="error">Why not, or <see cref="EventManagerError.None"/>.</param>
    public bool TryAdd(Events events, out EventManagerError error) => Report(AddCore(events), out error);

    /// <summary>
    /// Replaces the event set and the data of a registered fd. Arms a one-shot again; makes an edge-triggered fd report what is ready
    /// now. A disarmed fd stays disarmed and comes back with the new set.
    /// </summary>
    /// <param name="events">The fd, what is asked for from now on, and the data to be delivered with it.</param>
    /// <exception cref="EventManagerException">The fd is not registered by this subscriber, or the set cannot be asked for.</exception>
    public void Modify(Events events) => ModifyCore(events).ThrowIfFailed(events.Set);

    /// <summary>Replaces the event set and the data of a registered fd if that is possible.</summary>
    /// <param name="events">The fd, what is asked for from now on, and the data to be delivered with it.</param>
    /// <param name="error">Why not, or <see cref="EventManagerError.None"/>.</param>
    public bool TryModify(Events events, out EventManagerError error) => Report(ModifyCore(events), out error);

    /// <summary>Ends a registration. For an fd whose handle was closed already, or that is closed behind its number, it succeeds too.</summary>
    /// <param name="fd">The fd, by its events, handle, socket or number.</param>
    /// <exception cref="EventManagerException">The fd is not registered by this subscriber.</exception>
    public void Remove(FileDescriptor fd) => RemoveCore(fd).ThrowIfFailed();

    /// <summary>Ends a registration if there is one.</summary>
    /// <param name="fd">The fd, by its events, handle, socket or number.</param>
    /// <param name="error">Why not, or <see cref="EventManagerError.None"/>.</param>
    public bool TryRemove(FileDescriptor fd, out EventManagerError error) => Report(RemoveCore(fd), out error);

    /// <summary>Asks for more; set and data stay otherwise.</summary>
    /// <param name="fd">A registered fd.</param>
    /// <param name="flags">What to ask for in addition, typically <see cref="EventSet.Out"/> after a write that would block.</param>
    /// <exception cref="EventManagerException">As of <see cref="Modify"/>.</exception>
    public void AddInterest(FileDescriptor fd, EventSet flags) => ChangeInterestCore(fd, flags, EventSet.None).ThrowIfFailed(flags);

    /// <summary>Asks for more if that is possible.</summary>
    /// <param name="fd">A registered fd.</param>
    /// <param name="flags">What to ask for in addition.</param>
    /// <param name="error">Why not, or <see cref="EventManagerError.None"/>.</param>
    public bool TryAddInterest(FileDescriptor fd, EventSet flags, out EventManagerError error) => Report(ChangeInterestCore(fd, flags, EventSet.None), out error);

    /// <summary>Asks for less; set and data stay otherwise.</summary>
    /// <param name="fd">A registered fd.</param>
    /// <param name="flags">What not to ask for any more.</param>
    /// <exception cref="EventManagerException">As of <see cref="Modify"/>.</exception>
    public void RemoveInterest(FileDescriptor fd, EventSet flags) => ChangeInterestCore(fd, EventSet.None, flags).ThrowIfFailed(flags);

    /// <summary>Asks for less if that is possible.</summary>
    /// <param name="fd">A registered fd.</param>
    /// <param name="flags">What not to ask for any more.</param>
    /// <param name="error">Why not, or <see cref="EventManagerError.None"/>.</param>
    public bool TryRemoveInterest(FileDescriptor fd, EventSet flags, out EventManagerError error) => Report(ChangeInterestCore(fd, EventSet.None, flags), out error);

    /// <summary>
    /// Back-pressure: the fd stays registered, but nothing of it is delivered, Error and HangUp included, and nothing spins, until
    /// <see cref="Arm"/>. Disarming what is disarmed changes nothing.
    /// </summary>
    /// <param name="fd">A registered fd.</param>
    /// <exception cref="EventManagerException">The fd is not registered by this subscriber.</exception>
    public void Disarm(FileDescriptor fd) => DisarmCore(fd).ThrowIfFailed();

    /// <summary>Disarms an fd if it is registered.</summary>
    /// <param name="fd">A registered fd.</param>
    /// <param name="error">Why not, or <see cref="EventManagerError.None"/>.</param>
    public bool TryDisarm(FileDescriptor fd, out EventManagerError error) => Report(DisarmCore(fd), out error);

    /// <summary>
    /// Ends <see cref="Disarm"/>, or the silence of a one-shot that was delivered. What is ready now is reported in the next iteration,
    /// also of an edge-triggered fd. Arming what is armed changes nothing.
    /// </summary>
    /// <param name="fd">A registered fd.</param>
    /// <exception cref="EventManagerException">The fd is not registered by this subscriber, was closed behind its number, or a limit is reached.</exception>
    public void Arm(FileDescriptor fd) => ArmCore(fd).ThrowIfFailed();

    /// <summary>Arms an fd if that is possible.</summary>
    /// <param name="fd">A registered fd.</param>
    /// <param name="error">Why not, or <see cref="EventManagerError.None"/>.</param>
    public bool TryArm(FileDescriptor fd, out EventManagerError error) => Report(ArmCore(fd), out error);

    /// <summary>What is asked for of a registered fd, modes included, armed or not.</summary>
    /// <param name="fd">A registered fd.</param>
    /// <exception cref="EventManagerException">The fd is not registered by this subscriber.</exception>
    public EventSet GetInterest(FileDescriptor fd)
    {
        GetInterestCore(fd, out EventSet interest).ThrowIfFailed();
        return interest;
    }

    /// <summary>What is asked for of an fd, if this subscriber registered it.</summary>
    /// <param name="fd">Any fd.</param>
    /// <param name="interest">What is asked for, modes included.</param>
    public bool TryGetInterest(FileDescriptor fd, out EventSet interest) => GetInterestCore(fd, out interest).IsSuccess;

    private static bool Report(SourceResult result, out EventManagerError error)
    {
        error = result.Error;
        return result.IsSuccess;
    }

    private SourceResult AddCore(Events events)
    {
        using ThreadClaim.Scope claim = Claim(out Subscriber? subscriber, out SourceTable table);
        return subscriber is null ? Detached(events.Fd) : table.Add(new SubscriberSource(subscriber, events));
    }

    private SourceResult ModifyCore(Events events)
    {
        using ThreadClaim.Scope claim = Claim(out Subscriber? subscriber, out SourceTable table);
        SourceResult result = Find(subscriber, table, events.Fd, out Source? source);
        return result.IsSuccess ? table.Arming.Modify(source!, events.Set, events.Data) : result;
    }

    private SourceResult ChangeInterestCore(FileDescriptor fd, EventSet added, EventSet removed)
    {
        using ThreadClaim.Scope claim = Claim(out Subscriber? subscriber, out SourceTable table);
        SourceResult result = Find(subscriber, table, fd, out Source? source);
        return result.IsSuccess ? table.Arming.Modify(source!, (source!.Interest | added) & ~removed, source.Data) : result;
    }

    private SourceResult RemoveCore(FileDescriptor fd)
    {
        using ThreadClaim.Scope claim = Claim(out Subscriber? subscriber, out SourceTable table);
        bool wasClosed = fd.IsClosed;
        SourceResult result = Find(subscriber, table, fd, out Source? source);
        if (result.IsSuccess)
        {
            table.Remove(source!);
        }

        // What is registered under a closed handle is dropped by the search, if it was not before: there is nothing left to fail.
        return wasClosed && subscriber is not null ? SourceResult.Success : result;
    }

    private SourceResult DisarmCore(FileDescriptor fd)
    {
        using ThreadClaim.Scope claim = Claim(out Subscriber? subscriber, out SourceTable table);
        SourceResult result = Find(subscriber, table, fd, out Source? source);
        return result.IsSuccess ? table.Arming.Disarm(source!) : result;
    }

    private SourceResult ArmCore(FileDescriptor fd)
    {
        using ThreadClaim.Scope claim = Claim(out Subscriber? subscriber, out SourceTable table);
        SourceResult result = Find(subscriber, table, fd, out Source? source);
        return result.IsSuccess ? table.Arming.Arm(source!) : result;
    }

    private SourceResult GetInterestCore(FileDescriptor fd, out EventSet interest)
    {
        using ThreadClaim.Scope claim = Claim(out Subscriber? subscriber, out SourceTable table);
        SourceResult result = Find(subscriber, table, fd, out Source? source);
        interest = source?.Interest ?? EventSet.None;
        return result;
    }

    private static SourceResult Find(Subscriber? subscriber, SourceTable table, FileDescriptor fd, out Source? source)
    {
        source = null;
        return subscriber is null ? Detached(fd) : table.Find(subscriber, fd, out source);
    }

    private static SourceResult Detached(FileDescriptor fd) => new(EventManagerError.SubscriberNotFound, fd.Number);

    // The subscriber is null where it was removed; a default(EventOps) was never anybody's.
    private ThreadClaim.Scope Claim(out Subscriber? subscriber, out SourceTable table)
    {
        Subscriber owner = _subscriber ?? throw new InvalidOperationException("An EventOps is handed out by an EventManager; default(EventOps) belongs to nobody.");
        ThreadClaim.Scope claim = owner.Core.Claim();
        subscriber = owner.IsAttached ? owner : null;
        table = owner.Core.SourceTable;
        return claim;
    }
}
