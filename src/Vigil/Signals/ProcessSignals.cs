using Vigil.IO;

namespace Vigil;

/// <summary>The signals of this process.</summary>
internal sealed class ProcessSignals(SignalInbox inbox) : SignalOrigin
{
    public override FdHandle Descriptor => SignalHub.Descriptor;

    public override SignalRoute Subscribe(Signal signal) => SignalHub.Subscribe(signal, inbox);

    public override void Unsubscribe(Signal signal) => SignalHub.Unsubscribe(signal, inbox);

    public override int Read()
    {
        SignalHub.ReadPending(out int errno);
        return errno;
    }
}
