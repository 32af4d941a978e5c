using Vigil.Interop;

namespace Vigil.Files;

/// <summary>
/// Brings a tree's nodes in line with the disk: watches each directory first and lists it then, so that whatever happens in between
/// is listed, or queued, or both. What both say is told once, because only differences to what is known are told.
/// </summary>
internal sealed class TreeScanner
{
    // What it costs to watch a directory and open it, in entries read.
    private const int DirectoryCost = 8;

    private readonly FileTree _tree;
    private readonly Queue<DirectoryNode> _nodes = new();
    private int _rescanning;

    public TreeScanner(FileTree tree) => _tree = tree;

    public bool HasWork => _nodes.Count > 0;

    /// <summary>Whether it is among those that have their turns.</summary>
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

    /// <summary>A node leaves the tree with whatever was to be done with it.</summary>
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

    /// <summary>Goes on for as many entries as a budget allows.</summary>
    public void Step(ref int budget)
    {
        while (budget > 0 && _nodes.TryPeek(out DirectoryNode? node))
        {
            if (node.Scan is null && node.Wanted != ScanWork.None)
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
        ScanWork work = node.Wanted;
        node.Wanted = ScanWork.None;
        int errno = _tree.Set.Watches.Bind(node, out bool isOther);
        if (errno != Errno.Success)
        {
            Fail(node, errno);
            Finish(work);
            return;
        }

        _tree.IsFaulty &= !isOther;
        if (_tree.OnlyName is not null)
        {
            LookForFile(node, work);
            Finish(work);
        }
        else if (isOther || work.HasFlag(ScanWork.List))
        {
            // Where another directory is now, what was below the old one has to be looked at anew.
            OpenFor(node, work | (isOther ? ScanWork.List | ScanWork.Below : ScanWork.List));
        }
        else
        {
            WantBelow(node, work);
            Finish(work);
        }
    }

    private void OpenFor(DirectoryNode node, ScanWork work)
    {
        DirectoryReader? reader = DirectoryReader.Open(node.Path, node.IsRoot, out int errno);
        if (reader is null)
        {
            Fail(node, errno);
            Finish(work);
            return;
        }

        node.Scan = new DirectoryScan(reader, work, node.Entries.Keys);
    }

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
                _tree.Tell(new FileChange(FileChangeKind.Found, node.PathOf(name), IsDirectory: child is not null));
            }

            if (child is not null && _tree.IsRecursive && scan.Work.HasFlag(ScanWork.Below))
            {
                Want(child, scan.Work);
            }
        }
        else if (!scan.IsTouched(name))
        {
            DirectoryNode? added = _tree.Add(node, name, isDirectory, isFound ? FileChangeKind.Found : FileChangeKind.Created);
            if (added is not null && _tree.IsRecursive)
            {
                Want(added, ScanWork.List | (scan.Work & (ScanWork.Found | ScanWork.Below)));
            }
        }
    }

    private void End(DirectoryNode node, DirectoryScan scan)
    {
        node.Scan = null;
        if (scan.Errno != Errno.Success)
        {
            // What was not read is not known to be gone.
            Fail(node, scan.Errno);
        }
        else
        {
            node.IsIncomplete = false;
            foreach (string name in scan.Unseen)
            {
                _tree.Remove(node, name);
            }
        }

        scan.Dispose();
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
                Want(child, work);
            }
        }
    }

    private void LookForFile(DirectoryNode node, ScanWork work)
    {
        string name = _tree.OnlyName!;
        bool isDirectory = DirectoryReader.IsDirectory(node.PathOf(name), follows: false, out int errno);
        bool isThere = errno == Errno.Success;
        if (node.Entries.TryGetValue(name, out DirectoryNode? known) && (!isThere || known is not null != isDirectory))
        {
            _tree.Remove(node, name);
        }

        bool isFound = work.HasFlag(ScanWork.Found);
        if (isThere && !node.Entries.ContainsKey(name))
        {
            _tree.Add(node, name, isDirectory, isFound ? FileChangeKind.Found : FileChangeKind.Created);
        }
        else if (isThere && isFound)
        {
            _tree.Tell(new FileChange(FileChangeKind.Found, node.PathOf(name), IsDirectory: isDirectory));
        }
    }

    private void Fail(DirectoryNode node, int errno)
    {
        bool isGone = errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP;
        if (_tree.IsNew && (node.IsRoot || !(isGone || errno is Errno.EACCES or Errno.EPERM)))
        {
            throw FileErrors.OfDirectory(node.Path, errno);
        }

        if (!isGone)
        {
            _tree.TellIncomplete(node, errno);
        }
        else if (node.IsRoot)
        {
            _tree.End(FileChangeKind.RootDeleted);
        }

        // Another directory has gone, or has moved: the record that says so is in the queue, and what moved will be looked for at its new path.
    }

    private void Finish(ScanWork work)
    {
        if (work.HasFlag(ScanWork.Found) && --_rescanning == 0 && !_tree.IsOver)
        {
            _tree.Tell(new FileChange(FileChangeKind.Rescanned, _tree.Path, IsDirectory: _tree.OnlyName is null));
        }
    }
}
