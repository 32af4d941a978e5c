using System.Runtime.InteropServices;

namespace Vigil;

/// <summary>A signal that is handled in the process: its route and its subscribers. Guarded by the hub.</summary>
internal sealed class SignalSubscription
{
    public SignalSubscription(Signal signal, SignalRoute route)
    {
        Signal = signal;
        Route = route;
    }

    public Signal Signal { get; }

    public SignalRoute Route { get; }

    /// <summary>The subscribers, in the order of their subscription.</summary>
    public List<SignalInbox> Inboxes { get; } = [];

    /// <summary>On the runtime's path: the registration that keeps the default action off.</summary>
    public PosixSignalRegistration? Registration { get; set; }
}
