using Vigil.Sources;

namespace Vigil;

/// <summary>Handles what a <see cref="SocketEvent"/> reports.</summary>
/// <param name="source">The socket event, through which the callback can change or cancel it.</param>
/// <param name="ready">What is ready: kinds that were asked for, and <see cref="EventSet.Error"/> and <see cref="EventSet.HangUp"/>.</param>
public delegate void SocketEventCallback(SocketEvent source, EventSet ready);

/// <summary>
/// A callback for one file descriptor of any pollable kind. Made by <see cref="EventManager.CreateSocketEvent"/>. Its methods are for
/// the loop's thread, or for any one thread between runs.
/// </summary>
public sealed class SocketEvent : CallbackEvent
{
    private readonly SocketEventSource _source;
    private readonly SocketEventCallback _callback;
    private bool _isCancelled;

    internal SocketEvent(EventManager manager, Events events, SocketEventCallback callback, DispatchPriority priority)
        : base(manager)
    {
        _callback = callback;
        _source = new SocketEventSource(this, events, priority);
    }

    /// <summary>The file descriptor.</summary>
    public FileDescriptor Fd => _source.Fd;

    /// <summary>What is asked for, modes included.</summary>
    public EventSet Interest => _source.Interest;

    /// <summary>Whether it is watched.</summary>
    public SourceState State => _source.State;

    /// <summary>Whether it is over: cancelled, its handle closed, its number replaced, or the manager disposed.</summary>
    public override bool IsCancelled => _isCancelled;

    internal Source Source => _source;

    internal override FaultOrigin FaultOrigin => FaultOrigin.SocketEvent;

    internal override Delegate Callback => _callback;

    /// <summary>Asks for something else from now on. Arms a one-shot again; what is disarmed stays disarmed.</summary>
    /// <param name="interest">What to ask for.</param>
    /// <exception cref="EventManagerException">The event is over, the set cannot be asked for, or the call comes from another thread.</exception>
    public void Modify(EventSet interest)
    {
        using ThreadClaim.Scope claim = Enter();
        Manager.SourceTable.Arming.Modify(_source, interest, _source.Data).ThrowIfFailed(interest);
    }

    /// <summary>Asks for more.</summary>
    /// <param name="flags">What to ask for in addition.</param>
    /// <exception cref="EventManagerException">As of <see cref="Modify"/>.</exception>
    public void AddInterest(EventSet flags) => Modify(Interest | flags);

    /// <summary>Asks for less.</summary>
    /// <param name="flags">What not to ask for any more.</param>
    /// <exception cref="EventManagerException">As of <see cref="Modify"/>.</exception>
    public void RemoveInterest(EventSet flags) => Modify(Interest & ~flags);

    /// <summary>Back-pressure: nothing is delivered, Error and HangUp included, and nothing spins, until <see cref="Arm"/>.</summary>
    /// <exception cref="EventManagerException">The event is over, or the call comes from another thread.</exception>
    public void Disarm()
    {
        using ThreadClaim.Scope claim = Enter();
        Manager.SourceTable.Arming.Disarm(_source).ThrowIfFailed();
    }

    /// <summary>Ends <see cref="Disarm"/>, or the silence of a one-shot that was delivered; what is ready now is reported in the next iteration.</summary>
    /// <exception cref="EventManagerException">The event is over, a limit is reached, or the call comes from another thread.</exception>
    public void Arm()
    {
        using ThreadClaim.Scope claim = Enter();
        Manager.SourceTable.Arming.Arm(_source).ThrowIfFailed(Interest);
    }

    /// <summary>Ends it: no callback follows, even if the kernel reported something already. The file stays open. Again, it does nothing.</summary>
    /// <exception cref="EventManagerException">The call comes from another thread.</exception>
    public override void Cancel()
    {
        if (_isCancelled)
        {
            return;
        }

        using ThreadClaim.Scope claim = Manager.Claim();
        Manager.SourceTable.Remove(_source);
    }

    /// <summary>For messages: the method that is called.</summary>
    public override string ToString() => $"a socket event ({CallbackName})";

    internal void OnRemoved() => _isCancelled = true;

    private ThreadClaim.Scope Enter()
    {
        ThreadClaim.Scope claim = Manager.Claim();
        if (IsCancelled)
        {
            claim.Dispose();
            throw new EventManagerException(EventManagerError.NotRegistered, $"The socket event of fd {Fd} is over: it was cancelled, or its file descriptor was closed.", Fd.Number);
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

        public override object Owner => _event;

        public override int Deliver(EventSet ready)
        {
            _event._callback(_event, ready);
            return 1;
        }

        public override void OnRemoved() => _event.OnRemoved();
    }
}
