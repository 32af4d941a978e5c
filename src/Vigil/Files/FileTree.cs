namespace Vigil;

/// <summary>
/// What one listener watches: a directory, a directory with everything below it, or one name in a directory. It records what was reported;
/// <see cref="TreeRecords"/> and <see cref="TreeScanner"/> update that.
/// </summary>
internal sealed class FileTree
{
    /// <param name="set">The set that it belongs to.</param>
    /// <param name="listener">Its listener.</param>
    /// <param name="directory">The root's path.</param>
    /// <param name="onlyName">The one name in it to watch, or null for all.</param>
    /// <param name="options">How to watch it.</param>
    public FileTree(FileTreeSet set, object listener, string directory, string? onlyName, FileTreeOptions options)
    {
        Set = set;
        Listener = listener;
        OnlyName = onlyName;
        Options = options;
        Debouncer = options.Debounce > 0 ? new Debouncer(options.Debounce, change => Set.Report(this, change)) : null;
        Root = new DirectoryNode(this, parent: null, directory);
        Scanner = new TreeScanner(this);
        Records = new TreeRecords(this);
        Mounts = new TreeMounts(this);
        RootPath = new RootPath(this);
        Path = onlyName is null ? directory : Root.PathOf(onlyName);
    }

    public FileTreeSet Set { get; }

    public object Listener { get; }

    /// <summary>The watched path.</summary>
    public string Path { get; }

    public string? OnlyName { get; }

    public FileTreeOptions Options { get; }

    public bool IsRecursive => Options.IsRecursive;

    public FileInterest Interest => Options.Interest;

    public Debouncer? Debouncer { get; }

    public DirectoryNode Root { get; private set; }

    public TreeScanner Scanner { get; }

    public TreeRecords Records { get; }

    public TreeMounts Mounts { get; }

    public RootPath RootPath { get; }

    /// <summary>Counts moves of directories, which invalidate cached paths.</summary>
    public int PathVersion { get; set; }

    /// <summary>The number of directories watched for it.</summary>
    public int DirectoryCount { get; set; } = 1;

    /// <summary>
    /// Whether it is still being built: existing paths are not reported, and a directory that cannot be watched is an error.
    /// </summary>
    public bool IsNew { get; set; } = true;

    /// <summary>Whether a limit was reported that is still reached.</summary>
    public bool IsFaulty { get; set; }

    public bool IsOver { get; private set; }

    /// <summary>Whether its path, which is followed, leads nowhere now.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>Whether a name in the root is reported.</summary>
    public bool Concerns(string name) => OnlyName is null || string.Equals(OnlyName, name, StringComparison.Ordinal);

    /// <summary>
    /// A file appeared for which no record may say when it is complete: a scan found it, or it was moved in or is
    /// another link to a file.
    /// </summary>
    /// <param name="node">Its directory.</param>
    /// <param name="name">Its name.</param>
    /// <param name="kind">The kind to report.</param>
    /// <param name="isComplete">Whether it counts as complete if it cannot be determined whether it is open for writing.</param>
    public void AddFile(DirectoryNode node, string name, FileChangeKind kind, bool isComplete)
    {
        WriterState writers = AskForWriters(node, name);
        Add(node, name, isDirectory: false, kind, isWriterUnknown: !isComplete && writers == WriterState.Unknown);
        ReportComplete(node, name, writers, isComplete);
    }

    /// <summary>Whether a created name is another link to an existing file, whose writers may have closed it long ago.</summary>
    public bool IsOtherName(DirectoryNode node, string name) =>
        Interest.HasFlag(FileInterest.Written) && Set.Kernel.LinkCountOf(node.PathOf(name)) > 1;

    /// <summary>
    /// A known name stands for another file, for which no record may say when it is complete: reports that it is, unless it has a writer or
    /// is no regular file.
    /// </summary>
    public void ReportComplete(DirectoryNode node, string name) => ReportComplete(node, name, AskForWriters(node, name), isComplete: true);

    /// <summary>A name appeared. Returns its node if it is a directory.</summary>
    public DirectoryNode? Add(DirectoryNode node, string name, bool isDirectory, FileChangeKind kind, bool isWriterUnknown = false)
    {
        DirectoryNode? child = isDirectory ? new DirectoryNode(this, node, name) : null;
        DirectoryCount += isDirectory && IsRecursive ? 1 : 0;
        node.Entries[name] = child;
        if (!isDirectory)
        {
            Mounts.OnFile(node, name);
        }

        if (kind == FileChangeKind.Found)
        {
            ReportFound(node, name, isDirectory, isWriterUnknown);
        }
        else if (!IsNew)
        {
            if (Debouncer is null)
            {
                Set.Report(this, new FileChange(FileChangeKind.Created, node.PathOf(name), IsDirectory: isDirectory)
                {
                    IsWriterUnknown = isWriterUnknown,
                });
            }
            else
            {
                Debouncer.Create(node, name, isDirectory, isWriterUnknown, Set.Now);
            }
        }

        return child;
    }

    /// <summary>A name disappeared, if it was known.</summary>
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
        else
        {
            Mounts.OnGone(node, name);
        }

        if (IsNew)
        {
            return;
        }

        if (Debouncer is null)
        {
            Set.Report(this, new FileChange(FileChangeKind.Deleted, node.PathOf(name), IsDirectory: child is not null));
        }
        else
        {
            Debouncer.Delete(node, name, wasDirectory: child is not null, Set.Now);
        }
    }

    /// <summary>Another directory has a directory's name. Returns the new one's node.</summary>
    public DirectoryNode Replace(DirectoryNode node, FileChangeKind kind)
    {
        (DirectoryNode parent, string name) = (node.Parent!, node.Name);
        Remove(parent, name);
        return Add(parent, name, isDirectory: true, kind)!;
    }

    /// <summary>A directory's file system was unmounted, with its contents. Returns a node for the directory in its place.</summary>
    public DirectoryNode Unmount(DirectoryNode node)
    {
        (DirectoryNode parent, string name) = (node.Parent!, node.Name);
        ReportAt(node, new FileChange(FileChangeKind.Unmounted, node.Path, IsDirectory: true));
        Drop(node);
        var below = new DirectoryNode(this, parent, name);
        DirectoryCount += IsRecursive ? 1 : 0;
        parent.Entries[name] = below;
        return below;
    }

    /// <summary>Something happened to the file or directory of a name.</summary>
    public void ReportNoted(DirectoryNode node, string name, FileChangeKind kind, bool isDirectory)
    {
        if (Debouncer is null)
        {
            Set.Report(this, new FileChange(kind, node.PathOf(name), IsDirectory: isDirectory));
        }
        else
        {
            Debouncer.Note(node, name, kind, isDirectory, Set.Now);
        }
    }

    /// <summary>A rescan found a known name.</summary>
    public void ReportFound(DirectoryNode node, string name, bool isDirectory, bool isWriterUnknown = false)
    {
        var found = new FileChange(FileChangeKind.Found, node.PathOf(name), IsDirectory: isDirectory) { IsWriterUnknown = isWriterUnknown };
        if (Debouncer is null)
        {
            Set.Report(this, found);
        }
        else
        {
            Debouncer.Find(node, name, found);
        }
    }

    /// <summary>A file or directory was renamed. What it replaces is no longer known; its node is still in its old place.</summary>
    public void ReportMoved(DirectoryNode from, string oldName, DirectoryNode to, string newName, bool isDirectory, ReplacedEntry replaced)
    {
        if (Debouncer is null)
        {
            Set.Report(this, new FileChange(FileChangeKind.Moved, to.PathOf(newName), from.PathOf(oldName), isDirectory));
            if (!isDirectory)
            {
                ReportComplete(to, newName);
            }
        }
        else if (isDirectory)
        {
            Debouncer.MoveDirectory(from, oldName, to, newName, replaced, Set.Now);
        }
        else
        {
            WriterState writers = AskForWriters(to, newName);
            Debouncer.MoveFile(from, oldName, to, newName, replaced, isWritten: IsComplete(writers, isComplete: true), Set.Now);
        }
    }

    /// <summary>Reports at once a change that concerns a directory.</summary>
    public void ReportAt(DirectoryNode node, in FileChange change, bool isFault = false)
    {
        Debouncer?.ReportAbove(node);
        Set.Report(this, change, isFault);
    }

    /// <summary>Reports once that a directory cannot be watched; if a limit is reached, that is also a fault of the loop.</summary>
    public void ReportIncomplete(DirectoryNode node, int errno)
    {
        if (!node.IsIncomplete)
        {
            node.IsIncomplete = true;
            ReportIncomplete(node, node.Path, isDirectory: true, FileErrors.OfDirectory(Set.Kernel, node.Path, errno));
        }
    }

    /// <summary>Reports that a single file cannot be watched.</summary>
    public void ReportIncomplete(DirectoryNode node, string name, int errno)
    {
        string path = node.PathOf(name);
        ReportIncomplete(node, path, isDirectory: false, FileErrors.OfDirectory(Set.Kernel, path, errno));
    }

    /// <summary>Reports that a directory of the root's path cannot be watched, so that a change of the path may go unnoticed.</summary>
    public void ReportPathIncomplete(string directory, int errno) =>
        ReportIncomplete(Root, Root.Path, isDirectory: true, FileErrors.OfDirectory(Set.Kernel, directory, errno));

    /// <summary>The root is gone. Nothing can be reported after this, unless the path is followed.</summary>
    public void EndRoot(FileChangeKind kind)
    {
        if (IsOver || IsWaiting)
        {
            return;
        }

        Set.Report(this, new FileChange(kind, Root.Path, IsDirectory: true));
        if (!Options.FollowsPath)
        {
            Close();
            return;
        }

        Drop(Root);
        Root = new DirectoryNode(this, parent: null, Root.Name);
        DirectoryCount++;
        IsWaiting = true;
        RootPath.LookAgain();
    }

    /// <summary>The root's path leads to a directory, which is now watched.</summary>
    public void OnRoot(DirectoryReader reader)
    {
        Mounts.OnRoot(reader);
        RootPath.OnRoot();
        bool wasWaiting = IsWaiting;
        IsWaiting = false;
        if (wasWaiting && OnlyName is null)
        {
            Set.Report(this, new FileChange(FileChangeKind.Created, Root.Path, IsDirectory: true));
        }
    }

    /// <summary>The queue was full: a scan finds out what was lost.</summary>
    public void OnOverflow()
    {
        Set.Report(this, new FileChange(FileChangeKind.Overflow, Path, IsDirectory: OnlyName is null));

        // Records of the path's directories may have been lost.
        RootPath.LookAgain();
        Scanner.Want(Root, ScanWork.List | ScanWork.Below);
    }

    /// <summary>Ends its watches, a part in each turn of the set.</summary>
    public void Close()
    {
        IsOver = true;
        RootPath.Unbind();
        Drop(Root);
    }

    /// <summary>A directory has left the tree, with everything below it.</summary>
    public void Drop(DirectoryNode node)
    {
        node.Leave();
        Set.NoteDeparture(node);
    }

    private static bool IsComplete(WriterState writers, bool isComplete) =>
        writers == WriterState.None || (isComplete && writers == WriterState.Unknown);

    private void ReportComplete(DirectoryNode node, string name, WriterState writers, bool isComplete)
    {
        if (IsComplete(writers, isComplete))
        {
            ReportNoted(node, name, FileChangeKind.Written, isDirectory: false);
        }
    }

    // Records from before are covered by this answer.
    private WriterState AskForWriters(DirectoryNode node, string name)
    {
        if (IsNew || !Interest.HasFlag(FileInterest.Written))
        {
            return WriterState.NoFile;
        }

        long look = Set.Watches.BeginLook();
        WriterState writers = Set.Kernel.WritersOf(node.PathOf(name));
        if (writers == WriterState.None)
        {
            Set.Covered.Add(node, name, look);
        }

        return writers;
    }

    private void ReportIncomplete(DirectoryNode node, string path, bool isDirectory, EventManagerException reason)
    {
        bool isFault = reason.Error == EventManagerError.LimitReached && !IsFaulty;
        IsFaulty |= isFault;
        ReportAt(node, new FileChange(FileChangeKind.Incomplete, path, IsDirectory: isDirectory) { Reason = reason }, isFault);
    }
}

/// <summary>How to watch a tree.</summary>
/// <param name="IsRecursive">Whether directories in it are watched, too.</param>
/// <param name="Interest">What is reported besides existence.</param>
/// <param name="Debounce">How long a name must be quiet before it is reported, in nanoseconds; 0 reports everything.</param>
/// <param name="FollowsPath">Whether it continues with what its path leads to when the root is gone.</param>
internal sealed record FileTreeOptions(bool IsRecursive, FileInterest Interest, long Debounce = 0, bool FollowsPath = false);
