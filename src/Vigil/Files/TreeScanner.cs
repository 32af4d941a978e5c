using Vigil.Interop;

namespace Vigil;

/// <summary>
/// Brings a tree's nodes in line with the disk: opens each directory, watches the opened directory, and lists that. So watch and
/// listing are of one directory, whatever happens to its path meanwhile, and each change in between is listed or queued, or both.
/// A change that is both is reported once, because only differences to what is known are reported.
/// </summary>
internal sealed class TreeScanner
{
    // The cost of watching and opening a directory, in entries read.
    private const int DirectoryCost = 8;

    private readonly FileTree _tree;
    private readonly Queue<DirectoryNode> _nodes = new();
    private int _rescanning;

    public TreeScanner(FileTree tree) => _tree = tree;

    public bool HasWork => _nodes.Count > 0;

    /// <summary>Whether it is in the list of scanners that get turns.</summary>
    public bool HasTurn { get; set; }

    public void Want(DirectoryNode node, ScanWork work)
    {
        if (node.IsDetached)
        {
            return;
        }

        if (node.Wanted == ScanWork.None && node.Scan is null)
        {
            _nodes.Enqueue(node);
            _tree.Set.NoteScan(_tree);
        }

        if (work.HasFlag(ScanWork.Found) && !node.Wanted.HasFlag(ScanWork.Found))
        {
            _rescanning++;
        }

        node.Wanted |= work;
    }

    /// <summary>A node has left the tree; its remaining work is dropped.</summary>
    public void Abandon(DirectoryNode node)
    {
        ScanWork wanted = node.Wanted;
        ScanWork begun = node.Scan?.Work ?? ScanWork.None;
        node.Scan?.Dispose();
        node.Scan = null;
        node.Wanted = ScanWork.None;
        Finish(wanted);
        Finish(begun);
    }

    /// <summary>Closes all directories that are being listed.</summary>
    public void Close()
    {
        foreach (DirectoryNode node in _nodes)
        {
            node.Scan?.Dispose();
            node.Scan = null;
        }

        _nodes.Clear();
    }

    /// <summary>Continues for as many entries as a budget allows.</summary>
    public void Step(ref int budget)
    {
        while (budget > 0 && _nodes.TryPeek(out DirectoryNode? node))
        {
            if (node.IsDetached)
            {
                Abandon(node);
            }
            else if (node.Scan is null && node.Wanted != ScanWork.None)
            {
                budget -= DirectoryCost;
                Begin(node);
            }

            if (node.Scan is { } scan)
            {
                if (!List(node, scan, ref budget))
                {
                    return;
                }

                End(node, scan);
            }

            _nodes.Dequeue();
            if (node.Wanted != ScanWork.None)
            {
                _nodes.Enqueue(node);
            }
        }
    }

    private void Begin(DirectoryNode node)
    {
        ScanWork work = node.Wanted | node.Missed;
        node.Wanted = ScanWork.None;
        node.Missed = ScanWork.None;

        // A rescan gets the report again.
        node.IsIncomplete &= !work.HasFlag(ScanWork.Found);
        DirectoryReader? reader = _tree.Set.Kernel.Open(node.Path, node.IsRoot, out int errno);
        bool isOther = false;
        if (reader is not null)
        {
            errno = _tree.Set.Bind(node, reader, WatchTable.MaskOf(_tree), out isOther);
        }

        if (errno != Errno.Success)
        {
            reader?.Dispose();
            Fail(node, errno);

            // It may have moved away before it was visited: then it will be found at its new path.
            node.Missed = work & (ScanWork.List | ScanWork.Below);
            Finish(work);
        }
        else if (isOther)
        {
            reader!.Dispose();
            OnOther(node, work);
            Finish(work);
        }
        else
        {
            Look(node, reader!, work);
        }
    }

    private void Look(DirectoryNode node, DirectoryReader reader, ScanWork work)
    {
        _tree.IsFaulty = false;
        if (node.IsRoot)
        {
            _tree.OnRoot(reader);
        }

        if (_tree.OnlyName is null && work.HasFlag(ScanWork.List))
        {
            node.Scan = new DirectoryScan(reader, work, isKnown: node.Entries.Count > 0);
            return;
        }

        using (reader)
        {
            if (_tree.OnlyName is not null)
            {
                LookForFile(node, reader, work);
            }
            else
            {
                WantBelow(node, work);
            }
        }

        Finish(work);
    }

    // Another directory has the name now. What is known about the previous one does not apply to it, even if names are equal.
    private void OnOther(DirectoryNode node, ScanWork work)
    {
        if (node.IsRoot)
        {
            _tree.EndRoot(
                work.HasFlag(ScanWork.Unmounted)
                    ? FileChangeKind.Unmounted
                    : IsElsewhere(node, work) ? FileChangeKind.RootMoved : _tree.RootPath.Fate);
            return;
        }

        node.Parent!.Scan?.Touch(node.Name);
        DirectoryNode other = work.HasFlag(ScanWork.Unmounted)
            ? _tree.Unmount(node)
            : _tree.Replace(node, work.HasFlag(ScanWork.Found) ? FileChangeKind.Found : FileChangeKind.Created);
        Want(other, ScanWork.List | ScanWork.Below | (work & ScanWork.Found));
    }

    // Whether the watched directory still exists, as far as known: a mount covers it, or a link leads elsewhere.
    private bool IsElsewhere(DirectoryNode root, ScanWork work) =>
        work.HasFlag(ScanWork.Mounted)
        || (!_tree.Set.Kernel.IsDirectory(root.Path, follows: false, out int errno) && errno == Errno.Success);

    // False if the budget was used up.
    private bool List(DirectoryNode node, DirectoryScan scan, ref int budget)
    {
        while (scan.TryRead(out string name, out bool isDirectory))
        {
            See(node, scan, name, isDirectory);
            if (--budget <= 0)
            {
                return false;
            }
        }

        while (scan.TryTakeMissing(node.Entries, out string missing))
        {
            _tree.Remove(node, missing);
            if (--budget <= 0)
            {
                return false;
            }
        }

        return true;
    }

    private void See(DirectoryNode node, DirectoryScan scan, string name, bool isDirectory)
    {
        bool isFound = scan.Work.HasFlag(ScanWork.Found);
        bool isKnown = node.Entries.TryGetValue(name, out DirectoryNode? child);
        if (isKnown && child is not null != isDirectory && !scan.IsTouched(name))
        {
            _tree.Remove(node, name);
            isKnown = false;
        }

        if (isKnown)
        {
            if (isFound)
            {
                _tree.ReportFound(node, name, isDirectory: child is not null);
            }

            if (child is not null && _tree.IsRecursive && scan.Work.HasFlag(ScanWork.Below))
            {
                Want(child, scan.Work & ScanWork.OfAll);
            }
        }
        else if (!scan.IsTouched(name))
        {
            See(node, name, isDirectory, isFound ? FileChangeKind.Found : FileChangeKind.Created, scan.Work);
        }
    }

    private void See(DirectoryNode node, string name, bool isDirectory, FileChangeKind kind, ScanWork work)
    {
        if (!isDirectory)
        {
            _tree.AddFile(node, name, kind, isComplete: false);
        }
        else if (_tree.Add(node, name, isDirectory, kind) is { } added && _tree.IsRecursive)
        {
            Want(added, ScanWork.List | (work & (ScanWork.Found | ScanWork.Below)));
        }
    }

    private void End(DirectoryNode node, DirectoryScan scan)
    {
        node.Scan = null;
        scan.Dispose();
        int failure = scan.Failure != Errno.Success ? scan.Failure : scan.EntryFailure;
        if (failure != Errno.Success)
        {
            Fail(node, failure);
        }
        else
        {
            node.IsIncomplete = false;
        }

        Finish(scan.Work);
    }

    private void WantBelow(DirectoryNode node, ScanWork work)
    {
        if (!work.HasFlag(ScanWork.Below) || !_tree.IsRecursive)
        {
            return;
        }

        foreach (DirectoryNode? child in node.Entries.Values)
        {
            if (child is not null)
            {
                Want(child, work & ScanWork.OfAll);
            }
        }
    }

    private void LookForFile(DirectoryNode node, DirectoryReader reader, ScanWork work)
    {
        string name = _tree.OnlyName!;
        bool isDirectory = reader.IsDirectoryAt(name, out int errno);
        bool isThere = errno == Errno.Success;
        if (!isThere && errno is not (Errno.ENOENT or Errno.ENOTDIR))
        {
            // It is unknown whether it exists. What is known about it stays.
            Fail(node, errno);
            return;
        }

        node.IsIncomplete = false;
        if (node.Entries.TryGetValue(name, out DirectoryNode? known) && (!isThere || known is not null != isDirectory))
        {
            _tree.Remove(node, name);
        }

        bool isFound = work.HasFlag(ScanWork.Found);
        if (isThere && !node.Entries.ContainsKey(name))
        {
            See(node, name, isDirectory, isFound ? FileChangeKind.Found : FileChangeKind.Created, ScanWork.None);
        }
        else if (isThere && isFound)
        {
            _tree.ReportFound(node, name, isDirectory);
        }
    }

    private void Fail(DirectoryNode node, int errno)
    {
        if (_tree.IsNew && (node.IsRoot || FileErrors.IsLimit(errno)))
        {
            // The limit affects every further directory, too.
            throw FileErrors.OfDirectory(_tree.Set.Kernel, node.Path, errno);
        }

        if (errno is not (Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP))
        {
            _tree.ReportIncomplete(node, errno);
        }
        else if (node.IsRoot)
        {
            _tree.EndRoot(_tree.RootPath.Fate);
        }

        // Any other directory has gone or moved: its record is in the queue, and a moved one will be checked at its new path.
    }

    private void Finish(ScanWork work)
    {
        if (work.HasFlag(ScanWork.Found) && --_rescanning == 0 && !_tree.IsOver)
        {
            _tree.ReportAt(_tree.Root, new FileChange(FileChangeKind.Rescanned, _tree.Path, IsDirectory: _tree.OnlyName is null));
        }
    }
}
