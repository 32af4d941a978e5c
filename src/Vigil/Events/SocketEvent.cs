using Vigil.Sources;

namespace Vigil;

/// <summary>Handles the readiness that a <see cref="SocketEvent"/> reports.</summary>
/// <param name="source">The socket event, which the callback may change or cancel.</param>
/// <param name="ready">What is ready: kinds in the interest, and <see cref="EventSet.Error"/> and <see cref="EventSet.HangUp"/>.</param>
public delegate void SocketEventCallback(SocketEvent source, EventSet ready);

/// <summary>
/// A callback for one file descriptor of any pollable kind. Made by <c>EventManager.CreateSocketEvent</c>. Its methods are for
/// the loop's thread, or for any one thread between runs.
/// </summary>
public sealed class SocketEvent : CallbackEvent
{
    private readonly FileDescriptor _fd;
    private readonly SocketEventSource _source;
    private readonly SocketEventCallback _callback;
    private readonly LastingCallback<SocketEvent, EventSet>? _lasting;

    // What the lasting callback was last sent, and what was reported while it was busy.
    private EventSet _delivered;
    private EventSet _held;
    private bool _isOneShot;
    private volatile bool _isCancelled;

    private SocketEvent(
        LoopCore core,
        LoopWorkers workers,
        FileDescriptor fd,
        EventSet interest,
        EventCallback<SocketEvent, EventSet> callback,
        SocketEventOptions options)
        : base(core, options)
    {
        var synchronous = callback.Delegate as SocketEventCallback;
        ICallbackRelay<SocketEvent, EventSet>? relay =
            callback.ToRelay(this, workers, options.Target, synchronous is null ? null : synchronous.Invoke);
        _callback = relay is null ? synchronous! : relay.Invoke;
        _lasting = relay as LastingCallback<SocketEvent, EventSet>;
        _isOneShot = Interests.IsOneShot(interest);
        _fd = fd;
        _source = new SocketEventSource(this, new Events(fd, KernelsInterest(interest)), options.Priority);
    }

    internal static SocketEvent Create(
        LoopCore core,
        LoopWorkers workers,
        FileDescriptor fd,
        EventSet interest,
        EventCallback<SocketEvent, EventSet> callback,
        SocketEventOptions options)
    {
        PriorityOrder.Require(options.Priority);
        if (callback.Lasts(options.Target) && Interests.IsExclusive(interest))
        {
            throw new EventManagerException(
                EventManagerError.InvalidInterest,
                $"Exclusive is not possible for fd {fd} with an asynchronous callback or one on a worker: the fd must be disarmed until "
                + "the callback has ended, and the kernel does not modify exclusive registrations. "
                + "Use a synchronous callback on the loop, and send the work from there.",
                fd.Number);
        }

        using ThreadClaim.Scope claim = core.Claim();
        options.Require(workers);
        var socketEvent = new SocketEvent(core, workers, fd, interest, callback, options);
        core.SourceTable.Add(socketEvent.Source).ThrowIfFailed(interest);
        return socketEvent;
    }

    /// <summary>The file descriptor.</summary>
    public FileDescriptor Fd => _fd;

    /// <summary>The interest, including modes.</summary>
    public EventSet Interest => _isOneShot ? _source.Interest : _source.Interest & ~EventSet.OneShot;

    /// <summary>Whether it is monitored.</summary>
    public SourceState State => IsCancelled ? SourceState.Removed : _source.State;

    /// <summary>Whether it is over: cancelled, its handle closed, its number reused, or the manager disposed.</summary>
    public override bool IsCancelled => _isCancelled || Fd.IsClosed;

    internal Source Source => _source;

    internal override FaultOrigin FaultOrigin => FaultOrigin.SocketEvent;

    internal override int DescriptorNumber => _source.Number;

    internal override bool IsFileClosed => Fd.IsClosed;

    internal override Delegate Callback => _lasting?.Callback ?? FlowingCallback.UsersOf(_callback);

    private protected override LastingCallback? Lasting => _lasting;

    // If its file was closed elsewhere, its registration is still to be dropped.
    private protected override bool IsOver => _isCancelled;

    /// <summary>Sets the interest. Re-arms a one-shot that was delivered; a disarmed event stays disarmed.</summary>
    /// <param name="interest">The new interest.</param>
    /// <exception cref="EventManagerException">The event is over, the interest is invalid, or the call comes from another
    /// thread.</exception>
    public void Modify(EventSet interest)
    {
        if (IsForwarded<SocketEvent, EventSet>(static (self, interest) => self.Modify(interest), interest))
        {
            return;
        }

        using ThreadClaim.Scope claim = Enter();
        Core.SourceTable.Arming.Modify(_source, KernelsInterest(interest), _source.Data).ThrowIfFailed(interest);
        _isOneShot = Interests.IsOneShot(interest);

        // A callback that has not begun, and reports held back, belong to the arming that this replaces.
        _held = EventSet.None;
        _lasting?.Withdraw();
    }

    /// <summary>Adds to the interest.</summary>
    /// <param name="flags">The flags to add.</param>
    /// <exception cref="EventManagerException">See <see cref="Modify"/>.</exception>
    public void AddInterest(EventSet flags)
    {
        if (!IsForwarded<SocketEvent, EventSet>(static (self, flags) => self.AddInterest(flags), flags))
        {
            Modify(Interest | flags);
        }
    }

    /// <summary>Removes from the interest.</summary>
    /// <param name="flags">The flags to remove.</param>
    /// <exception cref="EventManagerException">See <see cref="Modify"/>.</exception>
    public void RemoveInterest(EventSet flags)
    {
        if (!IsForwarded<SocketEvent, EventSet>(static (self, flags) => self.RemoveInterest(flags), flags))
        {
            Modify(Interest & ~flags);
        }
    }

    /// <summary>
    /// Back-pressure: until <see cref="Arm"/> nothing is delivered, not even Error and HangUp, and the loop does not spin.
    /// </summary>
    /// <exception cref="EventManagerException">The event is over, or the call comes from another thread.</exception>
    public void Disarm()
    {
        if (IsForwarded<SocketEvent, bool>(static (self, _) => self.Disarm(), argument: default))
        {
            return;
        }

        using ThreadClaim.Scope claim = Enter();
        Core.SourceTable.Arming.Disarm(_source).ThrowIfFailed();
        _held = EventSet.None;
        _lasting?.Withdraw();
    }

    /// <summary>
    /// Ends <see cref="Disarm"/>, or re-arms a one-shot that was delivered. What is ready now is reported in the next iteration.
    /// </summary>
    /// <exception cref="EventManagerException">The event is over, a limit is reached, or the call comes from another thread.</exception>
    public void Arm()
    {
        if (IsForwarded<SocketEvent, bool>(static (self, _) => self.Arm(), argument: default))
        {
            return;
        }

        using ThreadClaim.Scope claim = Enter();
        Core.SourceTable.Arming.Arm(_source).ThrowIfFailed(Interest);
    }

    /// <summary>For messages: the name, and the method called.</summary>
    public override string ToString() => $"a socket event {Title}";

    internal void OnRemoved()
    {
        _isCancelled = true;
        _lasting?.Revoke();
    }

    internal override int OnCallbackEnded()
    {
        // A callback that closes its file has ended the event, as on the loop. One that was not called because of that has closed nothing.
        if (_lasting!.HasRun)
        {
            Core.SourceTable.ForgetIfClosed(_source);
        }
        else if (!_isCancelled)
        {
            _ = Core.SourceTable.DropIfClosed(_source);
        }

        EventSet held = _held & (_source.Interest | Interests.Unmaskable);
        _held = EventSet.None;
        if (_isCancelled || State == SourceState.Disarmed)
        {
            return 0;
        }

        if (Interests.IsEdgeTriggered(_source.Interest) || _source.IsReportedByEdges)
        {
            if (held != EventSet.None)
            {
                Send(held);
                return 1;
            }
        }
        else if (State == SourceState.Delivered && (!_isOneShot || held != EventSet.None))
        {
            // Re-arming polls again, so the report is newer than the held one.
            SourceResult result = Core.SourceTable.RearmAfterCallback(_source, _delivered);
            if (!result.IsSuccess)
            {
                Core.Faults.OnNotArmed(_source, result);
            }
        }

        return 0;
    }

    internal override int OnCallbackRefused()
    {
        if (!_isCancelled)
        {
            _held = EventSet.None;
            _ = Core.SourceTable.Arming.Disarm(_source);
        }

        return 0;
    }

    private protected override void EndOnLoop()
    {
        Core.SourceTable.Remove(_source);
    }

    // With a lasting callback, the kernel must stay silent from a report until the callback has ended, so level-triggered interest becomes
    // one-shot. Edges do not repeat, and re-arming them would report the same readiness again.
    private EventSet KernelsInterest(EventSet interest) =>
        _lasting is null || Interests.IsEdgeTriggered(interest) || Interests.IsExclusive(interest) || IsReportedByEdges(interest)
            ? interest
            : interest | EventSet.OneShot;

    // The same holds for files that report each change once: re-arming would swallow a change that comes in between.
    private bool IsReportedByEdges(EventSet interest)
    {
        if (Interests.HasData(interest))
        {
            return false;
        }

        using var fd = new BorrowedDescriptor(_fd);
        return Core.SourceTable.Queries.ReportsChangesOnce(fd.Number);
    }

    private int Deliver(EventSet ready)
    {
        if (_lasting is null)
        {
            _callback(this, ready);
            return 1;
        }

        if (_lasting.IsBusy)
        {
            _held |= ready;
            return 0;
        }

        Send(ready);
        return 1;
    }

    private void Send(EventSet ready)
    {
        _delivered = ready;
        _lasting!.Send(this, ready);
    }

    private ThreadClaim.Scope Enter()
    {
        ThreadClaim.Scope claim = Core.Claim();
        if (!_isCancelled)
        {
            _ = Core.SourceTable.DropIfClosed(_source);
        }

        if (_isCancelled)
        {
            claim.Dispose();
            throw new EventManagerException(
                EventManagerError.NotRegistered,
                $"The socket event of fd {Fd} is over: it was cancelled, or its file descriptor was closed.",
                Fd.Number);
        }

        return claim;
    }

    private sealed class SocketEventSource : Source
    {
        private readonly SocketEvent _event;

        public SocketEventSource(SocketEvent socketEvent, Events events, DispatchPriority priority)
            : base(events.Fd, events.Set, events.Data, priority)
        {
            _event = socketEvent;
        }

        public override ICallbackOwner Owner => _event;

        public override int Deliver(EventSet ready) => _event.Deliver(ready);

        public override void OnRemoved() => _event.OnRemoved();
    }
}
