using Vigil.Interop;

namespace Vigil;

/// <summary>
/// Watches the path to a tree's root. For a directory itself the kernel reports its deletion only when nobody has it open or as working
/// directory any more, and never that another one has its path; the directory that contains its name reports both at once.
/// </summary>
/// <remarks>
/// Each record that concerns the path has the root checked: what the path leads to is compared with what is watched. For an event that ends
/// with its directory one name is guarded, the root's own. For one that follows its path every name of the path is, from the top down, so
/// that a change to a lower name while its watch is being set up is reported by a higher one.
/// </remarks>
internal sealed class RootPath
{
    private readonly FileTree _tree;
    private readonly List<PathGuard> _guards = [];

    // A limit prevents watching the path, which was reported.
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
    /// Watches the directories of the path as they are now. One that cannot be watched is skipped; only a kernel limit returns an
    /// errno, and then the directory concerned, and those below, are not watched.
    /// </summary>
    public int Bind() => Bind(out _);

    /// <summary>
    /// A rescan is requested: if a limit prevented watching the path, it is tried again, and another failure is reported again.
    /// </summary>
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

    /// <summary>What happened to the root, if it is gone, according to the records of its name.</summary>
    public FileChangeKind Fate { get; private set; } = FileChangeKind.RootDeleted;

    /// <summary>The path leads to the root.</summary>
    public void OnRoot() => Fate = FileChangeKind.RootDeleted;

    /// <summary>A record says that something happened to a name of the path.</summary>
    public void OnRecord(PathGuard guard, in InotifyRecord record)
    {
        // The root's own record of a move comes after that of its name, and may not be queued yet.
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
        using DirectoryReader? directory = _tree.Set.Kernel.Open(guard.Directory, follows: true, out int errno);
        return directory is null ? errno : _tree.Set.Bind(guard, directory, WatchTable.MaskOfPath(_tree), out _);
    }
}
