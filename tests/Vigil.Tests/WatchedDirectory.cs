namespace Vigil.Tests;

/// <summary>A directory for one test, a manager that watches it, and the reports so far.</summary>
internal sealed class WatchedDirectory : IDisposable
{
    private const string FilesInMemory = "/dev/shm";

    private readonly DirectoryInfo _directory;
    private int _fences;

    /// <param name="options">The options of the manager.</param>
    /// <param name="isLarge">Whether the test creates thousands of files. They are in memory then, if there is a file system for
    /// that.</param>
    public WatchedDirectory(EventManagerOptions? options = null, bool isLarge = false)
    {
        _directory = isLarge && Directory.Exists(FilesInMemory)
            ? Directory.CreateDirectory(Path.Combine(FilesInMemory, $"vigil-{Guid.NewGuid():N}"))
            : Directory.CreateTempSubdirectory("vigil-");
        Root = _directory.CreateSubdirectory("files").FullName;
        Manager = new EventManager(options ?? new EventManagerOptions());
    }

    public EventManager Manager { get; }

    // Below a directory of its own, because changes beside the root in its parent directory wake the loop.
    public string Root { get; }

    public List<FileChange> Changes { get; } = [];

    /// <summary>The reports, as short lines without the directory's path.</summary>
    public string[] Lines => [.. Changes.Select(Line)];

    public string At(string path) => Path.Combine(Root, path);

    public FileEvent Watch(
        string path = "",
        bool recursive = false,
        FileInterest interest = FileInterest.None,
        TimeSpan debounce = default,
        FileEventCallback? callback = null,
        bool follow = false) =>
        Manager.CreateFileEvent(
            At(path),
            callback ?? ((_, change) => Changes.Add(change)),
            new FileEventOptions { Recursive = recursive, Interest = interest, Debounce = debounce, FollowPath = follow });

    public string Write(string path, string contents = "x")
    {
        File.WriteAllText(At(path), contents);
        return At(path);
    }

    public string Make(string path) => Directory.CreateDirectory(At(path)).FullName;

    public void Move(string from, string to) => File.Move(At(from), At(to), overwrite: true);

    /// <summary>
    /// Runs the loop until everything that has happened so far has been reported. The kernel keeps its order, so a final change in another
    /// directory is reported last.
    /// </summary>
    public void Settle()
    {
        DirectoryInfo elsewhere = Directory.CreateTempSubdirectory("vigil-fence-");
        bool isTold = false;
        using FileEvent fence = Manager.CreateFileEvent(elsewhere.FullName, (_, _) => isTold = true);
        File.WriteAllText(Path.Combine(elsewhere.FullName, $"fence{_fences++}"), "");
        Manager.RunUntil(() => isTold);
        elsewhere.Delete(recursive: true);
        while (Manager.RunOnce(TimeSpan.Zero) > 0)
        {
            // Scans of directories that have appeared continue.
        }
    }

    /// <summary>The reports since the last call, after all have been made.</summary>
    public string[] Told()
    {
        Settle();
        string[] lines = Lines;
        Changes.Clear();
        return lines;
    }

    public static void Execute(string program, params string[] arguments)
    {
        (int exitCode, string error) = ExternalProgram.Run(program, arguments);
        Assert.True(exitCode == 0, error);
    }

    public void Dispose()
    {
        Manager.Dispose();
        _directory.Delete(recursive: true);
    }

    private string Line(FileChange change)
    {
        string path = Path.GetRelativePath(Root, change.Path) + (change.IsDirectory ? "/" : "");
        return change.OldPath is null ? $"{change.Kind} {path}" : $"{change.Kind} {Path.GetRelativePath(Root, change.OldPath)} {path}";
    }
}
