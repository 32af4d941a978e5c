using System.Diagnostics.CodeAnalysis;
using Vigil.Files;

namespace Vigil;

/// <summary>Handles a change that a <see cref="FileEvent"/> tells.</summary>
/// <param name="source">The file event, through which the callback can rescan or cancel it.</param>
/// <param name="change">What happened, and where.</param>
public delegate void FileEventCallback(FileEvent source, FileChange change);

/// <summary>
/// A callback for what happens to a file, a directory, or a directory with everything below it (<c>inotify(7)</c>). Made by
/// <see cref="EventManager.CreateFileEvent"/>. Its methods are for the loop's thread, or for any one thread between runs.
/// </summary>
/// <remarks>
/// Whoever starts with what is there when it is created, and then follows <see cref="FileChangeKind.Created"/>,
/// <see cref="FileChangeKind.Deleted"/> and <see cref="FileChangeKind.Moved"/>, knows what is there: nothing is told twice, nothing is gone
/// that was not told to be there, and a directory that appears is told with what it holds. docs/files.md has the details.
/// </remarks>
public sealed class FileEvent : CallbackEvent
{
    private readonly FileEventCallback _callback;
    private readonly LoopFiles _files;
    private readonly WorkerCallback<FileEvent, List<FileChange>>? _worker;

    // What the worker is to tell next, or tells while it is busy.
    private readonly List<FileChange>? _batch;
    private volatile bool _isCancelled;

    internal FileEvent(EventManager manager, FileEventCallback callback, CallbackTarget target)
        : base(manager)
    {
        _callback = callback;
        _files = manager.Files;
        if (target.IsWorker)
        {
            // Files of its own, so that a callback that takes long holds up nobody else's.
            _files = new LoopFiles(manager, worker: this);
            _batch = [];
            _worker = new WorkerCallback<FileEvent, List<FileChange>>(this, target, static (self, batch) => self.TellBatch(batch));
        }
    }

    /// <summary>What is watched: the full path of what was asked for.</summary>
    public string Path => Tree.Path;

    /// <summary>Whether everything below it is watched, too.</summary>
    public bool IsRecursive => Tree.IsRecursive;

    /// <summary>What is told beside that paths appear, disappear and move.</summary>
    public FileInterest Interest => Tree.Interest;

    /// <summary>How many directories are watched for it. A directory that several events watch counts once against the kernel's limit.</summary>
    public int DirectoryCount => IsCancelled ? 0 : Tree.DirectoryCount;

    /// <summary>Whether it is over: cancelled, its root deleted, moved or unmounted, or the manager disposed.</summary>
    public override bool IsCancelled => _isCancelled || Manager.IsDisposed;

    internal override FaultOrigin FaultOrigin => FaultOrigin.FileEvent;

    internal FileTree Tree { get; private set; } = null!;

    /// <summary>Whether a worker is telling, or is about to tell, what it was given.</summary>
    internal bool IsBusy => _worker is { IsBusy: true };

    internal LoopFiles Files => _files;

    internal override Delegate Callback => _callback;

    private protected override WorkerCallback? OnWorker => _worker;

    /// <summary>
    /// Looks at everything again: each path that is there is told as <see cref="FileChangeKind.Found"/>, one that is not there any more as
    /// <see cref="FileChangeKind.Deleted"/>, and the end of it as <see cref="FileChangeKind.Rescanned"/>, in this or later iterations. Changes that
    /// happen meanwhile are told as ever. Directories that could not be watched are tried again, and so
    /// is watching after a worker's callback, where the kernel refused that (<see cref="EventManagerError.LimitReached"/> in a <see cref="FaultReport"/>); refused again, it is reported again.
    /// </summary>
    /// <exception cref="EventManagerException">The event is over, or the call comes from another thread than the loop's.</exception>
    public void Rescan()
    {
        if (IsForwarded<FileEvent, bool>(static (self, _) => self.Rescan(), argument: default))
        {
            return;
        }

        using ThreadClaim.Scope claim = Manager.Claim();
        if (IsCancelled)
        {
            throw new EventManagerException(EventManagerError.NotRegistered, $"The file event of {Path} is over: it was cancelled, or what it watched is gone. Create another.");
        }

        _files.Rescan(Tree);
    }

    /// <summary>For messages: what is watched, and the method that is called.</summary>
    public override string ToString() => $"a file event of {Path} {Title}";

    [MemberNotNull(nameof(Tree))]
    internal void Attach(FileTree tree) => Tree = tree;

    /// <summary>What it watches is gone.</summary>
    internal void OnOver() => _isCancelled = true;

    /// <summary>Calls back, or on a worker's behalf takes note.</summary>
    internal void Tell(in FileChange change)
    {
        if (_batch is not null)
        {
            _batch.Add(change);
            return;
        }

        try
        {
            _callback(this, change);
        }
        catch (Exception exception)
        {
            OnThrown(exception);
        }
    }

    /// <summary>After a turn: lets the worker tell what was noted.</summary>
    internal void SendBatch()
    {
        if (_batch is { Count: > 0 })
        {
            _worker!.Send(this, _batch);
        }
    }

    internal override int OnWorkerEnded()
    {
        _batch!.Clear();
        _files.OnWorkerEnded();
        return 0;
    }

    internal override int OnWorkerRefused()
    {
        _batch!.Clear();
        _files.OnWorkerRefused();
        return 0;
    }

    private protected override void CancelOnLoop()
    {
        if (IsCancelled)
        {
            return;
        }

        using ThreadClaim.Scope claim = Manager.Claim();
        _isCancelled = true;
        _files.Remove(Tree);
    }

    // On the worker. A change whose callback throws does not cost the others theirs.
    private void TellBatch(List<FileChange> batch)
    {
        foreach (FileChange change in batch)
        {
            if (_worker!.IsRevoked)
            {
                return;
            }

            try
            {
                _callback(this, change);
            }
            catch (Exception exception)
            {
                _worker.PostFault(exception);
            }
        }
    }
}
