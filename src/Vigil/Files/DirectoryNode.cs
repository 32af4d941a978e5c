namespace Vigil;

/// <summary>A directory of a tree, with the names that it holds as far as they were told: whoever listens knows exactly these.</summary>
/// <remarks>
/// A node stands for one directory of the disk. Where another directory takes the name, it gets a node of its own; so whatever hangs on a node ends with it.
/// A node that leaves the tree is marked, and everything below it counts as gone from then on. <see cref="FileTreeSet"/> takes it apart later, some
/// entries a turn.
/// </remarks>
internal sealed class DirectoryNode : WatchUser
{
    private string? _path;
    private int _pathVersion;
    private bool _hasLeft;

    public DirectoryNode(FileTree tree, DirectoryNode? parent, string name)
        : base(tree)
    {
        Parent = parent;
        Name = name;
    }

    public DirectoryNode? Parent { get; private set; }

    /// <summary>Its name in its parent; the root's is its path.</summary>
    public string Name { get; private set; }

    /// <summary>What it holds: a node for a directory, null for anything else.</summary>
    public Dictionary<string, DirectoryNode?> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>With a debounce: its names that are not told yet as they are now. Null while there are none.</summary>
    public Dictionary<string, LinkedListNode<PendingChange>>? Pending { get; set; }

    /// <summary>Its names on which single files are mounted. Null where there are none.</summary>
    public List<MountedFile>? MountedFiles { get; set; }

    /// <summary>What is still to be done with it.</summary>
    public ScanWork Wanted { get; set; }

    /// <summary>What could not be done with it when its path led nowhere, or it could not be opened: it is done the next time that it is looked at.</summary>
    public ScanWork Missed { get; set; }

    /// <summary>What is being done with it.</summary>
    public DirectoryScan? Scan { get; set; }

    /// <summary>The last thing that came, left, or moved in it, if that came by a move. It shows an exchange of two names.</summary>
    public Arrival? LastArrival { get; set; }

    /// <summary>Whether it was told that the directory cannot be watched.</summary>
    public bool IsIncomplete { get; set; }

    public bool IsRoot => Parent is null;

    public override bool IsDetached
    {
        get
        {
            for (DirectoryNode? node = this; node is not null; node = node.Parent)
            {
                if (node._hasLeft)
                {
                    return true;
                }
            }

            return false;
        }
    }

    // Paths follow from the names, so that a move changes one name. Each node keeps its own until something has moved.
    public string Path
    {
        get
        {
            if (Parent is null)
            {
                return Name;
            }

            if (_path is null || _pathVersion != Tree.PathVersion)
            {
                _path = Parent.PathOf(Name);
                _pathVersion = Tree.PathVersion;
            }

            return _path;
        }
    }

    public string PathOf(string name) => System.IO.Path.Join(Path, name);

    /// <summary>Whether it is a directory or one below it.</summary>
    public bool IsAtOrBelow(DirectoryNode? directory)
    {
        for (DirectoryNode? node = this; node is not null && directory is not null; node = node.Parent)
        {
            if (node == directory)
            {
                return true;
            }
        }

        return false;
    }

    public void MoveTo(DirectoryNode parent, string name)
    {
        Parent = parent;
        Name = name;
        Tree.PathVersion++;
    }

    /// <summary>Marks it, and with it what is below it.</summary>
    public void Leave() => _hasLeft = true;
}

/// <summary>A name that something was moved to.</summary>
/// <param name="Name">The name.</param>
/// <param name="From">The directory that it came from; null if that is not in the tree.</param>
/// <param name="OldName">The name that it had there.</param>
internal sealed record Arrival(string Name, DirectoryNode? From, string? OldName);

/// <summary>What a scan is to do with a directory.</summary>
[Flags]
internal enum ScanWork
{
    None = 0,

    /// <summary>Ask the kernel whether the path still leads to the directory that is watched; if not, watch and list it.</summary>
    Verify = 1,

    /// <summary>Compare what it holds with what was told, and tell the difference.</summary>
    List = 2,

    /// <summary>The same with the directories below it.</summary>
    Below = 4,

    /// <summary>Tell everything that is there as found.</summary>
    Found = 8,

    /// <summary>Something was unmounted where it is: if it is another, that is why.</summary>
    Unmounted = 16,

    /// <summary>Something was mounted where it is: if it is another, that is why.</summary>
    Mounted = 32,

    /// <summary>What is to be done with the directories below, too.</summary>
    OfAll = Verify | List | Below | Found,
}
