using Vigil.Interop;

namespace Vigil;

/// <summary>A change on its way to a listener.</summary>
/// <param name="Tree">Its tree.</param>
/// <param name="Change">The change to report.</param>
/// <param name="IsFault">Whether it is also reported as a fault of the loop.</param>
internal readonly record struct FileNotice(FileTree Tree, FileChange Change, bool IsFault);

/// <summary>
/// All trees of one inotify instance. Divides their work into turns: the kernel's records, the mounts, the scans, what has settled, and
/// what is dismantled.
/// </summary>
internal sealed class FileTreeSet : IDisposable
{
    // The number of entries listed in a turn. A directory that appeared may hold a million.
    private const int UsualScanBudget = 512;

    // The number of names that settle, and of directories that are dismantled, in a turn: each costs some microseconds at most.
    private const int SettleBudget = 1024;
    private const int DepartureBudget = 1024;

    private readonly int _scanBudget;
    private readonly RecordQueue _records = new();
    private readonly List<FileTree> _trees = [];
    private readonly Queue<FileTree> _scanning = new();
    private readonly Queue<FileNotice> _notices = new();
    private readonly RecordDispatch _dispatch;
    private readonly Stack<DirectoryNode> _departed = new();
    private bool _haveMountsChanged;

    /// <param name="kernel">Whom it asks.</param>
    /// <param name="scanBudget">The number of entries listed in a turn.</param>
    /// <exception cref="EventManagerException">The kernel refused.</exception>
    public FileTreeSet(FileKernel kernel, int scanBudget = UsualScanBudget)
    {
        Kernel = kernel;
        _scanBudget = scanBudget;
        Watches = new WatchTable(kernel);
        _dispatch = new RecordDispatch(Watches);
        try
        {
            Mounts = new MountTable(kernel);
        }
        catch
        {
            Watches.Dispose();
            throw;
        }
    }

    public FileKernel Kernel { get; }

    public WatchTable Watches { get; }

    public MountTable Mounts { get; }

    public CoveredRecords Covered { get; } = new();

    /// <summary>The listeners of the trees.</summary>
    public IEnumerable<object> Listeners => _trees.Select(tree => tree.Listener);

    /// <summary>The number of trees.</summary>
    public int Count => _trees.Count;

    /// <summary>When the current turn began, in nanoseconds.</summary>
    public long Now { get; private set; }

    /// <summary>The errno of the last turn's read of the list of mounts; null if there was none.</summary>
    public int? MountsRead { get; private set; }

    /// <summary>Whether there is work although nothing is queued and no time has passed.</summary>
    public bool HasWork => _scanning.Count > 0 || _notices.Count > 0 || _departed.Count > 0 || _haveMountsChanged;

    /// <summary>Whether changes of earlier turns are still to be reported.</summary>
    public bool HasNotices => _notices.Count > 0;

    /// <summary>When the next turn is needed if nothing happens before.</summary>
    public long Deadline
    {
        get
        {
            long deadline = _records.Deadline;
            foreach (FileTree tree in _trees)
            {
                deadline = Math.Min(deadline, tree.Debouncer?.Deadline ?? deadline);
            }

            return deadline;
        }
    }

    /// <summary>Watches a tree from now on, with its existing contents.</summary>
    /// <exception cref="EventManagerException">It cannot be watched, and was not added.</exception>
    public void Add(FileTree tree)
    {
        try
        {
            int errno = tree.RootPath.Bind();
            if (errno != Errno.Success)
            {
                throw FileErrors.OfDirectory(Kernel, tree.Root.Path, errno);
            }

            tree.Scanner.Want(tree.Root, ScanWork.List);
            int all = int.MaxValue;
            tree.Scanner.Step(ref all);
        }
        catch
        {
            tree.Scanner.Close();
            tree.Close();
            EndDepartures(int.MaxValue);
            throw;
        }

        tree.IsNew = false;
        _trees.Add(tree);
    }

    public void Remove(FileTree tree)
    {
        if (_trees.Remove(tree) && !tree.IsOver)
        {
            tree.Close();
        }
    }

    /// <summary>Takes some of the queued records, and continues the scans.</summary>
    /// <returns>0, or the errno of reading the queue.</returns>
    public int Turn(long now)
    {
        Now = now;
        int errno = Watches.Read(out InotifyRecords records);
        while (records.TryTake(out InotifyRecord record))
        {
            _records.Add(record, now);
        }

        while (_records.TryTake(now, out InotifyRecord record, out InotifyRecord? destination))
        {
            Covered.Forget(record.Position);
            if (record.Has(InotifyNative.IN_Q_OVERFLOW))
            {
                OnOverflow();
            }
            else
            {
                _dispatch.Dispatch(record, destination);
            }
        }

        UpdateMounts();
        Scan();
        int settle = SettleBudget;
        foreach (FileTree tree in _trees)
        {
            tree.Debouncer?.Settle(now, ref settle);
        }

        EndDepartures(DepartureBudget);
        return errno == Errno.EAGAIN ? Errno.Success : errno;
    }

    public void Report(FileTree tree, in FileChange change, bool isFault = false) =>
        _notices.Enqueue(new FileNotice(tree, change, isFault));

    public bool TryTake(out FileNotice notice) => _notices.TryDequeue(out notice);

    /// <summary>A tree has work for a scan.</summary>
    public void NoteScan(FileTree tree)
    {
        if (!tree.IsNew && !tree.Scanner.HasTurn)
        {
            tree.Scanner.HasTurn = true;
            _scanning.Enqueue(tree);
        }
    }

    /// <summary>Something was mounted or unmounted somewhere.</summary>
    public void NoteMounts() => _haveMountsChanged = true;

    /// <summary>Schedules the dismantling of a directory and what is below it.</summary>
    public void NoteDeparture(DirectoryNode node) => _departed.Push(node);

    /// <summary>Watches an open file. As <see cref="WatchTable.Bind"/>.</summary>
    public int Bind(WatchUser user, OpenFile file, uint mask, out bool isOther)
    {
        int errno = Watches.Bind(user, file, mask, out isOther);
        if (errno == Errno.ENOSPC && _departed.Count > 0)
        {
            // The limit counts watches that are still to be ended.
            EndDepartures(int.MaxValue);
            errno = Watches.Bind(user, file, mask, out isOther);
        }

        return errno;
    }

    public void Dispose()
    {
        foreach (FileTree tree in _scanning)
        {
            tree.Scanner.Close();
        }

        Watches.Dispose();
        Mounts.Dispose();
    }

    private void UpdateMounts()
    {
        MountsRead = null;
        if (!_haveMountsChanged)
        {
            return;
        }

        _haveMountsChanged = false;
        MountsRead = Mounts.Update(out IReadOnlyDictionary<string, bool> changes);
        if (changes.Count > 0)
        {
            foreach (FileTree tree in _trees)
            {
                tree.Mounts.OnChanged(changes);
            }
        }
    }

    private void EndDepartures(int budget)
    {
        for (; budget > 0 && _departed.TryPop(out DirectoryNode? node); budget--)
        {
            foreach (DirectoryNode? child in node.Entries.Values)
            {
                if (child is not null)
                {
                    _departed.Push(child);
                }
            }

            node.Tree.DirectoryCount -= node.IsRoot || node.Tree.IsRecursive ? 1 : 0;
            Watches.Unbind(node);
            node.MountedFiles?.ForEach(Watches.Unbind);
            node.Tree.Scanner.Abandon(node);
        }
    }

    private void Scan()
    {
        int budget = _scanBudget;
        while (budget > 0 && _scanning.TryDequeue(out FileTree? tree))
        {
            tree.Scanner.Step(ref budget);
            tree.Scanner.HasTurn = false;
            if (tree.Scanner.HasWork)
            {
                NoteScan(tree);
            }
        }
    }

    // The remaining queue is older than what the scans will see.
    private void OnOverflow()
    {
        _records.Clear();
        Watches.Discard();
        foreach (FileTree tree in _trees)
        {
            if (!tree.IsOver)
            {
                tree.OnOverflow();
            }
        }
    }
}
