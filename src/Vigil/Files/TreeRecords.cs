using Vigil.Interop;

namespace Vigil.Files;

/// <summary>What the kernel's records mean for a tree.</summary>
/// <remarks>
/// Records are about the past. The disk may be further, and what was scanned with it. So a record only counts as far as it
/// differs from what was told, and a directory whose name a record has changed is looked at again at its new path: when the last record is
/// taken, what was told is what is there.
/// </remarks>
internal sealed class TreeRecords
{
    private readonly FileTree _tree;
    private (DirectoryNode Node, string Name)? _lastArrival;

    public TreeRecords(FileTree tree) => _tree = tree;

    /// <summary>A record about one of its directories, and not one half of a move within it.</summary>
    public void On(DirectoryNode node, in InotifyRecord record)
    {
        if (record.Name is null)
        {
            OnSelf(node, record);
        }
        else if (Concerns(record.Name))
        {
            OnEntry(node, record, record.Name);
        }
    }

    /// <summary>A move within the tree.</summary>
    public void OnMoved(DirectoryNode from, string oldName, DirectoryNode to, string newName, bool isDirectory)
    {
        if (Concerns(oldName) && Concerns(newName) && TryTakeAway(from, oldName, to, isDirectory, out DirectoryNode? moved))
        {
            Move(from, oldName, to, newName, moved, isDirectory);
        }
        else
        {
            OnDisappeared(from, oldName);
            if (!to.IsDetached)
            {
                OnAppeared(to, newName, isDirectory, byMove: true);
            }
        }

        NoteDeparture(from, oldName);
        _lastArrival = (to, newName);
    }

    private bool Concerns(string name) => _tree.OnlyName is null || string.Equals(_tree.OnlyName, name, StringComparison.Ordinal);

    private void OnSelf(DirectoryNode node, in InotifyRecord record)
    {
        if (record.Has(InotifyNative.IN_UNMOUNT))
        {
            OnUnmounted(node);
        }
        else if (!node.IsRoot)
        {
            // Its parent says the same, and by name.
        }
        else if (record.Has(InotifyNative.IN_DELETE_SELF))
        {
            _tree.End(FileChangeKind.RootDeleted);
        }
        else if (record.Has(InotifyNative.IN_MOVE_SELF))
        {
            _tree.End(FileChangeKind.RootMoved);
        }
        else if (record.Has(InotifyNative.IN_ATTRIB) && _tree.OnlyName is null && _tree.Interest.HasFlag(FileInterest.Attributes))
        {
            _tree.Tell(new FileChange(FileChangeKind.AttributesChanged, node.Path, IsDirectory: true));
        }
    }

    private void OnEntry(DirectoryNode node, in InotifyRecord record, string name)
    {
        bool isDirectory = record.Has(InotifyNative.IN_ISDIR);
        if (record.Has(InotifyNative.IN_CREATE | InotifyNative.IN_MOVED_TO))
        {
            bool byMove = record.Has(InotifyNative.IN_MOVED_TO);
            OnAppeared(node, name, isDirectory, byMove);
            _lastArrival = byMove ? (node, name) : null;
        }
        else if (record.Has(InotifyNative.IN_DELETE | InotifyNative.IN_MOVED_FROM))
        {
            OnDisappeared(node, name);
            if (record.Has(InotifyNative.IN_MOVED_FROM))
            {
                NoteDeparture(node, name);
            }
        }
        else if (node.Entries.TryGetValue(name, out DirectoryNode? child))
        {
            // What is not known is yet to be listed, and told as created.
            OnTouched(node, record, name, child);
        }
    }

    private void OnTouched(DirectoryNode node, in InotifyRecord record, string name, DirectoryNode? child)
    {
        FileChangeKind kind;
        FileInterest wanted;
        if (record.Has(InotifyNative.IN_MODIFY))
        {
            (kind, wanted) = (FileChangeKind.Changed, FileInterest.Contents);
        }
        else if (record.Has(InotifyNative.IN_CLOSE_WRITE))
        {
            (kind, wanted) = (FileChangeKind.Written, FileInterest.Written);
        }
        else
        {
            (kind, wanted) = (FileChangeKind.AttributesChanged, FileInterest.Attributes);
            if (child is { IsIncomplete: true })
            {
                _tree.Scanner.Want(child, ScanWork.List | ScanWork.Below);
            }
        }

        if (_tree.Interest.HasFlag(wanted))
        {
            _tree.Tell(new FileChange(kind, node.PathOf(name), IsDirectory: child is not null));
        }
    }

    private void OnAppeared(DirectoryNode node, string name, bool isDirectory, bool byMove)
    {
        if (!Concerns(name))
        {
            return;
        }

        node.Scan?.Touch(name);
        if (node.Entries.TryGetValue(name, out DirectoryNode? known) && known is not null != isDirectory)
        {
            _tree.Remove(node, name);
        }
        else if (node.Entries.ContainsKey(name))
        {
            // A scan has told it already, or it takes the place of another.
            if (known is not null && _tree.IsRecursive)
            {
                _tree.Scanner.Want(known, ScanWork.Verify);
            }
            else if (byMove && known is null)
            {
                _tree.Tell(new FileChange(FileChangeKind.Changed, node.PathOf(name)));
            }

            return;
        }

        if (_tree.Add(node, name, isDirectory, FileChangeKind.Created) is { } child && _tree.IsRecursive)
        {
            _tree.Scanner.Want(child, ScanWork.List | ScanWork.Below);
        }
    }

    private void OnDisappeared(DirectoryNode node, string name)
    {
        if (Concerns(name))
        {
            node.Scan?.Touch(name);
            _tree.Remove(node, name);
        }
    }

    private void OnUnmounted(DirectoryNode node)
    {
        if (node.IsRoot)
        {
            _tree.End(FileChangeKind.Unmounted);
            return;
        }

        foreach (string name in node.Entries.Keys.ToArray())
        {
            node.Scan?.Touch(name);
            if (node.Entries.Remove(name, out DirectoryNode? child) && child is not null)
            {
                _tree.Drop(child);
            }
        }

        _tree.Tell(new FileChange(FileChangeKind.Unmounted, node.Path, IsDirectory: true));

        // The directory that the file system was mounted on is to be seen again.
        _tree.Scanner.Want(node, ScanWork.List | ScanWork.Below);
    }

    private void Move(DirectoryNode from, string oldName, DirectoryNode to, string newName, DirectoryNode? moved, bool isDirectory)
    {
        from.Scan?.Touch(oldName);
        to.Scan?.Touch(newName);
        var kind = ReplacedEntry.None;
        if (to.Entries.Remove(newName, out DirectoryNode? replaced))
        {
            kind = replaced is null ? ReplacedEntry.File : ReplacedEntry.Directory;
        }

        if (replaced is not null)
        {
            _tree.Drop(replaced);
        }

        string oldPath = from.PathOf(oldName);
        to.Entries[newName] = moved;
        if (moved is not null)
        {
            moved.MoveTo(to, newName);
            _tree.Scanner.Want(moved, ScanWork.Verify | ScanWork.Below);
        }

        _tree.Tell(new FileChange(FileChangeKind.Moved, to.PathOf(newName), oldPath, isDirectory), kind);
    }

    // False where what is known by the name is not what has moved: it is of another kind, or would be below itself then.
    private static bool TryTakeAway(DirectoryNode from, string name, DirectoryNode to, bool isDirectory, out DirectoryNode? moved)
    {
        if (!from.Entries.TryGetValue(name, out moved) || moved is not null != isDirectory)
        {
            return false;
        }

        for (DirectoryNode? above = to; above is not null; above = above.Parent)
        {
            if (above == moved)
            {
                return false;
            }
        }

        return from.Entries.Remove(name);
    }

    // Two names that are exchanged (RENAME_EXCHANGE) are reported as two moves, of which the second takes away what the first has brought. Only
    // the disk shows that something is there all the same.
    private void NoteDeparture(DirectoryNode node, string name)
    {
        if (_lastArrival == (node, name))
        {
            _tree.Scanner.Want(node, ScanWork.List);
        }
    }
}
