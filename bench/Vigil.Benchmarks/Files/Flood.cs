using System.Diagnostics;

namespace Vigil.Benchmarks.Files;

/// <summary>Files that are created and deleted as fast as one thread can: two events each, because nothing is written to them.</summary>
internal static class Flood
{
    private const int EventsAFile = 2;

    /// <summary>Events per second, from the first creation to the last callback.</summary>
    public static double Vigil(int files)
    {
        using var directory = new TemporaryDirectory();
        using var manager = new EventManager();
        int told = 0;
        manager.CreateFileEvent(
            directory.Path,
            (_, change) => told += Counts(change.Kind),
            new FileEventOptions { Interest = FileInterest.None });
        long start = Stopwatch.GetTimestamp();
        var writer = new Thread(() => Write(directory.Path, files));
        writer.Start();
        while (told < files * EventsAFile)
        {
            manager.RunOnce();
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        writer.Join();
        return files * EventsAFile / elapsed.TotalSeconds;
    }

    /// <inheritdoc cref="Vigil"/>
    public static double Framework(int files)
    {
        using var directory = new TemporaryDirectory();
        using var done = new ManualResetEventSlim();
        using var watcher = new FileSystemWatcher(directory.Path) { NotifyFilter = NotifyFilters.FileName };
        int told = 0;
        FileSystemEventHandler count = (_, _) =>
        {
            if (Interlocked.Increment(ref told) == files * EventsAFile)
            {
                done.Set();
            }
        };
        watcher.Created += count;
        watcher.Deleted += count;
        watcher.Error += (_, error) => throw new InvalidOperationException("Events were lost.", error.GetException());
        watcher.EnableRaisingEvents = true;
        long start = Stopwatch.GetTimestamp();
        var writer = new Thread(() => Write(directory.Path, files));
        writer.Start();
        done.Wait();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        writer.Join();
        return files * EventsAFile / elapsed.TotalSeconds;
    }

    /// <summary>The same without a watcher: the cost of the files themselves.</summary>
    public static double Nobody(int files)
    {
        using var directory = new TemporaryDirectory();
        long start = Stopwatch.GetTimestamp();
        Write(directory.Path, files);
        return files * EventsAFile / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Events per second that are already queued: the loop's own speed.</summary>
    public static double Drain(int files)
    {
        using var directory = new TemporaryDirectory();
        using var manager = new EventManager();
        int told = 0;
        manager.CreateFileEvent(
            directory.Path,
            (_, change) => told += Counts(change.Kind),
            new FileEventOptions { Interest = FileInterest.None });
        Write(directory.Path, files);
        long start = Stopwatch.GetTimestamp();
        while (told < files * EventsAFile)
        {
            manager.RunOnce();
        }

        return files * EventsAFile / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static int Counts(FileChangeKind kind) =>
        kind == FileChangeKind.Overflow ? throw new InvalidOperationException("Events were lost.") : 1;

    private static void Write(string directory, int files)
    {
        for (int i = 0; i < files; i++)
        {
            string path = Path.Combine(directory, $"file{i}");
            File.Create(path).Dispose();
            File.Delete(path);
        }
    }
}
