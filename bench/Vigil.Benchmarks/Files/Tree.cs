using System.Diagnostics;

namespace Vigil.Benchmarks.Files;

/// <summary>A tree of directories with ten files each, and the cost of beginning to watch it.</summary>
internal static class Tree
{
    private const int FilesADirectory = 10;

    public static double Vigil(int directories)
    {
        using var directory = new TemporaryDirectory();
        Make(directory.Path, directories);
        using var manager = new EventManager();
        long start = Stopwatch.GetTimestamp();
        Watch(manager, directory.Path);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    public static double Framework(int directories)
    {
        using var directory = new TemporaryDirectory();
        Make(directory.Path, directories);
        long start = Stopwatch.GetTimestamp();
        using FileSystemWatcher watcher = Watch(directory.Path);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    public static double VigilMemory(int directories)
    {
        using var directory = new TemporaryDirectory();
        Make(directory.Path, directories);
        using var manager = new EventManager();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Watch(manager, directory.Path);
        return (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / (directories * (FilesADirectory + 1));
    }

    public static double FrameworkMemory(int directories)
    {
        using var directory = new TemporaryDirectory();
        Make(directory.Path, directories);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using FileSystemWatcher watcher = Watch(directory.Path);
        return (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / (directories * (FilesADirectory + 1));
    }

    private static void Watch(EventManager manager, string path) =>
        manager.CreateFileEvent(path, (_, _) => { }, new FileEventOptions { Recursive = true });

    private static FileSystemWatcher Watch(string path)
    {
        var watcher = new FileSystemWatcher(path) { IncludeSubdirectories = true };
        watcher.Created += (_, _) => { };
        watcher.EnableRaisingEvents = true;
        return watcher;
    }

    private static void Make(string root, int directories)
    {
        for (int i = 0; i < directories; i++)
        {
            string directory = Path.Combine(root, $"directory{i / 100}", $"directory{i}");
            Directory.CreateDirectory(directory);
            for (int j = 0; j < FilesADirectory; j++)
            {
                File.Create(Path.Combine(directory, $"file{j}")).Dispose();
            }
        }
    }
}
