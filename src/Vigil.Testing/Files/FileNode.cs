namespace Vigil.Testing;

/// <summary>A file or directory of a world: an inode with one name at most, since there are no hard links.</summary>
internal sealed class FileNode : IVirtualFile
{
    private readonly World _world;
    private readonly SortedDictionary<string, FileNode>? _entries;
    private FileNode? _pinned;

    public FileNode(World world, bool isDirectory)
    {
        _world = world;
        _entries = isDirectory ? new SortedDictionary<string, FileNode>(StringComparer.Ordinal) : null;
    }

    /// <summary>The directory that contains it; null for the root, and for what was deleted.</summary>
    public FileNode? Parent { get; private set; }

    /// <summary>Its name there.</summary>
    public string Name { get; private set; } = "";

    /// <summary>What a file contains.</summary>
    public List<byte> Contents { get; } = [];

    /// <summary>How many have it open for writing.</summary>
    public int Writers { get; set; }

    /// <summary>
    /// How many files that were deleted in this directory are still open, or hold open ones: as long as there is one, the directory is not
    /// gone, though it has no name any more.
    /// </summary>
    public int Pins { get; private set; }

    /// <summary>Who watches it, in the order in which they began.</summary>
    public List<FileWatch> Watches { get; } = [];

    /// <summary>The names in it, in their order.</summary>
    public IReadOnlyDictionary<string, FileNode> Entries => _entries!;

    public bool IsDirectory => _entries is not null;

    public bool IsRegular => _entries is null;

    public int LinkCount => Parent is null ? 0 : 1;

    public bool? HasWriter => Writers > 0;

    public bool IsRoot { get; init; }

    public string? Path => IsRoot ? "/" : Parent?.Path is { } directory ? System.IO.Path.Join(directory, Name) : null;

    /// <summary>The directory itself, or one below it.</summary>
    public bool IsAtOrBelow(FileNode directory)
    {
        for (FileNode? node = this; node is not null; node = node.Parent)
        {
            if (node == directory)
            {
                return true;
            }
        }

        return false;
    }

    public void Add(string name, FileNode node)
    {
        _entries!.Add(name, node);
        (node.Parent, node.Name) = (this, name);
    }

    public void Remove(string name)
    {
        _entries!.Remove(name, out FileNode? node);
        node!.Parent = null;
    }

    /// <summary>It is deleted, and what was its directory stays until it is gone.</summary>
    public void Pin(FileNode directory)
    {
        _pinned = directory;
        directory.Pins++;
    }

    /// <summary>It is gone. Returns the directory that does not have to stay for it any more.</summary>
    public FileNode? Unpin()
    {
        FileNode? directory = _pinned;
        _pinned = null;
        if (directory is not null)
        {
            directory.Pins--;
        }

        return directory;
    }

    // A file system lists names in an order of its own.
    public IReadOnlyDictionary<string, IVirtualFile> List()
    {
        _world.Directories.FinishMove();
        KeyValuePair<string, FileNode>[] entries = [.. _entries!];
        for (int i = entries.Length - 1; i > 0; i--)
        {
            int other = _world.Random.Next(i + 1);
            (entries[i], entries[other]) = (entries[other], entries[i]);
        }

        return new OrderedDictionary<string, IVirtualFile>(
            entries.Select(entry => KeyValuePair.Create(entry.Key, (IVirtualFile)entry.Value)), StringComparer.Ordinal);
    }
}
