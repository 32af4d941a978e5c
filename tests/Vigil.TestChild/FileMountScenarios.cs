using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>Mounting and unmounting in and above watched directories, in a mount namespace of its own.</summary>
internal static partial class FileMountScenarios
{
    private const nuint MS_BIND = 4096;
    private const int MNT_DETACH = 2;
    private const int O_RDWR = 2;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>Changes of a single file that is mounted on a name are reported, whichever path they are made by, and so is the file that
    /// is visible after unmounting.</summary>
    public static void SingleFiles(string[] args)
    {
        foreach (string watched in new[] { "seen/settings", "seen", "" })
        {
            foreach (bool isMountedLater in new[] { false, true })
            {
                using var files = new Tree();
                string host = files.Write("host", "1");
                string seen = files.Write("seen/settings", "");
                string path = Path.Combine(files.Root, watched);
                using var manager = new EventManager();
                var changes = new List<FileChange>();
                if (!isMountedLater)
                {
                    Bind(host, seen);
                }

                var options = new FileEventOptions
                {
                    Recursive = watched.Length == 0,
                    Interest = FileInterest.Contents | FileInterest.Attributes | FileInterest.Written,
                };
                using FileEvent file = manager.CreateFileEvent(path, (_, change) => changes.Add(change), options);
                if (isMountedLater)
                {
                    Bind(host, seen);
                    Expect(FileChangeKind.Changed);
                }

                File.AppendAllText(host, "2");
                Expect(FileChangeKind.Changed, FileChangeKind.Written);
                File.AppendAllText(seen, "3");
                Expect(FileChangeKind.Changed, FileChangeKind.Written);
                File.SetUnixFileMode(host, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                Expect(FileChangeKind.AttributesChanged);
                Unmount(seen);
                Expect(FileChangeKind.Changed);
                File.AppendAllText(seen, "4");
                Expect(FileChangeKind.Changed, FileChangeKind.Written);

                void Expect(params FileChangeKind[] kinds)
                {
                    Run(
                        manager,
                        () => kinds.All(
                            kind => changes.Any(
                                change => change.Kind == kind && string.Equals(change.Path, seen, StringComparison.Ordinal))),
                        changes);
                    changes.Clear();
                }
            }
        }
    }

    /// <summary>The unmounting of a directory that is also mounted elsewhere causes no record of its own; the list of mounts shows
    /// it.</summary>
    public static void BindMounts(string[] args)
    {
        using var files = new Tree();
        files.Write("host/sub/file", "1");
        files.Write("tree/point/below", "1");
        string tree = Path.Combine(files.Root, "tree");
        string point = Path.Combine(tree, "point");
        Bind(Path.Combine(files.Root, "host"), point);
        using var manager = new EventManager();
        var changes = new List<FileChange>();
        var ofPoint = new List<FileChange>();
        var recursive = new FileEventOptions { Recursive = true };
        using FileEvent outer = manager.CreateFileEvent(tree, (_, change) => changes.Add(change), recursive);
        using FileEvent inner = manager.CreateFileEvent(point, (_, change) => ofPoint.Add(change), recursive);
        var mirror = new FileMirror(tree);
        int applied = 0;
        File.WriteAllText(Path.Combine(files.Root, "host/sub/new"), "");
        Run(manager, () => changes.Count > 0 && ofPoint.Count > 0, changes);

        Unmount(point);
        Run(manager, () => inner.IsCancelled && Applied(), changes);
        Check(ofPoint[^1] == new FileChange(FileChangeKind.Unmounted, point, IsDirectory: true), string.Join('\n', ofPoint));
        Check(
            !outer.IsCancelled && changes.Contains(new FileChange(FileChangeKind.Unmounted, point, IsDirectory: true)),
            string.Join('\n', changes));
        File.WriteAllText(Path.Combine(point, "later"), "");
        Run(manager, Applied, changes);

        // A file system that is mounted later is watched, too.
        Bind(Path.Combine(files.Root, "host"), point);
        Run(manager, Applied, changes);
        File.WriteAllText(Path.Combine(files.Root, "host/sub/newer"), "");
        Run(manager, Applied, changes);

        // A mount over the root: the watched directory is covered.
        Bind(Path.Combine(files.Root, "host"), tree);
        Run(manager, () => outer.IsCancelled, changes);
        Check(changes[^1].Kind == FileChangeKind.RootMoved, string.Join('\n', changes));

        // An event that follows its path continues with what is visible.
        changes.Clear();
        applied = 0;
        using FileEvent following = manager.CreateFileEvent(
            tree,
            (_, change) => changes.Add(change),
            new FileEventOptions { Recursive = true, FollowPath = true });
        mirror = new FileMirror(tree);
        Unmount(tree);
        Run(manager, Applied, changes);
        Check(changes.Exists(change => change.Kind == FileChangeKind.Unmounted) && !following.IsCancelled, string.Join('\n', changes));
        Unmount(point);

        bool Applied()
        {
            while (changes.Count > 0 && applied < changes.Count)
            {
                mirror.Apply(changes[applied++]);
            }

            return FileMirror.OnDisk(tree).SequenceEqual(mirror.Known);
        }
    }

    /// <summary>A directory that cannot be read is reported and skipped: a file system whose program is dead, and a path that is too long
    /// for the kernel.</summary>
    public static void BadDirectory(string[] args)
    {
        using var files = new Tree();
        files.Write("good/file", "");
        string dead = Directory.CreateDirectory(Path.Combine(files.Root, "dead")).FullName;
        int fuse = open("/dev/fuse", O_RDWR);
        bool hasFuse = fuse >= 0
            && mount(
                "vigil",
                dead,
                "fuse",
                0,
                string.Create(CultureInfo.InvariantCulture, $"fd={fuse},rootmode=40000,user_id=0,group_id=0")) == 0;
        if (fuse >= 0)
        {
            Check(close(fuse) == 0, "close failed");
        }

        string start = Environment.CurrentDirectory;
        Environment.CurrentDirectory = Directory.CreateDirectory(Path.Combine(files.Root, "long")).FullName;
        for (int i = 0; i < 45; i++)
        {
            string name = new('x', 100);
            Check(mkdir(name, 0b111_101_101) == 0 && chdir(name) == 0, "no deep directory could be made");
        }

        Check(chdir(start) == 0, "chdir failed");
        using (var manager = new EventManager())
        {
            var changes = new List<FileChange>();
            using FileEvent tree = manager.CreateFileEvent(
                files.Root,
                (_, change) => changes.Add(change),
                new FileEventOptions { Recursive = true });
            File.WriteAllText(Path.Combine(files.Root, "good", "new"), "");
            Run(manager, () => changes.Exists(change => change.Kind == FileChangeKind.Created), changes);
            int[] reasons = [.. changes.Where(
                change => change.Kind == FileChangeKind.Incomplete).Select(change => change.Reason!.Errno).Order()];
            Check(reasons.SequenceEqual(hasFuse ? [36, 107] : [36]), string.Join('\n', changes));
        }

        if (hasFuse)
        {
            Unmount(dead);
        }
    }

    /// <summary>If a directory does not give the types of its entries, each entry is asked. One that cannot be asked does not count as
    /// gone.</summary>
    public static void KindlessEntries(string[] args)
    {
        const int EIO = 5;
        using var directory = new Tree();
        using KindlessFiles? files = KindlessFiles.TryMount(directory.Root);
        if (files is null)
        {
            Console.Error.WriteLine("This system does not allow file systems of programs.");
            return;
        }

        using var manager = new EventManager();
        var changes = new List<FileChange>();
        using FileEvent tree = manager.CreateFileEvent(
            directory.Root,
            (_, change) => changes.Add(change),
            new FileEventOptions { Recursive = true });
        Check(tree.DirectoryCount == 2, $"{tree.DirectoryCount} directories");
        string[] all = ["Found /below True", "Found /below/file False", "Found /file False"];
        Rescan(all);
        files.IsBroken = true;
        Rescan([all[0], all[2], "Incomplete /below True"]);
        Check(changes.Find(change => change.Kind == FileChangeKind.Incomplete).Reason is { Errno: EIO }, string.Join('\n', changes));
        files.IsBroken = false;
        Rescan(all);

        void Rescan(string[] told)
        {
            changes.Clear();
            tree.Rescan();
            Run(manager, () => changes.Exists(change => change.Kind == FileChangeKind.Rescanned), changes);
            string[] seen =
            [
                .. changes.Where(change => change.Kind != FileChangeKind.Rescanned)
                    .Select(change => $"{change.Kind} {change.Path[directory.Root.Length..]} {change.IsDirectory}")
                    .Order(StringComparer.Ordinal),
            ];
            Check(seen.SequenceEqual(told.Order(StringComparer.Ordinal)), string.Join('\n', changes));
        }
    }

    /// <summary>If the list of mounts cannot be read, a mount is reported as soon as it can: the kernel announces it only once.</summary>
    public static void UnreadableList(string[] args)
    {
        const int ENOMEM = 12;
        using var files = new Tree();
        files.Write("point/below", "1");
        string point = Path.Combine(files.Root, "point");
        using var manager = new EventManager();
        var changes = new List<FileChange>();
        var faults = new List<FaultReport>();
        manager.FaultReported += (_, report) => faults.Add(report);
        using FileEvent tree = manager.CreateFileEvent(
            files.Root,
            (_, change) => changes.Add(change),
            new FileEventOptions { Recursive = true });
        bool couldRefuse = false;
        int turns = 0;
        var loop = new Thread(() =>
        {
            couldRefuse = SystemCallFilter.TryRefuse(SystemCallFilter.PositionedRead, ENOMEM);
            if (couldRefuse)
            {
                Check(mount("vigil", point, "tmpfs", 0, null) == 0, "nothing could be mounted");
                long start = Stopwatch.GetTimestamp();
                for (; Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(300); turns++)
                {
                    manager.RunOnce(TimeSpan.FromMilliseconds(100));
                }
            }
        });
        loop.Start();
        loop.Join();
        if (!couldRefuse)
        {
            Console.Error.WriteLine("This system does not allow filters of system calls.");
            return;
        }

        Check(
            faults is [{ Exception: EventManagerException { Errno: ENOMEM, Error: EventManagerError.System } }],
            string.Join('\n', faults));
        // A spinning loop makes tens of thousands of turns.
        Check(turns < 200, $"{turns} turns");
        string inside = files.Write("point/inside", "1");
        Run(
            manager,
            () => changes.Any(
                change => change.Kind == FileChangeKind.Created && string.Equals(change.Path, inside, StringComparison.Ordinal)),
            changes);
        Check(faults.Count == 1, string.Join('\n', faults));
        Unmount(point);
    }

    /// <summary>A follower knows what is there even if file systems and single files are mounted and unmounted among all other
    /// changes.</summary>
    public static void AtRandom(string[] args)
    {
        int rounds = int.TryParse(Environment.GetEnvironmentVariable("VIGIL_FILE_ROUNDS"), CultureInfo.InvariantCulture, out int value)
            ? value / 10
            : 4;
        for (int seed = 0; seed < rounds; seed++)
        {
            AtRandom(seed, follows: seed % 2 == 1);
        }
    }

    private static void AtRandom(int seed, bool follows)
    {
        using var directory = new Tree();
        var random = new Random(seed);
        var files = new RandomFiles(directory.Root, random);
        for (int i = 0; i < 20; i++)
        {
            files.Change();
        }

        using var manager = new EventManager();
        var history = new List<string>();
        var mirror = new FileMirror(files.Root);
        var options = new FileEventOptions
        {
            Recursive = true,
            Debounce = seed % 3 == 2 ? TimeSpan.FromMilliseconds(20) : TimeSpan.Zero,
            Interest = FileInterest.Contents | FileInterest.Attributes,
            FollowPath = follows,
        };
        using FileEvent tree = manager.CreateFileEvent(
            files.Root,
            (_, change) =>
            {
                history.Add($"    {change}");
                mirror.Apply(change);
            },
            options);
        for (int i = 0; i < 300; i++)
        {
            switch (random.Next(16))
            {
                case 0 when MountsBelow(directory.Root).Length < 8:
                    Mount(files, random, history);
                    break;
                case 1 when MountsBelow(directory.Root) is { Length: > 0 } mounts:
                    string path = mounts[random.Next(mounts.Length)];
                    history.Add($"unmount {path}: {umount2(path, MNT_DETACH)}");
                    break;
                case < 12:
                    files.Change();
                    history.Add(files.Last);
                    break;
                case < 15:
                    manager.RunOnce(TimeSpan.Zero);
                    break;
                default:
                    Settle();
                    break;
            }
        }

        while (MountsBelow(directory.Root) is { Length: > 0 } mounts)
        {
            // A mount that another one covers can be reached when that one is gone.
            string? unmounted = mounts.Reverse().FirstOrDefault(path => umount2(path, MNT_DETACH) == 0);
            Check(unmounted is not null, $"none can be unmounted: {string.Join(", ", mounts)}");
            history.Add($"unmount {unmounted}");
        }

        Settle();

        void Settle()
        {
            history.Add("settles");
            try
            {
                Run(manager, () => FileMirror.OnDisk(files.Root).SequenceEqual(mirror.Known), []);
            }
            catch (Exception exception)
            {
                Check(
                    false,
                    $"seed {seed}: {exception}\n{string.Join('\n', history)}\non disk: "
                        + $"{string.Join(", ", FileMirror.OnDisk(files.Root))}\ntold: {string.Join(", ", mirror.Known)}");
            }
        }
    }

    // The names consist of letters only. A mount may have moved with a directory above it.
    private static string[] MountsBelow(string directory) =>
        [.. File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')[4]).Where(
            path => path.StartsWith(directory + "/", StringComparison.Ordinal))];

    private static void Mount(RandomFiles files, Random random, List<string> history)
    {
        (string from, string to) = (files.RandomPath(), files.RandomPath());
        bool isFile = File.Exists(to) && new FileInfo(to).LinkTarget is null;
        bool isDirectory = Directory.Exists(to) && new DirectoryInfo(to).LinkTarget is null;
        bool isNew = isDirectory && random.Next(2) == 0;
        if (isNew ? mount("vigil", to, "tmpfs", 0, null) == 0
            : (isFile && File.Exists(from) || isDirectory && Directory.Exists(from)) && mount(from, to, null, MS_BIND, null) == 0)
        {
            history.Add($"mount {(isNew ? "tmpfs" : from)} {to}");
        }
    }

    private static void Run(EventManager manager, Func<bool> condition, IEnumerable<FileChange> told)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            manager.RunOnce(TimeSpan.FromMilliseconds(20));
            Check(Stopwatch.GetElapsedTime(start) < Limit, $"never told; told: {string.Join(", ", told)}");
        }
    }

    private static void Bind(string from, string to) =>
        Check(mount(from, to, null, MS_BIND, null) == 0, $"{from} could not be mounted on {to}");

    private static void Unmount(string path) =>
        Check(umount2(path, MNT_DETACH) == 0, $"{path} could not be unmounted: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int mount(string source, string target, string? type, nuint flags, string? data);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int umount2(string target, int flags);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    private static partial int close(int fd);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chdir(string path);

    private sealed class Tree : IDisposable
    {
        public string Root { get; } = Directory.CreateTempSubdirectory("vigil-").FullName;

        public string Write(string path, string contents)
        {
            string full = Path.Combine(Root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, contents);
            return full;
        }

        // Paths may be too long for the framework.
        public void Dispose() => Process.Start("rm", ["-rf", Root]).WaitForExit();
    }
}
