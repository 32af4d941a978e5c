namespace Vigil.Tests;

/// <summary>The knowledge of a program that has read a tree once and then only applies reports.</summary>
internal sealed class Told
{
    private readonly string _root;
    private readonly SortedSet<string> _paths = new(StringComparer.Ordinal);

    public Told(string root)
    {
        _root = root;
        _paths.UnionWith(OnDisk(root));
    }

    /// <summary>The number of changes reported so far.</summary>
    public int Count { get; private set; }

    public IReadOnlyCollection<string> Paths => _paths;

    /// <summary>Collects a rescan's findings.</summary>
    public SortedSet<string>? Found { get; set; }

    public bool IsRescanned { get; private set; }

    public static IEnumerable<string> OnDisk(string root) => Directory
        .EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(root, path))
        .Order(StringComparer.Ordinal);

    /// <summary>The same from changes that began with an empty directory.</summary>
    public static IEnumerable<string> By(WatchedDirectory files)
    {
        var told = new Told(files.Root);
        told._paths.Clear();
        files.Changes.ForEach(told.Apply);
        return told.Paths;
    }

    public IEnumerable<string> Below(string directory) =>
        _paths.Where(path => path.StartsWith(directory + "/", StringComparison.Ordinal)).Select(path => path[(directory.Length + 1)..]);

    public IEnumerable<string> BelowPath(string path) =>
        path.Length == _root.Length
            ? _paths
            : _paths.Where(entry => entry.StartsWith(Path.GetRelativePath(_root, path) + "/", StringComparison.Ordinal));

    /// <summary>Applies a change, and fails for one that is not possible: an appearance of a known path, or a change of an unknown
    /// one.</summary>
    public void Apply(FileChange change)
    {
        Count++;
        string path = Path.GetRelativePath(_root, change.Path);
        switch (change.Kind)
        {
            case FileChangeKind.Created:
                Assert.True(_paths.Add(path), $"{path} was told twice.");
                break;
            case FileChangeKind.Deleted:
                Assert.True(_paths.Remove(path), $"{path} was not known, and is told to be gone.");
                RemoveBelow(path);
                break;
            case FileChangeKind.Moved:
                Move(Path.GetRelativePath(_root, change.OldPath!), path);
                break;
            case FileChangeKind.Changed or FileChangeKind.AttributesChanged or FileChangeKind.Written:
                Assert.True(path is "." || _paths.Contains(path), $"{path} was not known, and is told to have changed.");
                break;
            case FileChangeKind.Found:
                Assert.True(Found!.Add(path), $"{path} was found twice.");
                break;
            case FileChangeKind.Rescanned:
                IsRescanned = true;
                break;
        }
    }

    private void RemoveBelow(string directory)
    {
        foreach (string entry in Inside(directory))
        {
            _paths.Remove(entry);
        }
    }

    // In the order of the paths they follow the directory's path with a slash.
    private string[] Inside(string directory)
    {
        string prefix = $"{directory}/";
        return [.. _paths.GetViewBetween(prefix, $"{prefix}\uFFFF")];
    }

    private void Move(string from, string to)
    {
        Assert.True(_paths.Remove(from), $"{from} was not known, and is told to have moved.");
        RemoveBelow(to);
        _paths.Add(to);
        foreach (string entry in Inside(from))
        {
            _paths.Remove(entry);
            _paths.Add(to + entry[from.Length..]);
        }
    }
}
