namespace Vigil;

/// <summary>The kernel's list of mounts among the sources. It is ready once for each change, which is why it is edge-triggered: asking again would say no.</summary>
internal sealed class MountSource : OwnSource
{
    private readonly LoopFiles _files;

    public MountSource(EventManager manager, FileDescriptor fd, LoopFiles files)
        : base(manager, fd, EventSet.Priority | EventSet.EdgeTriggered)
    {
        _files = files;
    }

    public override int Deliver(EventSet ready)
    {
        _files.OnMountsChanged();
        return 0;
    }
}
