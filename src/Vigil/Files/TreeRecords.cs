using Vigil.Interop;

namespace Vigil;

/// <summary>Applies the kernel's records to a tree.</summary>
/// <remarks>
/// Records are about the past. The disk, and so a scan, may be ahead of them. So a record counts only as far as it
/// differs from what was reported, and a directory whose name a record has changed is checked again at its new path. When the last record
/// is taken, what was reported is what exists.
/// </remarks>
internal sealed class TreeRecords
{
    private readonly FileTree _tree;

    public TreeRecords(FileTree tree) => _tree = tree;

    /// <summary>A record about one of its directories that is not half of a move within the tree.</summary>
    public void On(DirectoryNode node, in InotifyRecord record)
    {
        if (record.Name is null)
        {
            OnSelf(node, record);
        }
        else if (_tree.Concerns(record.Name))
        {
            OnEntry(node, record, record.Name);
        }
    }

    /// <summary>A move within the tree.</summary>
    public void OnMoved(DirectoryNode from, string oldName, DirectoryNode to, string newName, bool isDirectory)
    {
        Arrival? before = from.LastArrival;
        if (_tree.Concerns(oldName)
            && _tree.Concerns(newName)
            && TryTakeAway(from, oldName, to, newName, isDirectory, out DirectoryNode? moved))
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

        from.LastArrival = null;
        to.LastArrival = new Arrival(newName, from, oldName);
        OnDeparture(from, oldName, before, to, newName);
    }

    /// <summary>A record about a single file that is mounted in the tree.</summary>
    public void OnMountedFile(MountedFile file, in InotifyRecord record)
    {
        if (record.Has(InotifyNative.IN_MODIFY | InotifyNative.IN_CLOSE_WRITE | InotifyNative.IN_ATTRIB)
            && file.Directory.Entries.TryGetValue(file.Name, out DirectoryNode? known) && known is null)
        {
            OnTouched(file.Directory, record, file.Name, child: null);
        }
    }

    private void OnSelf(DirectoryNode node, in InotifyRecord record)
    {
        if (record.Has(InotifyNative.IN_UNMOUNT))
        {
            OnUnmounted(node);
        }
        else if (record.Has(InotifyNative.IN_ATTRIB))
        {
            OnOwnAttributes(node);
        }
        else if (!node.IsRoot)
        {
            // Its parent reports the same, with the name.
        }
        else if (record.Has(InotifyNative.IN_DELETE_SELF))
        {
            _tree.EndRoot(FileChangeKind.RootDeleted);
        }
        else if (record.Has(InotifyNative.IN_MOVE_SELF))
        {
            _tree.EndRoot(FileChangeKind.RootMoved);
        }
    }

    private void OnOwnAttributes(DirectoryNode node)
    {
        if (!_tree.Interest.HasFlag(FileInterest.Attributes))
        {
            // It was watched only for the sign that it may be readable now.
        }
        else if (node is { IsRoot: false, Parent: { } parent } && _tree.Mounts.IsMountPoint(node))
        {
            // For any other directory its parent reports the same, with the name.
            _tree.ReportNoted(parent, node.Name, FileChangeKind.AttributesChanged, isDirectory: true);
        }
        else if (node.IsRoot && _tree.OnlyName is null)
        {
            _tree.ReportAt(node, new FileChange(FileChangeKind.AttributesChanged, node.Path, IsDirectory: true));
        }

        if (node.IsIncomplete)
        {
            _tree.Scanner.Want(node, ScanWork.List | ScanWork.Below);
        }
    }

    private void OnEntry(DirectoryNode node, in InotifyRecord record, string name)
    {
        bool isDirectory = record.Has(InotifyNative.IN_ISDIR);
        if (record.Has(InotifyNative.IN_CREATE | InotifyNative.IN_MOVED_TO))
        {
            bool byMove = record.Has(InotifyNative.IN_MOVED_TO);
            OnAppeared(node, name, isDirectory, byMove);
            node.LastArrival = byMove ? new Arrival(name, From: null, OldName: null) : null;
        }
        else if (record.Has(InotifyNative.IN_DELETE | InotifyNative.IN_MOVED_FROM))
        {
            Arrival? before = node.LastArrival;
            OnDisappeared(node, name);
            node.LastArrival = null;
            if (record.Has(InotifyNative.IN_MOVED_FROM))
            {
                OnDeparture(node, name, before, to: null, newName: null);
            }
        }
        else if (node.Entries.TryGetValue(name, out DirectoryNode? child))
        {
            // An unknown name is yet to be listed, and reported as created.
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

        if (_tree.Interest.HasFlag(wanted) && !(kind != FileChangeKind.AttributesChanged && _tree.Set.Covered.Contains(node, name, record)))
        {
            _tree.ReportNoted(node, name, kind, isDirectory: child is not null);
        }
    }

    private void OnAppeared(DirectoryNode node, string name, bool isDirectory, bool byMove)
    {
        if (!_tree.Concerns(name))
        {
            return;
        }

        node.Scan?.Touch(name);
        if (byMove && isDirectory)
        {
            _tree.Mounts.OnMoved();
        }

        if (node.Entries.TryGetValue(name, out DirectoryNode? known) && known is not null != isDirectory)
        {
            _tree.Remove(node, name);
        }
        else if (node.Entries.ContainsKey(name))
        {
            OnReplaced(node, name, known, byMove);
            return;
        }

        if (isDirectory)
        {
            DirectoryNode child = _tree.Add(node, name, isDirectory, FileChangeKind.Created)!;
            if (_tree.IsRecursive)
            {
                _tree.Scanner.Want(child, ScanWork.List | ScanWork.Below);
            }
        }
        else if (byMove || _tree.IsOtherName(node, name))
        {
            _tree.AddFile(node, name, FileChangeKind.Created, isComplete: true);
        }
        else
        {
            _tree.Add(node, name, isDirectory, FileChangeKind.Created);
        }
    }

    // A scan has reported it already, or it replaces another one.
    private void OnReplaced(DirectoryNode node, string name, DirectoryNode? known, bool byMove)
    {
        if (known is not null && _tree.IsRecursive)
        {
            _tree.Scanner.Want(known, byMove ? ScanWork.Verify | ScanWork.Below : ScanWork.Verify);
        }

        if (byMove && known is null)
        {
            _tree.ReportNoted(node, name, FileChangeKind.Changed, isDirectory: false);
            _tree.ReportComplete(node, name);
        }
        else if (byMove && _tree.Interest.HasFlag(FileInterest.Attributes))
        {
            _tree.ReportNoted(node, name, FileChangeKind.AttributesChanged, isDirectory: true);
        }
    }

    private void OnDisappeared(DirectoryNode node, string name)
    {
        if (_tree.Concerns(name))
        {
            node.Scan?.Touch(name);
            _tree.Remove(node, name);
        }
    }

    private void OnUnmounted(DirectoryNode node)
    {
        if (node.IsRoot)
        {
            _tree.EndRoot(FileChangeKind.Unmounted);
        }
        else
        {
            // The directory that the file system was mounted on becomes visible again.
            _tree.Scanner.Want(_tree.Unmount(node), ScanWork.List | ScanWork.Below);
        }
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

        to.Entries[newName] = moved;
        _tree.ReportMoved(from, oldName, to, newName, isDirectory, kind);
        if (moved is not null)
        {
            moved.MoveTo(to, newName);
            _tree.Mounts.OnMoved();
            _tree.Scanner.Want(moved, ScanWork.Verify | ScanWork.Below);
        }
    }

    // False if what is known by the name is not what has moved: it is of another kind, would then be below itself, or would replace a
    // directory that contains it. Records that are read late appear like that if a name was reused.
    private static bool TryTakeAway(
        DirectoryNode from, string name, DirectoryNode to, string newName, bool isDirectory, out DirectoryNode? moved)
    {
        if (!from.Entries.TryGetValue(name, out moved) || moved is not null != isDirectory || to.IsAtOrBelow(moved))
        {
            return false;
        }

        if (to.Entries.TryGetValue(newName, out DirectoryNode? replaced) && from.IsAtOrBelow(replaced))
        {
            return false;
        }

        return from.Entries.Remove(name);
    }

    // An exchange of two names (RENAME_EXCHANGE) is reported as two moves; the second takes away what the first has brought. The kernel
    // holds both directories' locks meanwhile, so nothing about either is reported in between (vfs_rename). A move there and back looks the
    // same; only the disk shows the difference.
    private void OnDeparture(DirectoryNode node, string name, Arrival? before, DirectoryNode? to, string? newName)
    {
        if (before is null
            || !string.Equals(before.Name, name, StringComparison.Ordinal)
            || before.From != to
            || !string.Equals(before.OldName, newName, StringComparison.Ordinal))
        {
            return;
        }

        _tree.Scanner.Want(node, ScanWork.List);
        if (to is not null && to.Entries.TryGetValue(newName!, out DirectoryNode? known) && known is null)
        {
            // For a directory, the check that each move causes finds that it is another one.
            _tree.ReportNoted(to, newName!, FileChangeKind.Changed, isDirectory: false);
            _tree.ReportComplete(to, newName!);
        }
    }
}
