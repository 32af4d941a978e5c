using System.Globalization;

namespace Vigil.Tests.Shared;

/// <summary>
/// The knowledge of a program that has read a tree once, and then applies the reported changes in their order: all paths, with kind, mode,
/// and contents. Contents and mode are read by path when the path is reported, as by a program that keeps a copy.
/// </summary>
/// <remarks>It throws for a change that cannot be applied: a path that is reported twice, or is unknown, or whose directory is
/// unknown.</remarks>
internal sealed class FileMirror
{
    private readonly string _root;
    private readonly SortedDictionary<string, string> _known;

    public FileMirror(string root)
    {
        _root = root;
        _known = OnDisk(root);
    }

    /// <summary>Paths with their states.</summary>
    public IReadOnlyDictionary<string, string> Known => _known;

    /// <summary>The number of known directories, including the root.</summary>
    public int DirectoryCount => 1 + _known.Values.Count(IsDirectory);

    /// <summary>Whether an overflow was reported: contents are unknown until a rescan.</summary>
    public bool HasOverflowed { get; set; }

    /// <summary>All paths below a path, with their states.</summary>
    public static SortedDictionary<string, string> OnDisk(string root)
    {
        var disk = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Read(root);
        return disk;

        void Read(string directory)
        {
            foreach (string path in Directory.GetFileSystemEntries(directory))
            {
                string state = StateOf(path);
                disk.Add(path, state);
                if (IsDirectory(state))
                {
                    Read(path);
                }
            }
        }
    }

    /// <summary>Applies a change.</summary>
    /// <exception cref="InvalidOperationException">It cannot be applied.</exception>
    public void Apply(FileChange change)
    {
        bool isRoot = string.Equals(change.Path, _root, StringComparison.Ordinal);
        switch (change.Kind)
        {
            case FileChangeKind.Created when isRoot:
                Require(_known.Count == 0, change, "what was below it is known still");
                break;
            case FileChangeKind.Created:
                Require(!_known.ContainsKey(change.Path), change, "it was told twice");
                RequireDirectory(change);
                _known.Add(change.Path, StateOf(change.Path, change.IsDirectory));
                break;
            case FileChangeKind.Deleted:
                Require(_known.TryGetValue(change.Path, out string? state), change, "it was not known");
                Require(IsDirectory(state!) == change.IsDirectory, change, $"it was known as {state}");
                _known.Remove(change.Path);
                RemoveBelow(change.Path);
                break;
            case FileChangeKind.Moved:
                Move(change);
                break;
            case FileChangeKind.Found:
                RequireDirectory(change);
                Require(
                    !_known.TryGetValue(change.Path, out state) || IsDirectory(state) == change.IsDirectory,
                    change,
                    $"it was known as {state}");
                _known[change.Path] = StateOf(change.Path, change.IsDirectory);
                break;
            case FileChangeKind.Changed or FileChangeKind.AttributesChanged or FileChangeKind.Written:
                Require(isRoot || _known.ContainsKey(change.Path), change, "it was not known");
                if (!isRoot)
                {
                    _known[change.Path] = StateOf(change.Path, change.IsDirectory);
                }

                break;
            case FileChangeKind.Unmounted or FileChangeKind.RootDeleted or FileChangeKind.RootMoved:
                RemoveBelow(change.Path);
                if (!isRoot && _known.ContainsKey(change.Path))
                {
                    _known[change.Path] = StateOf(change.Path, isDirectory: true);
                }

                break;
            case FileChangeKind.Overflow:
                HasOverflowed = true;
                break;
            case FileChangeKind.Rescanned:
                break;
            default:
                Require(false, change, "nobody expected that");
                break;
        }
    }

    private static bool IsDirectory(string state) => state.StartsWith("directory", StringComparison.Ordinal);

    private static string StateOf(string path)
    {
        try
        {
            FileAttributes attributes = File.GetAttributes(path);
            if (attributes.HasFlag(FileAttributes.ReparsePoint))
            {
                return $"link to {new FileInfo(path).LinkTarget}";
            }

            string mode = ((int)File.GetUnixFileMode(path)).ToString(CultureInfo.InvariantCulture);
            return attributes.HasFlag(FileAttributes.Directory) ? $"directory {mode}" : $"file {mode} {File.ReadAllText(path)}";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "gone since";
        }
    }

    // The path may be something else by now, which later changes will report.
    private static string StateOf(string path, bool isDirectory)
    {
        string state = StateOf(path);
        return IsDirectory(state) == isDirectory ? state : isDirectory ? "directory" : "gone since";
    }

    private static void Require(bool condition, FileChange change, string objection)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"{change}: {objection}.");
        }
    }

    private void RequireDirectory(FileChange change)
    {
        string directory = Path.GetDirectoryName(change.Path)!;
        bool isKnown = string.Equals(directory, _root, StringComparison.Ordinal)
            || (_known.TryGetValue(directory, out string? state) && IsDirectory(state));
        Require(isKnown, change, "its directory was not known");
    }

    private void Move(FileChange change)
    {
        Require(_known.Remove(change.OldPath!, out string? state), change, "the old path was not known");
        Require(IsDirectory(state!) == change.IsDirectory, change, $"it was known as {state}");
        KeyValuePair<string, string>[] below = Below(change.OldPath!);
        Require(!change.Path.StartsWith(change.OldPath + "/", StringComparison.Ordinal), change, "it would be below itself");
        RemoveBelow(change.OldPath!);
        RemoveBelow(change.Path);
        RequireDirectory(change);
        _known[change.Path] = StateOf(change.Path, change.IsDirectory);
        foreach ((string path, string stateBelow) in below)
        {
            string moved = change.Path + path[change.OldPath!.Length..];
            _known.Add(moved, StateOf(moved, IsDirectory(stateBelow)));
        }
    }

    private void RemoveBelow(string directory)
    {
        foreach ((string path, _) in Below(directory))
        {
            _known.Remove(path);
        }
    }

    private KeyValuePair<string, string>[] Below(string directory) =>
        [.. _known.Where(entry => entry.Key.StartsWith(directory + "/", StringComparison.Ordinal))];
}
