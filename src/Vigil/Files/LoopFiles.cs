namespace Vigil;

/// <summary>
/// The file events of a loop whose callbacks end with their delivery. They share one inotify instance, and there is no pause.
/// </summary>
internal sealed class LoopFiles : FileTurns
{
    private readonly LoopCore _core;
    private readonly LoopWorkers _workers;

    public LoopFiles(LoopCore core, LoopWorkers workers, FileKernel kernel)
        : base(core, kernel)
    {
        _core = core;
        _workers = workers;
    }

    public override bool IsPaused => false;

    protected override FileEvent? OnlyEvent => null;

    public FileEvent Create(string path, EventCallback<FileEvent, FileChange> callback, FileEventOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        FileEventOptions validated = options.Validate();
        using ThreadClaim.Scope claim = _core.Claim();
        validated.Require(_workers);
        var fileEvent = new FileEvent(_core, this, _workers, callback, validated);
        fileEvent.Files.Add(fileEvent, path, validated);
        return fileEvent;
    }

    /// <summary>At the manager's disposal: closes this, and what single events have for themselves.</summary>
    public static void CloseAll(LoopCore core)
    {
        foreach (FileSource source in core.SourceTable.Sources.OfType<FileSource>().ToArray())
        {
            core.Faults.Attempt(source.Files.Close);
        }
    }

    protected override void OnTurnEnded()
    {
        // Each change was delivered when it was reported.
    }
}
