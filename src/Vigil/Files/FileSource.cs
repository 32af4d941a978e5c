namespace Vigil;

/// <summary>The inotify instance as a source.</summary>
internal sealed class FileSource : OwnSource
{
    public FileSource(LoopCore core, FileDescriptor fd, FileTurns files)
        : base(core, fd, EventSet.In)
    {
        Files = files;
    }

    public FileTurns Files { get; }

    public override int Deliver(EventSet ready) => Files.Deliver();

    public override void OnRemoved()
    {
        base.OnRemoved();
        Files.OnSourceRemoved();
    }

    /// <summary>Handles the result of a read.</summary>
    public void OnRead(int errno) => OnRead(errno, "The inotify instance");

    // Turns for other reasons continue meanwhile.
    protected override void Retry()
    {
        // If a worker is busy, its end re-arms the source.
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
