using System.Diagnostics.CodeAnalysis;

namespace Vigil;

/// <summary>Handles a change that a <see cref="FileEvent"/> reports.</summary>
/// <param name="source">The file event, through which the callback can rescan or cancel it.</param>
/// <param name="change">What happened, and where.</param>
public delegate void FileEventCallback(FileEvent source, FileChange change);

/// <summary>
/// A callback for changes of a file, a directory, or a directory with everything below it (<c>inotify(7)</c>). Made by
/// <c>EventManager.CreateFileEvent</c>. Its methods are for the loop's thread, or for any one thread between runs.
/// </summary>
/// <remarks>
/// A listener that starts with what exists at the creation, and then applies <see cref="FileChangeKind.Created"/>,
/// <see cref="FileChangeKind.Deleted"/> and <see cref="FileChangeKind.Moved"/>, knows what exists: nothing is reported twice, only
/// known paths are reported as gone, and a directory that appears is reported with its contents. docs/files.md has the details.
/// </remarks>
public sealed class FileEvent : CallbackEvent
{
    private readonly FileEventCallback _callback;
    private readonly FileTurns _files;
    private readonly LastingFiles? _lastingFiles;
    private readonly Func<FileEvent, FileChange, Task>? _asynchronous;
    private readonly LastingCallback<FileEvent, List<FileChange>>? _lasting;

    // The changes that a lasting callback reports next, or is reporting while it is busy.
    private readonly List<FileChange>? _batch;
    private volatile bool _isCancelled;
    private bool _isOver;

    internal FileEvent(
        LoopCore core,
        LoopFiles files,
        LoopWorkers workers,
        EventCallback<FileEvent, FileChange> callback,
        FileEventOptions options)
        : base(core, options)
    {
        var synchronous = callback.Delegate as FileEventCallback;
        _callback = synchronous ?? NotSynchronous;
        _asynchronous = callback.Asynchronous;
        _files = files;
        if (callback.Lasts(options.Target))
        {
            _files = _lastingFiles = new LastingFiles(core, files.Kernel, this);
            _batch = [];
            _lasting = new LastingCallback<FileEvent, List<FileChange>>(
                this,
                workers,
                options.Target,
                callback.Delegate,
                callback.IsAsynchronous
                    ? static (self, batch) => self.ReportBatchAsync(batch)
                    : static (self, batch) => self.ReportBatch(batch),
                callback.IsAsynchronous);
        }
        else if (AmbientContext.Flowing is { } context)
        {
            _callback = new FlowingCallback<FileEvent, FileChange>(context, _callback.Invoke, hasActivities: true).Invoke;
        }
    }

    /// <summary>The full path of what is watched.</summary>
    public string Path => Tree.Path;

    /// <summary>Whether everything below it is watched, too.</summary>
    public bool IsRecursive => Tree.IsRecursive;

    /// <summary>What is reported besides paths that appear, disappear and move.</summary>
    public FileInterest Interest => Tree.Interest;

    /// <summary>
    /// The number of directories watched for it. A directory that several events watch counts once against the kernel's limit.
    /// </summary>
    public int DirectoryCount => IsCancelled ? 0 : Tree.DirectoryCount;

    /// <summary>
    /// Whether it has ended: it was cancelled, its root was deleted, moved or unmounted and its path is not followed, or the manager was
    /// disposed.
    /// </summary>
    public override bool IsCancelled => _isCancelled || Core.IsDisposed;

    internal override FaultOrigin FaultOrigin => FaultOrigin.FileEvent;

    internal FileTree Tree { get; private set; } = null!;

    /// <summary>Whether its callback is running, or about to run, with changes that it was given.</summary>
    internal bool IsBusy => _lasting is { IsBusy: true };

    internal FileTurns Files => _files;

    internal override Delegate Callback => _lasting?.Callback ?? FlowingCallback.UsersOf(_callback);

    private protected override LastingCallback? Lasting => _lasting;

    /// <summary>
    /// Scans everything again. Each path that exists is reported as <see cref="FileChangeKind.Found"/>, one that is gone as
    /// <see cref="FileChangeKind.Deleted"/>, and the end as <see cref="FileChangeKind.Rescanned"/>, in this or later iterations. Changes
    /// that happen meanwhile are reported as usual. Directories that could not be watched are tried again. So is re-arming after a worker's
    /// callback, if the kernel refused that (<see cref="EventManagerError.LimitReached"/> in a <see cref="FaultReport"/>); another refusal
    /// is reported again.
    /// </summary>
    /// <exception cref="EventManagerException">The event has ended, or the call comes from another thread than the loop's.</exception>
    public void Rescan()
    {
        if (IsForwarded<FileEvent, bool>(static (self, _) => self.Rescan(), argument: default))
        {
            return;
        }

        using ThreadClaim.Scope claim = Core.Claim();
        if (IsCancelled)
        {
            throw new EventManagerException(
                EventManagerError.NotRegistered,
                $"The file event of {Path} is over: it was cancelled, or what it watched is gone. Create another.");
        }

        _files.Rescan(Tree);
    }

    /// <summary>The watched path and the callback's method, for messages.</summary>
    public override string ToString() => $"a file event of {Path} {Title}";

    [MemberNotNull(nameof(Tree))]
    internal void Attach(FileTree tree) => Tree = tree;

    /// <summary>Its root is gone.</summary>
    internal void OnOver()
    {
        _isOver = true;
        _isCancelled = true;
    }

    /// <summary>
    /// Calls back, or queues the change for a lasting callback. Does nothing if an observer of the call has cancelled it.
    /// </summary>
    internal void Report(in FileChange change)
    {
        if (IsCancelled && !_isOver)
        {
            return;
        }

        if (_batch is not null)
        {
            _batch.Add(change);
            return;
        }

        _callback(this, change);
    }

    /// <summary>After a turn: sends the queued changes to a lasting callback.</summary>
    internal void SendBatch()
    {
        if (_batch is { Count: > 0 })
        {
            _lasting!.Send(this, _batch);
        }
    }

    internal override int OnCallbackEnded()
    {
        _batch!.Clear();
        _lastingFiles!.OnCallbackEnded();
        return 0;
    }

    internal override int OnCallbackRefused()
    {
        _batch!.Clear();
        _lastingFiles!.OnCallbackRefused();
        return 0;
    }

    private protected override void EndOnLoop()
    {
        _isCancelled = true;
        _files.Remove(Tree);
    }

    // For a lasting callback with several changes: whether none may begin any more. If only its root is gone, the remaining changes are
    // reported.
    private bool IsEnded => _lasting!.IsRevoked || Core.IsDisposed;

    // On the worker. An exception for one change does not lose the others.
    private Task ReportBatch(List<FileChange> batch)
    {
        foreach (FileChange change in batch)
        {
            if (IsEnded)
            {
                break;
            }

            try
            {
                _callback(this, change);
            }
            catch (Exception exception)
            {
                _lasting!.PostFault(exception);
            }
        }

        return Task.CompletedTask;
    }

    // One change after the other, continuing in the context of the callback's target: on the loop, or on workers.
    private async Task ReportBatchAsync(List<FileChange> batch)
    {
        foreach (FileChange change in batch)
        {
            if (IsEnded)
            {
                break;
            }

            try
            {
                await _asynchronous!(this, change);
            }
            catch (Exception exception)
            {
                _lasting!.PostFault(exception);
            }
        }
    }

    private static void NotSynchronous(FileEvent source, FileChange change) =>
        throw new InvalidOperationException("The callback is asynchronous.");
}
