using Vigil.Sources;

namespace Vigil;

/// <summary>
/// Access to one subscriber's interest list, valid while the subscriber handles an event. It cannot be stored, captured or kept across
/// an await. It reaches no other subscriber's file descriptors, and each call checks that the subscriber is still attached.
/// </summary>
/// <remarks>
/// <para>Changes take effect at once. An fd that is added or armed is first reported in the next iteration. What is removed, disarmed
/// or masked is not delivered any more, even if the kernel has already reported it.</para>
/// <para>Every operation that fails throws an <see cref="EventManagerException"/> with the reason, the fd and the errno, and changes
/// nothing. The Try… forms return false and the reason for failures that can happen in a correct program. They throw for those that
/// cannot: a call from a thread other than the loop's, or after the manager's disposal.</para>
/// </remarks>
public readonly ref struct EventOps
{
    private readonly Subscriber? _subscriber;

    internal EventOps(Subscriber subscriber) => _subscriber = subscriber;

    /// <summary>The subscriber that owns the interest list.</summary>
    public SubscriberId SubscriberId => _subscriber?.Id ?? default;

    /// <summary>Registers a file descriptor, which must not be registered with this manager yet.</summary>
    /// <param name="events">The fd, the interest, and the data to be delivered with it.</param>
    /// <exception cref="EventManagerException">The fd is closed, cannot be polled, or is already registered; the interest is invalid;
    /// or a limit is reached.</exception>
    public void Add(Events events) => AddCore(events).ThrowIfFailed(events.Set);

    /// <summary>Registers a file descriptor if that is possible.</summary>
    /// <param name="events">The fd, the interest, and the data to be delivered with it.</param>
    /// <param name="error">The reason for failure, or <see cref="EventManagerError.None"/>.</param>
    public bool TryAdd(Events events, out EventManagerError error) => Report(AddCore(events), out error);

    /// <summary>
    /// Replaces the interest and the data of a registered fd. Re-arms a one-shot; makes an edge-triggered fd report what is ready now.
    /// A disarmed fd stays disarmed and uses the new interest once armed.
    /// </summary>
    /// <param name="events">The fd, its new interest, and the data to be delivered with it.</param>
    /// <exception cref="EventManagerException">The fd is not registered by this subscriber, or the interest is invalid.</exception>
    public void Modify(Events events) => ModifyCore(events).ThrowIfFailed(events.Set);

    /// <summary>Replaces the interest and the data of a registered fd if that is possible.</summary>
    /// <param name="events">The fd, its new interest, and the data to be delivered with it.</param>
    /// <param name="error">The reason for failure, or <see cref="EventManagerError.None"/>.</param>
    public bool TryModify(Events events, out EventManagerError error) => Report(ModifyCore(events), out error);

    /// <summary>
    /// Ends a registration. It also succeeds if the fd's handle was already closed, or if its number was closed without the handle.
    /// </summary>
    /// <param name="fd">The fd, by its events, handle, socket or number.</param>
    /// <exception cref="EventManagerException">The fd is not registered by this subscriber.</exception>
    public void Remove(FileDescriptor fd) => RemoveCore(fd).ThrowIfFailed();

    /// <summary>Ends a registration if there is one.</summary>
    /// <param name="fd">The fd, by its events, handle, socket or number.</param>
    /// <param name="error">The reason for failure, or <see cref="EventManagerError.None"/>.</param>
    public bool TryRemove(FileDescriptor fd, out EventManagerError error) => Report(RemoveCore(fd), out error);

    /// <summary>Adds to the interest; the rest of it and the data stay.</summary>
    /// <param name="fd">A registered fd.</param>
    /// <param name="flags">The flags to add, typically <see cref="EventSet.Out"/> after a write that would block.</param>
    /// <exception cref="EventManagerException">See <see cref="Modify"/>.</exception>
    public void AddInterest(FileDescriptor fd, EventSet flags) => ChangeInterestCore(fd, flags, EventSet.None).ThrowIfFailed(flags);

    /// <summary>Adds to the interest if that is possible.</summary>
    /// <param name="fd">A registered fd.</param>
    /// <param name="flags">The flags to add.</param>
    /// <param name="error">The reason for failure, or <see cref="EventManagerError.None"/>.</param>
    public bool TryAddInterest(FileDescriptor fd, EventSet flags, out EventManagerError error) =>
        Report(ChangeInterestCore(fd, flags, EventSet.None), out error);

    /// <summary>Removes from the interest; the rest of it and the data stay.</summary>
    /// <param name="fd">A registered fd.</param>
    /// <param name="flags">The flags to remove.</param>
    /// <exception cref="EventManagerException">See <see cref="Modify"/>.</exception>
    public void RemoveInterest(FileDescriptor fd, EventSet flags) => ChangeInterestCore(fd, EventSet.None, flags).ThrowIfFailed(flags);

    /// <summary>Removes from the interest if that is possible.</summary>
    /// <param name="fd">A registered fd.</param>
    /// <param name="flags">The flags to remove.</param>
    /// <param name="error">The reason for failure, or <see cref="EventManagerError.None"/>.</param>
    public bool TryRemoveInterest(FileDescriptor fd, EventSet flags, out EventManagerError error) =>
        Report(ChangeInterestCore(fd, EventSet.None, flags), out error);

    /// <summary>
    /// Back-pressure: until <see cref="Arm"/> the fd stays registered but nothing is delivered, not even Error and HangUp, and the loop
    /// does not spin. Disarming a disarmed fd changes nothing.
    /// </summary>
    /// <param name="fd">A registered fd.</param>
    /// <exception cref="EventManagerException">The fd is not registered by this subscriber.</exception>
    public void Disarm(FileDescriptor fd) => DisarmCore(fd).ThrowIfFailed();

    /// <summary>Disarms an fd if it is registered.</summary>
    /// <param name="fd">A registered fd.</param>
    /// <param name="error">The reason for failure, or <see cref="EventManagerError.None"/>.</param>
    public bool TryDisarm(FileDescriptor fd, out EventManagerError error) => Report(DisarmCore(fd), out error);

    /// <summary>
    /// Ends <see cref="Disarm"/>, or re-arms a one-shot that was delivered. What is ready now is reported in the next iteration, also for
    /// an edge-triggered fd. Arming an armed fd changes nothing.
    /// </summary>
    /// <param name="fd">A registered fd.</param>
    /// <exception cref="EventManagerException">The fd is not registered by this subscriber, its number was closed without the handle,
    /// or a limit is reached.</exception>
    public void Arm(FileDescriptor fd) => ArmCore(fd).ThrowIfFailed();

    /// <summary>Arms an fd if that is possible.</summary>
    /// <param name="fd">A registered fd.</param>
    /// <param name="error">The reason for failure, or <see cref="EventManagerError.None"/>.</param>
    public bool TryArm(FileDescriptor fd, out EventManagerError error) => Report(ArmCore(fd), out error);

    /// <summary>The interest of a registered fd, including modes, whether armed or not.</summary>
    /// <param name="fd">A registered fd.</param>
    /// <exception cref="EventManagerException">The fd is not registered by this subscriber.</exception>
    public EventSet GetInterest(FileDescriptor fd)
    {
        GetInterestCore(fd, out EventSet interest).ThrowIfFailed();
        return interest;
    }

    /// <summary>The interest of an fd, if this subscriber registered it.</summary>
    /// <param name="fd">Any fd.</param>
    /// <param name="interest">The interest, including modes.</param>
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

        // The search drops sources whose handle is closed, unless they were dropped before. Nothing is left that could fail.
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

    // The subscriber is null if it was removed; a default(EventOps) never had one.
    private ThreadClaim.Scope Claim(out Subscriber? subscriber, out SourceTable table)
    {
        Subscriber owner = _subscriber
            ?? throw new InvalidOperationException("Only an EventManager hands out an EventOps; default(EventOps) has no subscriber.");
        ThreadClaim.Scope claim = owner.Core.Claim();
        subscriber = owner.IsAttached ? owner : null;
        table = owner.Core.SourceTable;
        return claim;
    }
}
