namespace Vigil;

/// <summary>
/// The kernel's list of mounts as a source. Edge-triggered, because it is ready once for each change: another poll would find nothing.
/// </summary>
internal sealed class MountSource : OwnSource
{
    private readonly FileTurns _files;

    public MountSource(LoopCore core, FileDescriptor fd, FileTurns files)
        : base(core, fd, EventSet.Priority | EventSet.EdgeTriggered)
    {
        _files = files;
    }

    public override int Deliver(EventSet ready)
    {
        _files.OnMountsChanged();
        return 0;
    }

    /// <summary>Handles the result of a read.</summary>
    public void OnRead(int errno) => OnRead(errno, "The list of mounts");

    // The change that could not be read is not reported again.
    protected override void Retry()
    {
        base.Retry();
        if (State == SourceState.Armed)
        {
            _files.OnMountsChanged();
        }
    }
}
