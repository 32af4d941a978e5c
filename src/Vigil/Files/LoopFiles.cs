namespace Vigil;

/// <summary>
/// The file events of a loop whose callbacks end with their delivery. They share one inotify instance, and there is no pause.
/// </summary>
internal sealed class LoopFiles : FileTurns
{
    public LoopFiles(LoopCore core)
        : base(core)
    {
    }

    public override bool IsPaused => false;

    protected override FileEvent? OnlyEvent => null;

    protected override void OnTurnEnded()
    {
        // Each change was delivered when it was reported.
    }
}
