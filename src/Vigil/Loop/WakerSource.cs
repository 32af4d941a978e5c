using Vigil.Polling;

namespace Vigil;

/// <summary>The mailbox's waker as a source. It only ends the wait; every iteration checks the mailbox anyway.</summary>
internal sealed class WakerSource : OwnSource
{
    public WakerSource(LoopCore core, FileDescriptor fd)
        : base(core, fd, Waker.Interest)
    {
    }

    public override int Deliver(EventSet ready) => 0;
}
