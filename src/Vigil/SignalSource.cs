using Vigil.Signals;
using Vigil.Sources;

namespace Vigil;

/// <summary>The process's signalfd among the sources of a loop. Level-triggered: any loop that watches it may have read before this one.</summary>
internal sealed class SignalSource : Source
{
    public SignalSource(FileDescriptor fd)
        : base(fd, EventSet.In, data: 0, DispatchPriority.Normal)
    {
    }

    public override bool IsOfVigilsOwn => true;

    public override object Owner => this;

    // What is read comes back through the mailbox, in order with what other threads took.
    public override int Deliver(EventSet ready)
    {
        SignalHub.ReadPending();
        return 0;
    }

    public override string ToString() => "the manager itself";
}
