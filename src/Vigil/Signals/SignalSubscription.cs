using System.Runtime.InteropServices;

namespace Vigil;

/// <summary>A signal that somebody in the process handles: the way it comes, and whom it goes to. Guarded by the hub.</summary>
internal sealed class SignalSubscription
{
    public SignalSubscription(Signal signal, SignalRoute route)
    {
        Signal = signal;
        Route = route;
    }

    public Signal Signal { get; }

    public SignalRoute Route { get; }

    /// <summary>In the order in which they subscribed.</summary>
    public List<SignalInbox> Inboxes { get; } = [];

    /// <summary>On the runtime's path: what keeps the default action off.</summary>
    public PosixSignalRegistration? Registration { get; set; }
}
