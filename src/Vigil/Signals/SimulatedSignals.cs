using Vigil.IO;

namespace Vigil;

/// <summary>The signals of a simulated process.</summary>
internal sealed class SimulatedSignals(IVirtualSignals signals, SignalInbox inbox) : SignalOrigin
{
    public override FdHandle Descriptor => throw new InvalidOperationException("Simulated signals have no descriptor.");

    public override SignalRoute Subscribe(Signal signal)
    {
        SignalRules.RequireUsable(signal);
        signals.Subscribe(signal, info => inbox.Post(in info));
        return SignalRoute.Simulated;
    }

    public override void Unsubscribe(Signal signal) => signals.Unsubscribe(signal);

    public override int Read() => 0;
}
