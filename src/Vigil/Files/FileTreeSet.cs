using Vigil.Interop;

namespace Vigil.Files;

/// <summary>A change on its way to a listener.</summary>
/// <param name="Tree">Whose it is.</param>
/// <param name="Change">What is told.</param>
/// <param name="IsFault">Whether it is to be reported as a fault of the loop, too.</param>
internal readonly record struct FileNotice(FileTree Tree, FileChange Change, bool IsFault);

/// <summary>All trees of one inotify instance: takes the kernel's records to those they concern, and gives the scans their turns.</summary>
internal sealed class FileTreeSet : IDisposable
{
    // Entries that are listed in a turn. A directory that appeared may hold a million.
    private const int UsualScanBudget = 512;

    private readonly int _scanBudget;
    private readonly RecordQueue _records = new();
    private readonly List<FileTree> _trees = [];
    private readonly Queue<FileTree> _scanning = new();
    private readonly Queue<FileNotice> _notices = new();
    private readonly List<DirectoryNode> _receivers = [];
    private readonly List<DirectoryNode> _destinations = [];

    /// <param name="scanBudget">How many entries are listed in a turn.</param>
    /// <exception cref="EventManagerException">The kernel refused.</exception>
    public FileTreeSet(int scanBudget = UsualScanBudget)
    {
        _scanBudget = scanBudget;
        Watches = new WatchTable();
    }

    public WatchTable Watches { get; }

    /// <summary>How many trees there are.</summary>
    public int Count => _trees.Count;

    /// <summary>When the current turn began, in nanoseconds.</summary>
    public long Now { get; private set; }

    /// <summary>Whether there is something to be done although nothing is queued and no time has passed.</summary>
    public bool HasWork => _scanning.Count > 0 || _notices.Count > 0;

    /// <summary>Whether listeners are still to be told of earlier turns.</summary>
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

    /// <summary>Watches a tree from now on, with everything that it holds already.</summary>
    /// <exception cref="EventManagerException">It cannot be watched. Nothing is left of it then.</exception>
    public void Add(FileTree tree)
    {
        try
        {
            int errno = Watches.Bind(tree.Root, out _);
            if (errno != Errno.Success)
            {
                throw FileErrors.OfDirectory(tree.Root.Path, errno);
            }

            tree.Since = Watches.End;
            tree.Scanner.Want(tree.Root, ScanWork.List);
            int all = int.MaxValue;
            tree.Scanner.Step(ref all);
        }
        catch
        {
            tree.Close();
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

    /// <summary>Takes some of what is queued, and goes on with the scans.</summary>
    /// <returns>0, or why the queue could not be read.</returns>
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
            Dispatch(record, destination);
        }

        Scan();
        foreach (FileTree tree in _trees)
        {
            tree.Debouncer?.Settle(now);
        }

        return errno == Errno.EAGAIN ? Errno.Success : errno;
    }

    public void Tell(FileTree tree, in FileChange change, bool isFault = false) => _notices.Enqueue(new FileNotice(tree, change, isFault));

    public bool TryTake(out FileNotice notice) => _notices.TryDequeue(out notice);

    /// <summary>A tree has something to scan.</summary>
    public void NoteScan(FileTree tree)
    {
        if (!tree.IsNew && !tree.Scanner.HasTurn)
        {
            tree.Scanner.HasTurn = true;
            _scanning.Enqueue(tree);
        }
    }

    public void Dispose() => Watches.Dispose();

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

    private void Dispatch(in InotifyRecord record, InotifyRecord? destination)
    {
        if (record.Has(InotifyNative.IN_Q_OVERFLOW))
        {
            OnOverflow();
            return;
        }

        Find(record, _receivers);
        if (destination is { } second)
        {
            Find(second, _destinations);
            Move(record, second);
            return;
        }

        foreach (DirectoryNode node in _receivers)
        {
            if (!node.IsDetached)
            {
                node.Tree.Records.On(node, record);
            }
        }

        if (record.Has(InotifyNative.IN_IGNORED) && Watches.TryGet(record.Watch, record.Position, out DirectoryWatch? watch))
        {
            Watches.Forget(watch);
            OnWatchEnded();
        }
    }

    // A root whose watch has ended without a word is gone all the same.
    private void OnWatchEnded()
    {
        foreach (DirectoryNode node in _receivers)
        {
            if (node is { IsRoot: true, IsDetached: false, Watch: null })
            {
                node.Tree.End(FileChangeKind.RootDeleted);
            }
        }
    }

    // Each tree that sees both ends sees a move; one that sees a single end sees something come or go.
    private void Move(in InotifyRecord record, in InotifyRecord second)
    {
        foreach (DirectoryNode from in _receivers)
        {
            if (from.IsDetached)
            {
                continue;
            }

            if (TakeDestination(from) is { } to)
            {
                from.Tree.Records.OnMoved(from, record.Name!, to, second.Name!, record.Has(InotifyNative.IN_ISDIR));
            }
            else
            {
                from.Tree.Records.On(from, record);
            }
        }

        foreach (DirectoryNode to in _destinations)
        {
            if (!to.IsDetached)
            {
                to.Tree.Records.On(to, second);
            }
        }
    }

    // The same directory if it is among them: where several paths lead to one, each is told of its own.
    private DirectoryNode? TakeDestination(DirectoryNode from)
    {
        int found = -1;
        for (int i = 0; i < _destinations.Count; i++)
        {
            DirectoryNode to = _destinations[i];
            if (to.Tree == from.Tree && !to.IsDetached && (found < 0 || to == from))
            {
                found = i;
            }
        }

        if (found < 0)
        {
            return null;
        }

        DirectoryNode taken = _destinations[found];
        _destinations.RemoveAt(found);
        return taken;
    }

    private void Find(in InotifyRecord record, List<DirectoryNode> nodes)
    {
        nodes.Clear();
        if (!Watches.TryGet(record.Watch, record.Position, out DirectoryWatch? watch))
        {
            return;
        }

        foreach (DirectoryNode node in watch.Users)
        {
            if (record.Position >= node.Tree.Since)
            {
                nodes.Add(node);
            }
        }
    }

    // Whatever else is queued is older than what the scans will see.
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
