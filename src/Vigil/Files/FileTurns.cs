using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// An inotify instance with its source, and the turns in which its file events get their changes. The instance exists as long as any of
/// its events does. Work that must continue without an event from the kernel is injected into the source, by a timer if it has to wait;
/// so all callbacks run in its turns. During a pause there are none: the source is disarmed, and the kernel queues the events, up to its
/// limit.
/// </summary>
internal abstract class FileTurns : ITimerTarget
{
    // The number of callbacks in a turn. Thousands of settled changes can be due.
    private const int NoticeBudget = 1024;

    private readonly LoopCore _core;
    private FileTreeSet? _set;
    private FileSource? _source;
    private MountSource? _mounts;
    private bool _isTurnRequested;
    private long _wakesAt = TimingWheel.Never;
    private int _slot;

    protected FileTurns(LoopCore core, FileKernel kernel)
    {
        _core = core;
        Kernel = kernel;
    }

    /// <summary>Whether there are no turns now.</summary>
    public abstract bool IsPaused { get; }

    /// <summary>Whom the events ask.</summary>
    public FileKernel Kernel { get; }

    /// <summary>Whether an event exists.</summary>
    protected bool IsOpen => _set is not null;

    /// <summary>The event whose fault it is if the source cannot be armed again; null if there are several.</summary>
    protected abstract FileEvent? OnlyEvent { get; }

    /// <exception cref="EventManagerException">It cannot be watched; nothing has changed.</exception>
    public void Add(FileEvent fileEvent, string path, FileEventOptions options)
    {
        (string directory, string? onlyName) = FilePlace.Of(Kernel, path, options);
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
            // The tree is dismantled, some directories in each turn.
            RequestTurn();
        }
    }

    public void Rescan(FileTree tree)
    {
        WantRescan(tree);
        if (!IsPaused)
        {
            // If the kernel refused to re-arm after a pause, it is asked again.
            Resume();
        }
    }

    /// <summary>Runs a turn. Returns how many callbacks ran.</summary>
    public int Deliver()
    {
        if (IsPaused)
        {
            // The kernel refused to silence the source, and is asked again.
            Pause();
            return 0;
        }

        // The kernel may not have reported the instance: the turn is for a scan, or for what has settled.
        if (_isTurnRequested && !_core.SourceTable.IsStillOfItsFile(_source!))
        {
            return 0;
        }

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

        OnTurnEnded();
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
        try
        {
            _core.SourceTable.Remove(source);
        }
        finally
        {
            Close(set, mounts);
        }
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

    /// <summary>The changes of a turn were reported.</summary>
    protected abstract void OnTurnEnded();

    /// <summary>Has everything reported as found.</summary>
    protected static void WantRescan(FileTree tree)
    {
        tree.RootPath.OnRescan();
        tree.Scanner.Want(tree.Root, ScanWork.List | ScanWork.Below | ScanWork.Found);
    }

    private FileTreeSet Open()
    {
        if (_set is not null)
        {
            return _set;
        }

        var set = new FileTreeSet(Kernel);
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

    private void Close(FileTreeSet set, MountSource? mounts)
    {
        try
        {
            if (mounts is not null)
            {
                _core.SourceTable.Remove(mounts);
            }
        }
        finally
        {
            set.Dispose();
        }
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
            if (fileEvent.IsCancelled)
            {
                // By a handler.
                return 0;
            }
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

    private void Pause()
    {
        if (_set is not null)
        {
            _isTurnRequested = false;
            _source!.Silence();
        }
    }

    /// <summary>Continues after a pause: arms the source, and gives it a turn if it needs one.</summary>
    public void Resume()
    {
        if (_set is not { } set)
        {
            return;
        }

        // If foreign code closed the instance's number during the pause, this drops the source, and the events have ended.
        SourceResult result = _source!.State == SourceState.Armed
            ? SourceResult.Success
            : _core.SourceTable.RearmAfterCallback(_source, EventSet.None);
        if (result.IsSuccess && _set == set)
        {
            Continue(set);
        }
        else if (!result.IsSuccess)
        {
            // Disarmed until a rescan. The kernel queues events up to its limit.
            _core.Faults.Report(new Fault(FaultOrigin.Registration, result.ToException(_source!.Interest))
            {
                Owner = OnlyEvent,
                Fd = _source.Number,
            });
        }
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
