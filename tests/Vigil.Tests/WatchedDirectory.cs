namespace Vigil.Tests;

/// <summary>A directory of its own for a test, a manager that watches it, and what was told so far.</summary>
internal sealed class WatchedDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("vigil-");
    private int _fences;

    public WatchedDirectory(EventManagerOptions? options = null)
    {
        Root = _directory.CreateSubdirectory("files").FullName;
        Manager = new EventManager(options ?? new EventManagerOptions());
    }

    public EventManager Manager { get; }

    // Below a directory of its own, since what happens beside the root in its directory wakes the loop.
    public string Root { get; }

    public List<FileChange> Changes { get; } = [];

    /// <summary>What was told, as short lines without the directory's path.</summary>
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
    /// Runs the loop until everything has been told that has happened so far. The kernel keeps its order, so a change that is made
    /// last, in another directory, is told last.
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
            // Scans of directories that have appeared go on.
        }
    }

    /// <summary>What was told since the last call, when everything has been.</summary>
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
