namespace Vigil;

/// <summary>
/// One file event whose callback runs on a worker, or is asynchronous. It has an inotify instance of its own, so that a long callback
/// delays no other event. A turn's changes are sent to the callback together, and there is a pause while it is busy with them.
/// </summary>
internal sealed class LastingFiles : FileTurns
{
    private readonly FileEvent _event;
    private bool _hasLostChanges;

    public LastingFiles(LoopCore core, FileKernel kernel, FileEvent fileEvent)
        : base(core, kernel) => _event = fileEvent;

    public override bool IsPaused => _event.IsBusy;

    protected override FileEvent? OnlyEvent => _event;

    /// <summary>The callback has ended.</summary>
    public void OnCallbackEnded()
    {
        if (_hasLostChanges && IsOpen)
        {
            // Not earlier: each refusal would cause a rescan, whose findings would be refused again, without end.
            _hasLostChanges = false;
            WantRescan(_event.Tree);
        }

        Resume();
    }

    /// <summary>The workers refused the callback. Its changes are lost.</summary>
    public void OnCallbackRefused()
    {
        _hasLostChanges = true;
        Resume();
    }

    protected override void OnTurnEnded() => _event.SendBatch();
}
