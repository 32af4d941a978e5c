namespace Vigil;

/// <summary>A directory of a tree, with the names in it that were reported: the listener knows exactly these.</summary>
/// <remarks>
/// A node stands for one directory on disk. If another directory takes the name, it gets a new node, so whatever belongs to a node ends
/// with it. A node that leaves the tree is marked, and everything below it counts as gone from then on. <see cref="FileTreeSet"/>
/// dismantles it later, some entries per turn.
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

    /// <summary>Its entries: a node for a directory, null for anything else.</summary>
    public Dictionary<string, DirectoryNode?> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>With a debounce: its names whose present state is not yet reported. Null if there are none.</summary>
    public Dictionary<string, LinkedListNode<PendingChange>>? Pending { get; set; }

    /// <summary>Its names on which single files are mounted. Null if there are none.</summary>
    public List<MountedFile>? MountedFiles { get; set; }

    /// <summary>The work still to be done on it.</summary>
    public ScanWork Wanted { get; set; }

    /// <summary>
    /// Work that failed because its path led nowhere, or it could not be opened. It is done the next time the directory is visited.
    /// </summary>
    public ScanWork Missed { get; set; }

    /// <summary>The scan in progress.</summary>
    public DirectoryScan? Scan { get; set; }

    /// <summary>
    /// The last change of its names by an arrival, a departure or a move, if that was an arrival by a move; otherwise null. A departure of
    /// the same name then reveals an exchange of two names.
    /// </summary>
    public Arrival? LastArrival { get; set; }

    /// <summary>Whether it was reported that the directory cannot be watched.</summary>
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

    // Paths are derived from names, so that a move changes one name. Each node caches its path until something has moved.
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

    /// <summary>Whether it is a given directory or below that.</summary>
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

    /// <summary>Marks it as gone, and so everything below it.</summary>
    public void Leave() => _hasLeft = true;
}

/// <summary>A name that something was moved to.</summary>
/// <param name="Name">The name.</param>
/// <param name="From">The directory that it came from; null if that is not in the tree.</param>
/// <param name="OldName">The name that it had there.</param>
internal sealed record Arrival(string Name, DirectoryNode? From, string? OldName);

/// <summary>The work of a scan on a directory.</summary>
[Flags]
internal enum ScanWork
{
    None = 0,

    /// <summary>Check whether the path still leads to the watched directory; if not, watch and list the new one.</summary>
    Verify = 1,

    /// <summary>Compare its contents with what was reported, and report the difference.</summary>
    List = 2,

    /// <summary>The same for the directories below it.</summary>
    Below = 4,

    /// <summary>Report everything there as found.</summary>
    Found = 8,

    /// <summary>Something was unmounted at its path: if it is another directory now, that is the reason.</summary>
    Unmounted = 16,

    /// <summary>Something was mounted at its path: if it is another directory now, that is the reason.</summary>
    Mounted = 32,

    /// <summary>The work that extends to the directories below.</summary>
    OfAll = Verify | List | Below | Found,
}
