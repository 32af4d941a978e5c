using Vigil.Interop;

namespace Vigil;

/// <summary>Takes the kernel's records to the trees that they concern, and to the other users of their watches.</summary>
internal sealed class RecordDispatch
{
    private readonly WatchTable _watches;
    private readonly List<DirectoryNode> _receivers = [];
    private readonly List<DirectoryNode> _destinations = [];
    private readonly List<WatchUser> _others = [];

    public RecordDispatch(WatchTable watches) => _watches = watches;

    /// <summary>Dispatches a record, or both records of a move.</summary>
    /// <param name="record">The record; the first of a move.</param>
    /// <param name="destination">The second record of a move; null if there is none.</param>
    public void Dispatch(in InotifyRecord record, InotifyRecord? destination)
    {
        Find(record, _receivers);
        if (destination is { } second)
        {
            ReportOthers(record);
            Find(second, _destinations);
            Move(record, second);
            ReportOthers(second);
            return;
        }

        foreach (DirectoryNode node in _receivers)
        {
            if (!node.IsDetached)
            {
                node.Tree.Records.On(node, record);
            }
        }

        ReportOthers(record);
        if (record.Has(InotifyNative.IN_IGNORED) && _watches.TryGet(record.Watch, record.Position, out DirectoryWatch? watch))
        {
            _watches.Forget(watch);
            OnWatchEnded();
        }
    }

    // Reports to the users of a watch that are not directories of a tree.
    private void ReportOthers(in InotifyRecord record)
    {
        foreach (WatchUser user in _others)
        {
            if (user.IsDetached)
            {
                continue;
            }

            if (user is PathGuard guard && guard.IsConcerned(record))
            {
                guard.Tree.RootPath.OnRecord(guard, record);
            }
            else if (user is MountedFile file)
            {
                file.Tree.Records.OnMountedFile(file, record);
            }
        }
    }

    // A root whose watch has ended without another record is gone nevertheless.
    private void OnWatchEnded()
    {
        foreach (DirectoryNode node in _receivers)
        {
            if (node is { IsRoot: true, Watch: null, IsDetached: false })
            {
                node.Tree.EndRoot(FileChangeKind.RootDeleted);
            }
        }
    }

    // A tree that contains both ends sees a move; one that contains a single end sees an arrival or departure.
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

    // Prefers the same directory: if several paths lead to one, each gets its own report.
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
        _others.Clear();
        if (!_watches.TryGet(record.Watch, record.Position, out DirectoryWatch? watch))
        {
            return;
        }

        foreach (WatchUser user in watch.Users)
        {
            if (record.IsBefore(user.Since))
            {
                continue;
            }

            if (user is DirectoryNode node)
            {
                nodes.Add(node);
            }
            else
            {
                _others.Add(user);
            }
        }
    }
}
