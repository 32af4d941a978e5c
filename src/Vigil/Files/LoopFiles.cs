using Vigil.Interop;
using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// The file events of a loop. They share one inotify instance, which exists as long as any of them does, and one source. Work that must
/// continue without an event from the kernel is injected into the source, by a timer if it has to wait; so all callbacks run in its turns.
/// An event whose callback runs on a worker, or is asynchronous, has its own instance of this class. While the callback is busy there are
/// no turns, the source is disarmed, and the kernel queues the events, up to its limit.
/// </summary>
internal sealed class LoopFiles : ITimerTarget
{
    // Callbacks a turn. Thousands of settled changes can be due.
    private const int NoticeBudget = 1024;

    private readonly LoopCore _core;
    private readonly FileEvent? _lasting;
    private FileTreeSet? _set;
    private FileSource? _source;
    private MountSource? _mounts;
    private bool _isTurnRequested;
    private bool _hasLostChanges;
    private long _wakesAt = TimingWheel.Never;
    private int _slot;

    /// <param name="core">The loop's core.</param>
    /// <param name="lasting">The only event, if its callback outlasts its delivery; null for all other events of the loop.</param>
    public LoopFiles(LoopCore core, FileEvent? lasting = null)
    {
        _core = core;
        _lasting = lasting;
    }

    /// <exception cref="EventManagerException">It cannot be watched; nothing has changed.</exception>
    public void Add(FileEvent fileEvent, string path, FileEventOptions options)
    {
        (string directory, string? onlyName) = Locate(path, options);
        FileTreeSet set = Open();
        try
        {
            var tree = new FileTree(
                set,
                fileEvent,
                directory,
                onlyName,
                new FileTreeOptions(options.Recursive, options.Interest, Nanoseconds.Of(options.Debounce), options.FollowPath));
            set.Add(tree);
            fileEvent.Attach(tree);
        }
        catch
        {
            CloseIfUnused();
            throw;
        }

        Continue(set);
    }

    public void Remove(FileTree tree)
    {
        _set?.Remove(tree);
        CloseIfUnused();
        if (_set is { HasWork: true })
        {
            // The tree is dismantled some directories a turn.
            RequestTurn();
        }
    }

    public void Rescan(FileTree tree)
    {
        WantRescan(tree);
        if (!IsPaused)
        {
            // If the kernel refused to re-arm after the worker's callback, it is asked again.
            Resume();
        }
    }

    /// <summary>Runs a turn. Returns how many callbacks ran.</summary>
    public int Deliver()
    {
        _isTurnRequested = false;
        FileTreeSet set = _set!;
        if (!set.HasNotices)
        {
            int errno = set.Turn(_core.Timers.MonotonicClock.Now);
            _source!.OnRead(errno);
            if (_set == set && set.MountsRead is { } mountsErrno)
            {
                _mounts?.OnRead(mountsErrno);
            }
        }

        // Callbacks may cancel the last event, and create another, with another instance.
        int ran = 0;
        for (int budget = NoticeBudget; budget > 0 && _set == set && set.TryTake(out FileNotice notice); budget--)
        {
            ran += Report(notice);
        }

        _lasting?.SendBatch();
        if (IsPaused)
        {
            Pause();
        }
        else if (_set == set)
        {
            Continue(set);
        }

        return ran;
    }

    /// <summary>Something was mounted or unmounted somewhere.</summary>
    public void OnMountsChanged()
    {
        _set!.NoteMounts();
        RequestTurn();
    }

    /// <summary>The callback has ended.</summary>
    public void OnCallbackEnded()
    {
        if (_hasLostChanges && _set is not null)
        {
            // Not earlier: each refusal would cause a rescan, whose findings would be refused again, without end.
            _hasLostChanges = false;
            WantRescan(_lasting!.Tree);
        }

        Resume();
    }

    /// <summary>The workers refused the callback. Its changes are lost.</summary>
    public void OnCallbackRefused()
    {
        _hasLostChanges = true;
        Resume();
    }

    public void Close()
    {
        if (_set is not { } set)
        {
            return;
        }

        Cancel();
        (FileSource source, MountSource? mounts) = (_source!, _mounts);
        _set = null;
        _source = null;
        _mounts = null;
        _isTurnRequested = false;
        _core.SourceTable.Remove(source);
        if (mounts is not null)
        {
            _core.SourceTable.Remove(mounts);
        }

        set.Dispose();
    }

    /// <summary>
    /// The source has left the table. Unless it was closed here, foreign code closed the inotify instance's number, which is or will be
    /// another file's: it must not be closed again, and the events have ended. A new event gets another instance.
    /// </summary>
    public void OnSourceRemoved()
    {
        if (_set is not { } set)
        {
            return;
        }

        set.Watches.Fd.SetHandleAsInvalid();
        foreach (object listener in set.Listeners)
        {
            ((FileEvent)listener).OnOver();
        }

        Close();
    }

    void ITimerTarget.OnMoved(int slot) => _slot = slot;

    bool ITimerTarget.Fire(long now)
    {
        _slot = TimingWheel.NotStarted;
        _wakesAt = TimingWheel.Never;
        RequestTurn();
        return false;
    }

    void ITimerTarget.OnAbandoned() => _slot = TimingWheel.NotStarted;

    // The kernel can watch names in a directory: a file that is replaced, or does not exist yet, is one.
    private static (string Directory, string? OnlyName) Locate(string path, FileEventOptions options)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (DirectoryReader.IsDirectory(full, follows: true, out int errno))
        {
            return (full, null);
        }

        if (errno is not (Errno.Success or Errno.ENOENT)
            && !options.Recursive
            && !DirectoryReader.IsDirectory(full, follows: false, out int ownErrno)
            && ownErrno == Errno.Success)
        {
            // A link that leads nowhere: to itself, over a file, too far, or where access is denied. The link itself is watched.
            errno = Errno.Success;
        }

        if (errno is not (Errno.Success or Errno.ENOENT) || (options.Recursive && errno != Errno.Success))
        {
            throw FileErrors.OfDirectory(full, errno);
        }

        if (options.Recursive)
        {
            throw FileErrors.OfDirectory(full, Errno.ENOTDIR);
        }

        return (Path.GetDirectoryName(full)!, Path.GetFileName(full));
    }

    private FileTreeSet Open()
    {
        if (_set is not null)
        {
            return _set;
        }

        var set = new FileTreeSet();
        try
        {
            // Before there is anything to wait for, so that nothing can fail later.
            _core.Timers.Open(TimerClock.Monotonic);
            var source = new FileSource(_core, set.Watches.Fd, this);
            _core.SourceTable.Add(source).ThrowIfFailed();
            _source = source;
            if (set.Mounts.Fd is { } list)
            {
                var mounts = new MountSource(_core, list, this);
                _core.SourceTable.Add(mounts).ThrowIfFailed();
                _mounts = mounts;
            }
        }
        catch
        {
            if (_source is not null)
            {
                _core.SourceTable.Remove(_source);
                _source = null;
            }

            set.Dispose();
            throw;
        }

        return _set = set;
    }

    private void CloseIfUnused()
    {
        if (_set is { Count: 0 })
        {
            Close();
        }
    }

    private int Report(in FileNotice notice)
    {
        var fileEvent = (FileEvent)notice.Tree.Listener;
        if (fileEvent.IsCancelled)
        {
            return 0;
        }

        if (notice.IsFault)
        {
            _core.Faults.Report(new Fault(FaultOrigin.Registration, notice.Change.Reason!) { Owner = fileEvent });
        }

        bool isEnd = notice.Tree.IsOver
            && (notice.Change.Kind is FileChangeKind.RootDeleted or FileChangeKind.RootMoved
                || (notice.Change.Kind == FileChangeKind.Unmounted
                    && string.Equals(notice.Change.Path, notice.Tree.Root.Path, StringComparison.Ordinal)));
        if (isEnd)
        {
            fileEvent.OnOver();
            Remove(notice.Tree);
        }

        _core.Invoke(fileEvent, static (fileEvent, change) => fileEvent.Report(in change), notice.Change);
        return 1;
    }

    // Leaves the rest to the next iteration, or to a timer.
    private void Continue(FileTreeSet set)
    {
        if (set.HasWork)
        {
            RequestTurn();
        }

        long deadline = set.Deadline;
        if (deadline != _wakesAt)
        {
            Cancel();
            if (deadline != TimingWheel.Never)
            {
                _slot = _core.Timers.Of(TimerClock.Monotonic).Start(_slot, this, deadline);
                _wakesAt = deadline;
            }
        }
    }

    /// <summary>Whether a lasting callback is busy with the last changes, so that there are no turns.</summary>
    public bool IsPaused => _lasting is { IsBusy: true };

    private void Pause()
    {
        if (_set is not null)
        {
            _isTurnRequested = false;
            _ = _core.SourceTable.Arming.Disarm(_source!);
        }
    }

    /// <summary>Continues after a pause: arms the source, and gives it a turn if it needs one.</summary>
    public void Resume()
    {
        if (_set is not { } set)
        {
            return;
        }

        SourceResult result = _core.SourceTable.Arming.Arm(_source!);
        if (result.IsSuccess)
        {
            Continue(set);
        }
        else
        {
            // Disarmed until a rescan. The kernel queues events up to its limit.
            _core.Faults.Report(new Fault(FaultOrigin.Registration, result.ToException(_source!.Interest))
            {
                Owner = _lasting,
                Fd = _source.Number,
            });
        }
    }

    private static void WantRescan(FileTree tree)
    {
        tree.RootPath.OnRescan();
        tree.Scanner.Want(tree.Root, ScanWork.List | ScanWork.Below | ScanWork.Found);
    }

    private void RequestTurn()
    {
        // Events injected into a disarmed source are dropped; re-arming it continues the work.
        if (!_isTurnRequested && !IsPaused && _source!.State == SourceState.Armed)
        {
            _isTurnRequested = true;
            _core.InjectInto(_source!);
        }
    }

    private void Cancel()
    {
        _wakesAt = TimingWheel.Never;
        if (_slot != TimingWheel.NotStarted)
        {
            _core.Timers.Of(TimerClock.Monotonic).Cancel(_slot);
            _slot = TimingWheel.NotStarted;
        }
    }
}
