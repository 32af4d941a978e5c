namespace Vigil.Files;

/// <summary>
/// What one listener watches: a directory, a directory with everything below it, or one name in a directory. It keeps what was told of it, which
/// <see cref="TreeRecords"/> and <see cref="TreeScanner"/> change.
/// </summary>
internal sealed class FileTree
{
    /// <param name="set">The trees that it is one of.</param>
    /// <param name="listener">Whose it is.</param>
    /// <param name="directory">The root's path.</param>
    /// <param name="onlyName">The one name that is watched in it, or null for all.</param>
    /// <param name="isRecursive">Whether directories in it are watched, too.</param>
    /// <param name="interest">What is told beside existence.</param>
    /// <param name="debounce">For how long a path must be quiet before it is told of, in nanoseconds; 0 tells everything.</param>
    public FileTree(FileTreeSet set, object listener, string directory, string? onlyName, bool isRecursive, FileInterest interest, long debounce)
    {
        Set = set;
        Listener = listener;
        OnlyName = onlyName;
        IsRecursive = isRecursive;
        Interest = interest;
        Debouncer = debounce > 0 ? new Debouncer(debounce, change => Set.Tell(this, change)) : null;
        Root = new DirectoryNode(this, parent: null, directory);
        Scanner = new TreeScanner(this);
        Records = new TreeRecords(this);
        Path = onlyName is null ? directory : Root.PathOf(onlyName);
    }

    public FileTreeSet Set { get; }

    public object Listener { get; }

    /// <summary>What is watched.</summary>
    public string Path { get; }

    public string? OnlyName { get; }

    public bool IsRecursive { get; }

    public FileInterest Interest { get; }

    public Debouncer? Debouncer { get; }

    public DirectoryNode Root { get; }

    public TreeScanner Scanner { get; }

    public TreeRecords Records { get; }

    /// <summary>Counts moves of directories: paths from before are out of date.</summary>
    public int PathVersion { get; set; }

    /// <summary>Records from before this position are older than the tree.</summary>
    public long Since { get; set; }

    /// <summary>How many directories are in it.</summary>
    public int DirectoryCount { get; private set; } = 1;

    /// <summary>Whether it is still being built: what is there is not told, and what cannot be watched is an error.</summary>
    public bool IsNew { get; set; } = true;

    /// <summary>Whether a limit was reported that still stands in the way.</summary>
    public bool IsFaulty { get; set; }

    public bool IsOver { get; private set; }

    /// <summary>Something is there that was not known to be. Returns its node if it is a directory.</summary>
    public DirectoryNode? Add(DirectoryNode node, string name, bool isDirectory, FileChangeKind kind)
    {
        DirectoryNode? child = isDirectory ? new DirectoryNode(this, node, name) : null;
        DirectoryCount += isDirectory && IsRecursive ? 1 : 0;
        node.Entries[name] = child;
        if (!IsNew)
        {
            Tell(new FileChange(kind, node.PathOf(name), IsDirectory: isDirectory));
        }

        return child;
    }

    /// <summary>Something is gone, if it was known to be there.</summary>
    public void Remove(DirectoryNode node, string name)
    {
        if (!node.Entries.Remove(name, out DirectoryNode? child))
        {
            return;
        }

        if (child is not null)
        {
            Drop(child);
        }

        if (!IsNew)
        {
            Tell(new FileChange(FileChangeKind.Deleted, node.PathOf(name), IsDirectory: child is not null));
        }
    }

    /// <param name="change">What is told.</param>
    /// <param name="replaced">Of a move, what had the new name before.</param>
    public void Tell(in FileChange change, ReplacedEntry replaced = ReplacedEntry.None)
    {
        if (Debouncer is null)
        {
            Set.Tell(this, change);
        }
        else
        {
            Debouncer.Add(change, replaced, Set.Now);
        }
    }

    /// <summary>Says once that a directory cannot be watched; of what is not the directory's own fault, that is also a fault of the loop.</summary>
    public void TellIncomplete(DirectoryNode node, int errno)
    {
        if (node.IsIncomplete)
        {
            return;
        }

        node.IsIncomplete = true;
        EventManagerException reason = FileErrors.OfDirectory(node.Path, errno);
        bool isFault = reason.Error != EventManagerError.AccessDenied && !IsFaulty;
        IsFaulty |= isFault;
        Debouncer?.Flush();
        Set.Tell(this, new FileChange(FileChangeKind.Incomplete, node.Path, IsDirectory: true) { Reason = reason }, isFault);
    }

    /// <summary>Nothing can be told any more after this.</summary>
    public void End(FileChangeKind kind)
    {
        if (!IsOver)
        {
            Tell(new FileChange(kind, Root.Path, IsDirectory: true));
            Close();
        }
    }

    /// <summary>The queue was full: what it would have said is found out by looking.</summary>
    public void OnOverflow()
    {
        Tell(new FileChange(FileChangeKind.Overflow, Path, IsDirectory: OnlyName is null));
        Scanner.Want(Root, ScanWork.List | ScanWork.Below);
    }

    /// <summary>Ends its watches.</summary>
    public void Close()
    {
        IsOver = true;
        Detach(Root);
    }

    /// <summary>A directory has left the tree, with everything below it.</summary>
    public void Drop(DirectoryNode node)
    {
        if (Debouncer is not null && !IsNew)
        {
            // Each path has a net change of its own.
            TellBelow(node);
        }

        Detach(node);
    }

    private void TellBelow(DirectoryNode node)
    {
        foreach ((string name, DirectoryNode? child) in node.Entries)
        {
            if (child is not null)
            {
                TellBelow(child);
            }

            Tell(new FileChange(FileChangeKind.Deleted, node.PathOf(name), IsDirectory: child is not null));
        }
    }

    private void Detach(DirectoryNode node)
    {
        foreach (DirectoryNode? child in node.Entries.Values)
        {
            if (child is not null)
            {
                Detach(child);
            }
        }

        DirectoryCount -= IsRecursive || node.IsRoot ? 1 : 0;
        node.IsDetached = true;
        Set.Watches.Unbind(node);
        Scanner.Abandon(node);
    }
}
