using Vigil.Polling;

namespace Vigil;

/// <summary>The mailbox's waker among the sources. That the wait ended is all it is for; the mailbox is looked into in every iteration anyway.</summary>
internal sealed class WakerSource : OwnSource
{
    public WakerSource(LoopCore core, FileDescriptor fd)
        : base(core, fd, Waker.Interest)
    {
    }

    public override int Deliver(EventSet ready) => 0;
}
