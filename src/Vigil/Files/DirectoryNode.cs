namespace Vigil.Files;

/// <summary>A directory of a tree, with the names that it holds as far as they were told: whoever listens knows exactly these.</summary>
internal sealed class DirectoryNode
{
    private string? _path;
    private int _pathVersion;

    public DirectoryNode(FileTree tree, DirectoryNode? parent, string name)
    {
        Tree = tree;
        Parent = parent;
        Name = name;
    }

    public FileTree Tree { get; }

    public DirectoryNode? Parent { get; private set; }

    /// <summary>Its name in its parent; the root's is its path.</summary>
    public string Name { get; private set; }

    /// <summary>What it holds: a node for a directory, null for anything else.</summary>
    public Dictionary<string, DirectoryNode?> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>The kernel's watch, or null while there is none.</summary>
    public DirectoryWatch? Watch { get; set; }

    /// <summary>What is still to be done with it.</summary>
    public ScanWork Wanted { get; set; }

    /// <summary>What is being done with it.</summary>
    public DirectoryScan? Scan { get; set; }

    /// <summary>Whether it was told that the directory cannot be watched.</summary>
    public bool IsIncomplete { get; set; }

    /// <summary>Whether it has left its tree.</summary>
    public bool IsDetached { get; set; }

    public bool IsRoot => Parent is null;

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

    public void MoveTo(DirectoryNode parent, string name)
    {
        Parent = parent;
        Name = name;
        Tree.PathVersion++;
    }
}

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
}
