namespace Vigil;

/// <summary>The kernel's list of mounts among the sources. It is ready once for each change, which is why it is edge-triggered: asking again would say no.</summary>
internal sealed class MountSource : OwnSource
{
    private readonly LoopFiles _files;

    public MountSource(LoopCore core, FileDescriptor fd, LoopFiles files)
        : base(core, fd, EventSet.Priority | EventSet.EdgeTriggered)
    {
        _files = files;
    }

    public override int Deliver(EventSet ready)
    {
        _files.OnMountsChanged();
        return 0;
    }

    /// <summary>A reading has come to this.</summary>
    public void OnRead(int errno) => OnRead(errno, "The list of mounts");

    // The change that could not be read is not told again.
    protected override void Retry()
    {
        base.Retry();
        if (State == SourceState.Armed)
        {
            _files.OnMountsChanged();
        }
    }
}
