using System.Runtime.InteropServices;

namespace Vigil.Signals;

/// <summary>A signal that somebody in the process handles: the way it comes, and whom it goes to. Guarded by the hub.</summary>
internal sealed class SignalRoute
{
    public SignalRoute(Signal signal, SignalPath path)
    {
        Signal = signal;
        Path = path;
    }

    public Signal Signal { get; }

    public SignalPath Path { get; }

    /// <summary>In the order in which they subscribed.</summary>
    public List<SignalInbox> Inboxes { get; } = [];

    /// <summary>On the runtime's path: what keeps the default action off.</summary>
    public PosixSignalRegistration? Registration { get; set; }
}
