namespace Vigil;

/// <summary>The inotify instance among the sources.</summary>
internal sealed class FileSource : OwnSource
{
    public FileSource(LoopCore core, FileDescriptor fd, LoopFiles files)
        : base(core, fd, EventSet.In)
    {
        Files = files;
    }

    public LoopFiles Files { get; }

    public override int Deliver(EventSet ready) => Files.Deliver();

    public override void OnRemoved()
    {
        base.OnRemoved();
        Files.OnSourceRemoved();
    }

    /// <summary>A reading has come to this.</summary>
    public void OnRead(int errno) => OnRead(errno, "The inotify instance");

    // Turns that are needed for other reasons go on with it.
    protected override void Retry()
    {
        // A worker that is busy arms it when it has ended.
        if (Files.IsPaused)
        {
            return;
        }

        base.Retry();
        if (State == SourceState.Armed)
        {
            Files.Resume();
        }
    }
}
