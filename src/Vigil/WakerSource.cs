using Vigil.Polling;
using Vigil.Sources;

namespace Vigil;

/// <summary>The mailbox's waker among the sources. That the wait ended is all it is for; the mailbox is looked into in every iteration anyway.</summary>
internal sealed class WakerSource : Source
{
    public WakerSource(FileDescriptor fd)
        : base(fd, Waker.Interest, data: 0, DispatchPriority.Normal)
    {
    }

    public override bool IsOfVigilsOwn => true;

    public override object Owner => this;

    public override int Deliver(EventSet ready) => 0;

    public override string ToString() => "the manager itself";
}
