using Vigil.Interop;

namespace Vigil;

/// <summary>
/// The path to a tree's root, watched. The kernel tells of a directory itself that it is gone only when nobody has it open any more, nor stands in it, and
/// never that another has its path; the directory that holds its name tells both at once.
/// </summary>
/// <remarks>
/// Each record that concerns the path has the root looked at again: what the path leads to is compared with what is watched. For an event that ends
/// with its directory one name is guarded, the root's own; for one that follows its path every name of the path, from the top down, so that what
/// happens to a lower one while it is being watched is told by a higher one.
/// </remarks>
internal sealed class RootPath
{
    private readonly FileTree _tree;
    private readonly List<PathGuard> _guards = [];

    // A limit stands in the way of watching the path, which was told.
    private bool _isUnwatched;

    public RootPath(FileTree tree)
    {
        _tree = tree;
        string path = tree.Root.Path;
        while (Path.GetDirectoryName(path) is { } directory)
        {
            _guards.Insert(0, new PathGuard(tree, directory, Path.GetFileName(path)));
            path = directory;
            if (!tree.Options.FollowsPath)
            {
                return;
            }
        }
    }

    /// <summary>
    /// Watches the directories of the path as they are now. What cannot be watched is not, which only a limit of the kernel's makes an
    /// errno:
    /// then the directory that it stands in the way of, and those below, are not watched.
    /// </summary>
    public int Bind() => Bind(out _);

    /// <summary>A rescan is wanted: where a limit stood in the way, the path is watched again, or that is told again.</summary>
    public void OnRescan()
    {
        if (_isUnwatched)
        {
            _isUnwatched = false;
            LookAgain();
        }
    }

    /// <summary>Ends the watches.</summary>
    public void Unbind()
    {
        foreach (PathGuard guard in _guards)
        {
            _tree.Set.Watches.Unbind(guard);
            guard.WasWatched = false;
        }
    }

    /// <summary>What has become of the root, if it is gone, as far as the records of its name say.</summary>
    public FileChangeKind Fate { get; private set; } = FileChangeKind.RootDeleted;

    /// <summary>The path leads to the root.</summary>
    public void OnRoot() => Fate = FileChangeKind.RootDeleted;

    /// <summary>A record says that something happened to a name of the path.</summary>
    public void OnRecord(PathGuard guard, in InotifyRecord record)
    {
        // The root's own record of a move comes after those of its name, and may not be queued yet.
        if (guard == _guards[^1] && record.Has(InotifyNative.IN_MOVED_FROM))
        {
            Fate = FileChangeKind.RootMoved;
        }

        LookAgain();
    }

    /// <summary>The path may lead elsewhere.</summary>
    public void LookAgain()
    {
        if (_tree.Options.FollowsPath)
        {
            int errno = Bind(out string directory);
            if (errno != Errno.Success && !_isUnwatched)
            {
                _tree.ReportPathIncomplete(directory, errno);
            }

            _isUnwatched = errno != Errno.Success;
        }

        _tree.Scanner.Want(_tree.Root, _tree.IsWaiting ? ScanWork.List | ScanWork.Below : ScanWork.Verify);
    }

    private int Bind(out string directory)
    {
        Unbind();
        foreach (PathGuard guard in _guards)
        {
            int errno = Bind(guard);
            directory = guard.Directory;
            if (FileErrors.IsLimit(errno))
            {
                return errno;
            }
        }

        directory = "";
        return Errno.Success;
    }

    private int Bind(PathGuard guard)
    {
        using DirectoryReader? directory = DirectoryReader.Open(guard.Directory, follows: true, out int errno);
        return directory is null ? errno : _tree.Set.Bind(guard, directory.Number, WatchTable.MaskOfPath(_tree), out _);
    }
}
