using System.Runtime.InteropServices;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>File watching at the kernel's limits, which the test has set in a user namespace of its own, and without permission.</summary>
internal static partial class FileScenarios
{
    private const int FewWatches = 8;
    private const uint Nobody = 65534;

    /// <summary>At the limit of watches a tree is refused and leaves nothing behind; one that grows past the limit is reported as
    /// incomplete, and the rest of it stays watched.</summary>
    public static void Limits(string[] args)
    {
        using var files = new Files();
        using var manager = new EventManager();
        var reports = new List<FaultReport>();
        manager.FaultReported += (_, report) => reports.Add(report);
        var recursive = new FileEventOptions { Recursive = true };
        for (int i = 0; i < FewWatches; i++)
        {
            Directory.CreateDirectory(Path.Combine(files.Root, "wide", $"{i}"));
        }

        // Refused, twice; afterwards all eight watches are still available.
        for (int i = 0; i < 2; i++)
        {
            EventManagerException refusal = Expect<EventManagerException>(
                () => manager.CreateFileEvent(files.Root, (_, _) => { }, recursive));
            Check(refusal is { Error: EventManagerError.LimitReached, Errno: 28 }, refusal.ToString());
            Check(refusal.Message.Contains("/proc/sys/user/max_inotify_watches allows (8)", StringComparison.Ordinal), refusal.Message);
        }

        Directory.Delete(Path.Combine(files.Root, "wide"), recursive: true);
        var changes = new List<FileChange>();
        using FileEvent tree = manager.CreateFileEvent(files.Root, (_, change) => changes.Add(change), recursive);
        for (int i = 0; i < FewWatches + 2; i++)
        {
            Directory.CreateDirectory(Path.Combine(files.Root, $"{i}"));
        }

        RunUntil(() => changes.Count(change => change.Kind == FileChangeKind.Incomplete) == 4);
        Check(
            changes.Where(change => change.Kind == FileChangeKind.Incomplete).All(
                change => change.Reason!.Error == EventManagerError.LimitReached),
            "another reason");
        Check(
            reports is [{ Origin: FaultOrigin.Registration, Exception: EventManagerException { Errno: 28 } }],
            $"{reports.Count} reports");

        // When watches are free again, a rescan finds what was missed.
        File.WriteAllText(Path.Combine(files.Root, "9", "missed"), "");
        foreach (int i in Enumerable.Range(0, 5))
        {
            Directory.Delete(Path.Combine(files.Root, $"{i}"));
        }

        RunUntil(() => changes.Count(change => change.Kind == FileChangeKind.Deleted) == 5);
        changes.Clear();
        tree.Rescan();
        RunUntil(() => changes.Any(change => change.Kind == FileChangeKind.Rescanned));
        Check(changes.Any(change => change.Path.EndsWith("/9/missed", StringComparison.Ordinal)), string.Join('\n', changes));
        Check(changes.All(change => change.Kind != FileChangeKind.Incomplete), string.Join('\n', changes));

        void RunUntil(Func<bool> condition)
        {
            while (!condition())
            {
                manager.RunOnce();
            }
        }
    }

    /// <summary>At the limit of instances the refusal names the limit; without descriptors it says so.</summary>
    public static void Instances(string[] args)
    {
        using var files = new Files();
        var managers = new List<EventManager>();
        EventManagerException refusal = Expect<EventManagerException>(() =>
        {
            while (true)
            {
                var manager = new EventManager();
                managers.Add(manager);
                manager.CreateFileEvent(files.Root, (_, _) => { });
            }
        });
        Check(refusal is { Error: EventManagerError.LimitReached, Errno: 24 }, refusal.ToString());
        Check(refusal.Message.Contains("/proc/sys/user/max_inotify_instances allows (2)", StringComparison.Ordinal), refusal.Message);

        // The refused manager works as soon as another one releases its instance.
        managers[0].Dispose();
        using FileEvent source = managers[^1].CreateFileEvent(files.Root, (_, _) => { });
        managers.ForEach(manager => manager.Dispose());
    }

    /// <summary>When a file system is unmounted, everything below its path is gone; if it is the root, the event is over.</summary>
    public static void Unmounts(string[] args)
    {
        using var files = new Files();
        string point = Directory.CreateDirectory(Path.Combine(files.Root, "point")).FullName;
        Check(mount("vigil", point, "tmpfs", 0, 0) == 0, "a file system could not be mounted");
        Directory.CreateDirectory(Path.Combine(point, "sub"));
        using var manager = new EventManager();
        var outer = new List<FileChange>();
        var inner = new List<FileChange>();
        var recursive = new FileEventOptions { Recursive = true };
        using FileEvent tree = manager.CreateFileEvent(files.Root, (_, change) => outer.Add(change), recursive);
        using FileEvent root = manager.CreateFileEvent(point, (_, change) => inner.Add(change), recursive);
        Directory.CreateDirectory(Path.Combine(point, "sub", "new"));
        manager.RunUntil(() => outer.Count > 0 && inner.Count > 0);
        Check(umount2(point, 0) == 0, "watching keeps a file system from being unmounted");

        // Each watched directory of it is reported, in the kernel's order.
        var gone = new FileChange(FileChangeKind.Unmounted, point, IsDirectory: true);
        manager.RunUntil(() => root.IsCancelled && outer.Contains(gone));
        Check(
            inner.Contains(gone) && outer.Skip(1).All(change => change.Kind == FileChangeKind.Unmounted),
            string.Join('\n', [.. outer, .. inner]));
        Check(!tree.IsCancelled, "the wrong one is over");

        // The covered directory is visible again, and after a rescan it is watched.
        tree.Rescan();
        manager.RunUntil(() => outer.Any(change => change.Kind == FileChangeKind.Rescanned));
        File.WriteAllText(Path.Combine(point, "below"), "");
        manager.RunUntil(() => outer.Any(change => change.Kind == FileChangeKind.Created && change.Path == Path.Combine(point, "below")));
    }

    /// <summary>In a directory without search permission it is unknown whether a file exists: that is reported, not the file's deletion.
    /// Later changes are reported, too.</summary>
    public static void Unsearchable(string[] args)
    {
        using var files = new Files();
        string directory = Directory.CreateDirectory(Path.Combine(files.Root, "directory")).FullName;
        string file = Path.Combine(directory, "file");
        File.WriteAllText(file, "");
        const UnixFileMode Everything = (UnixFileMode)0b111_111_111;
        File.SetUnixFileMode(files.Root, Everything);
        File.SetUnixFileMode(directory, Everything);
        File.SetUnixFileMode(file, Everything);
        bool isRoot = Environment.IsPrivilegedProcess;
        Check(
            !isRoot || (chown(directory, Nobody, Nobody) == 0 && setresuid(Nobody, Nobody, 0) == 0),
            "another user could not be taken on");
        using var manager = new EventManager();
        var changes = new List<FileChange>();
        var options = new FileEventOptions { Interest = FileInterest.Contents };
        using FileEvent watch = manager.CreateFileEvent(file, (_, change) => changes.Add(change), options);
        File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        watch.Rescan();
        RunUntil(FileChangeKind.Rescanned);
        Check(
            changes is [{ Kind: FileChangeKind.Incomplete, Reason.Errno: 13 }, { Kind: FileChangeKind.Rescanned }],
            string.Join('\n', changes));

        // A link into it is watched as a link.
        string link = Path.Combine(files.Root, "link");
        File.CreateSymbolicLink(link, file);
        using (FileEvent linked = manager.CreateFileEvent(link, (_, _) => { }))
        {
            Check(string.Equals(linked.Path, link, StringComparison.Ordinal), linked.Path);
        }

        changes.Clear();
        File.SetUnixFileMode(directory, Everything);
        File.AppendAllText(file, "more");
        RunUntil(FileChangeKind.Changed);
        watch.Rescan();
        RunUntil(FileChangeKind.Rescanned);
        Check(
            changes.All(change => change.Kind is FileChangeKind.Changed or FileChangeKind.Found or FileChangeKind.Rescanned),
            string.Join('\n', changes));
        Check(!isRoot || setresuid(0, 0, 0) == 0, "the old user could not be taken on again");

        void RunUntil(FileChangeKind kind)
        {
            while (changes.All(change => change.Kind != kind))
            {
                manager.RunOnce();
            }
        }
    }

    /// <summary>A directory without read permission is reported, and watched once it has the permission; as a root it is refused.</summary>
    public static void Permissions(string[] args)
    {
        using var files = new Files();
        string closed = Directory.CreateDirectory(Path.Combine(files.Root, "closed")).FullName;
        File.WriteAllText(Path.Combine(closed, "file"), "");
        File.SetUnixFileMode(closed, UnixFileMode.None);
        File.SetUnixFileMode(files.Root, (UnixFileMode)0b111_111_111);
        bool isRoot = Environment.IsPrivilegedProcess;
        Check(!isRoot || (chown(closed, Nobody, Nobody) == 0 && setresuid(Nobody, Nobody, 0) == 0), "another user could not be taken on");
        using var manager = new EventManager();
        var changes = new List<FileChange>();
        EventManagerException refusal = Expect<EventManagerException>(() => manager.CreateFileEvent(closed, (_, _) => { }));
        Check(refusal is { Error: EventManagerError.AccessDenied, Errno: 13 }, refusal.ToString());
        using FileEvent tree = manager.CreateFileEvent(
            files.Root,
            (_, change) => changes.Add(change),
            new FileEventOptions { Recursive = true, Interest = FileInterest.None });
        RunUntil(FileChangeKind.Incomplete);
        Check(changes[0].Reason is { Error: EventManagerError.AccessDenied }, changes[0].ToString());
        File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        RunUntil(FileChangeKind.Created);
        Check(changes.Count == 2 && changes[1].Path == Path.Combine(closed, "file"), string.Join('\n', changes));
        Check(!isRoot || setresuid(0, 0, 0) == 0, "the old user could not be taken on again");

        void RunUntil(FileChangeKind kind)
        {
            while (changes.All(change => change.Kind != kind))
            {
                manager.RunOnce();
            }
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chown(string path, uint user, uint group);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string type, nuint flags, nint data);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    [LibraryImport("libc")]
    private static partial int setresuid(uint real, uint effective, uint saved);

    private sealed class Files : IDisposable
    {
        public string Root { get; } = Directory.CreateTempSubdirectory("vigil-").FullName;

        public void Dispose() => Directory.Delete(Root, recursive: true);
    }
}
