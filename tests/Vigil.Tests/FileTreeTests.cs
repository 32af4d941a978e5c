namespace Vigil.Tests;

/// <summary>Reports about a directory with everything below it.</summary>
public sealed class FileTreeTests
{
    [Fact]
    public void A_directory_that_appears_is_told_with_everything_that_it_holds_already_and_nothing_twice()
    {
        using var files = new WatchedDirectory();
        FileEvent tree = files.Watch(recursive: true);
        files.Make("a/b/c");
        files.Write("a/1");
        files.Write("a/b/2");
        files.Write("a/b/c/3");
        string[] told = files.Told();
        Assert.Equal(
            ["Created a/", "Created a/1", "Created a/b/", "Created a/b/2", "Created a/b/c/", "Created a/b/c/3"],
            told.Order(StringComparer.Ordinal));
        Assert.Equal("Created a/", told[0]);
        Assert.Equal(4, tree.DirectoryCount);

        // It is watched from then on.
        files.Write("a/b/c/4");
        Assert.Equal(["Created a/b/c/4"], files.Told());
    }

    [Fact]
    public void A_directory_that_moves_takes_the_paths_below_it_along()
    {
        using var files = new WatchedDirectory();
        files.Make("a/b/c");
        files.Make("d");
        files.Watch(recursive: true);
        Directory.Move(files.At("a/b"), files.At("d/e"));
        files.Write("d/e/c/file");
        Assert.Equal(["Moved a/b d/e/", "Created d/e/c/file"], files.Told());
        Directory.Move(files.At("d"), files.At("f"));
        File.Delete(files.At("f/e/c/file"));
        Assert.Equal(["Moved d f/", "Deleted f/e/c/file"], files.Told());
    }

    [Fact]
    public void A_directory_that_moves_out_takes_its_watches_with_it_and_one_that_moves_in_is_told_with_what_it_holds()
    {
        using var files = new WatchedDirectory();
        files.Make("tree/a/b");
        files.Make("outside/c/d");
        files.Write("outside/c/d/file");
        FileEvent tree = files.Watch("tree", recursive: true);
        Directory.Move(files.At("tree/a"), files.At("outside/a"));
        files.Write("outside/a/b/unseen");
        Assert.Equal(["Deleted tree/a/"], files.Told());
        Assert.Equal(1, tree.DirectoryCount);
        files.Write("outside/a/b/unseen too");
        Directory.Move(files.At("outside/c"), files.At("tree/c"));
        Assert.Equal(["Created tree/c/", "Created tree/c/d/", "Created tree/c/d/file"], files.Told());
        Assert.Equal(3, tree.DirectoryCount);
    }

    [Fact]
    public void Directories_that_are_renamed_faster_than_their_events_are_read_end_with_the_right_paths()
    {
        using var files = new WatchedDirectory();
        files.Watch(recursive: true);
        files.Make("a");
        files.Write("a/1");
        Directory.Move(files.At("a"), files.At("b"));
        files.Make("a");
        files.Write("a/2");
        Directory.Move(files.At("b"), files.At("c"));
        Directory.Move(files.At("a"), files.At("b"));
        files.Settle();
        Assert.Equal(Told.OnDisk(files.Root), Told.By(files));

        files.Changes.Clear();
        files.Write("b/3");
        files.Write("c/4");
        Assert.Equal(["Created b/3", "Created c/4"], files.Told());
    }

    [Fact]
    public void Names_that_are_exchanged_at_once_are_both_still_there()
    {
        using var files = new WatchedDirectory();
        files.Make("one/x");
        files.Make("two/y");
        files.Write("3");
        files.Write("4");
        var told = new Told(files.Root);
        files.Watch(recursive: true, callback: (_, change) => told.Apply(change));
        Posix.Exchange(files.At("one"), files.At("two"));
        Posix.Exchange(files.At("3"), files.At("4"));
        files.Settle();
        Assert.Equal(Told.OnDisk(files.Root), told.Paths);
        files.Write("one/y/file");
        files.Settle();
        Assert.Equal(Told.OnDisk(files.Root), told.Paths);
    }

    [Fact]
    public void Files_that_are_exchanged_at_once_are_told_to_have_changed_while_others_arrive()
    {
        using var files = new WatchedDirectory();
        files.Make("other");
        files.Write("1", "one");
        files.Write("other/2", "two");
        var mirror = new FileMirror(files.Root);
        files.Watch(recursive: true, interest: FileInterest.Contents, callback: (_, change) => mirror.Apply(change));
        for (int i = 0; i < 50; i++)
        {
            files.Write($"other/arrives{i}");
            Posix.Exchange(files.At("1"), files.At("other/2"));
            files.Move($"other/arrives{i}", $"arrived{i}");
            if (i % 10 == 9)
            {
                files.Settle();
                Assert.Equal(FileMirror.OnDisk(files.Root), mirror.Known);
            }
        }
    }

    [Fact]
    public void Directories_that_are_exchanged_while_another_thread_makes_others_are_never_deaf()
    {
        using var files = new WatchedDirectory();
        files.Make("a/one");
        files.Write("a/file", "a");
        files.Make("b/two");
        files.Write("b/file", "b");
        files.Make("others");
        var mirror = new FileMirror(files.Root);
        files.Watch(recursive: true, interest: FileInterest.Contents, callback: (_, change) => mirror.Apply(change));
        var exchanges = new Thread(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                Posix.Exchange(files.At("a"), files.At("b"));
            }
        });
        var arrivals = new Thread(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                string path = files.Make($"others/{i}");
                Directory.Move(path, files.At($"moved{i}"));
            }
        });
        exchanges.Start();
        arrivals.Start();
        while (exchanges.IsAlive || arrivals.IsAlive)
        {
            files.Manager.RunOnce(TimeSpan.FromMilliseconds(1));
        }

        files.Settle();
        Assert.Equal(FileMirror.OnDisk(files.Root), mirror.Known);
        files.Write("a/later");
        files.Write("b/two/later");
        files.Settle();
        Assert.Equal(FileMirror.OnDisk(files.Root), mirror.Known);
    }

    [Fact]
    public void No_descriptor_survives_a_manager_that_is_disposed_while_a_tree_is_scanned()
    {
        using var files = new WatchedDirectory(isLarge: true);
        Generate(files.At("outside"), 3000, seed: 3);
        files.Make("tree");
        files.Watch("tree", recursive: true);
        Directory.Move(files.At("outside"), files.At("tree/inside"));
        files.Manager.RunUntil(() => files.Changes.Count > 100);
        files.Manager.Dispose();
        Assert.DoesNotContain(
            Directory.GetFiles("/proc/self/fd"),
            fd => new FileInfo(fd).LinkTarget is { } target && target.StartsWith(files.Root, StringComparison.Ordinal));
    }

    [Fact]
    public void A_tree_that_leaves_is_taken_apart_some_directories_a_turn_and_its_watches_are_there_for_others_at_once()
    {
        using var files = new WatchedDirectory(isLarge: true);
        for (int i = 0; i < 3000; i++)
        {
            files.Make($"tree/inside/{i}");
        }

        FileEvent tree = files.Watch("tree", recursive: true, debounce: TimeSpan.FromMilliseconds(1));
        Directory.Move(files.At("tree/inside"), files.At("outside"));
        int greatest = 0;
        while (tree.DirectoryCount > 1)
        {
            int before = tree.DirectoryCount;
            files.Manager.RunOnce(TimeSpan.FromMilliseconds(20));
            greatest = Math.Max(greatest, before - tree.DirectoryCount);
        }

        // One iteration may have two turns: one for the kernel's event and one that continues.
        Assert.InRange(greatest, 1, 2048);
        files.Manager.RunUntil(() => files.Changes.Count > 0);
        Assert.Equal(["Deleted tree/inside/"], files.Lines);
    }

    [Fact]
    public void A_tree_of_2000_files_that_is_removed_while_it_is_watched_ends_as_a_rescan_would_find_it()
    {
        using var files = new WatchedDirectory(isLarge: true);
        Generate(files.At("tree"), 2000, seed: 1);
        files.Make("tree/stays");
        files.Write("tree/stays/file");
        var told = new Told(files.Root);
        FileEvent tree = files.Watch(recursive: true, callback: (_, change) => told.Apply(change));
        Assert.True(told.Paths.Count > 2000);
        foreach (string directory in Directory.GetDirectories(files.At("tree")).Where(
            path => !path.EndsWith("stays", StringComparison.Ordinal)))
        {
            WatchedDirectory.Execute("rm", "-rf", directory);
        }

        files.Settle();
        Assert.Equal(["tree", "tree/stays", "tree/stays/file"], told.Paths);
        Rescan(files, tree, told);
    }

    [Fact]
    public void A_checkout_of_another_version_of_2000_files_ends_as_a_rescan_would_find_it()
    {
        // As git checkout does: files that differ are written under another name and renamed, and meanwhile files and emptied directories
        // are removed.
        using var files = new WatchedDirectory(isLarge: true);
        Generate(files.At("tree"), 2000, seed: 1);
        var told = new Told(files.Root);
        FileEvent tree = files.Watch(
            "tree",
            recursive: true,
            interest: FileInterest.Contents | FileInterest.Attributes,
            callback: (_, change) => told.Apply(change));
        Generate(files.At("other"), 2000, seed: 2);
        var checkout = new Thread(() => Checkout(files.At("tree"), files.At("other")));
        checkout.Start();
        while (checkout.IsAlive)
        {
            files.Manager.RunOnce(TimeSpan.FromMilliseconds(1));
        }

        files.Settle();
        Assert.Equal(
            Told.OnDisk(files.At("tree")).Select(path => $"tree/{path}").Prepend("tree"),
            Told.OnDisk(files.Root).Where(path => path.StartsWith("tree", StringComparison.Ordinal)));
        Assert.Equal(Told.OnDisk(files.At("tree")), told.Below("tree"));
        Rescan(files, tree, told);
    }

    [Fact]
    public void A_rescan_tells_everything_that_is_there_as_found_and_then_that_it_is_complete()
    {
        using var files = new WatchedDirectory();
        files.Make("a/b");
        files.Write("a/b/file");
        FileEvent tree = files.Watch(recursive: true);
        tree.Rescan();
        string[] told = files.Told();
        Assert.Equal(["Found a/", "Found a/b/", "Found a/b/file", "Rescanned ./"], told);
    }

    [Fact]
    public void A_rescan_of_a_single_file_tells_whether_it_is_there()
    {
        using var files = new WatchedDirectory();
        FileEvent file = files.Watch("file");
        file.Rescan();
        Assert.Equal(["Rescanned file"], files.Told());
        files.Write("file");
        Assert.Equal(["Created file"], files.Told());
        file.Rescan();
        Assert.Equal(["Found file", "Rescanned file"], files.Told());
    }

    [Fact]
    public void A_great_tree_that_appears_is_scanned_in_turns_that_leave_room_for_others()
    {
        using var files = new WatchedDirectory(isLarge: true);
        Generate(files.At("outside"), 5000, seed: 3);
        files.Make("tree");
        var told = new Told(files.Root);
        files.Watch("tree", recursive: true, callback: (_, change) => told.Apply(change));
        Directory.Move(files.At("outside"), files.At("tree/inside"));
        int greatest = 0;
        int turns = 0;
        int entries = Told.OnDisk(files.At("tree")).Count();
        files.Manager.RunUntil(() =>
        {
            int before = told.Count;
            files.Manager.RunOnce(TimeSpan.Zero);
            greatest = Math.Max(greatest, told.Count - before);
            return ++turns > 1 && told.Count >= entries;
        });
        Assert.InRange(greatest, 1, 2048);
        Assert.Equal(Told.OnDisk(files.At("tree")), told.Below("tree"));
    }

    [Fact]
    public void When_the_kernels_queue_overflows_that_is_told_and_the_difference_after_it()
    {
        using var files = new WatchedDirectory();
        files.Make("tree/gone");
        files.Write("tree/gone/file");
        files.Make("flood");
        var told = new Told(files.Root);
        FileEvent tree = files.Watch("tree", recursive: true, callback: (_, change) =>
        {
            files.Changes.Add(change);
            told.Apply(change);
        });
        files.Watch("flood", callback: (_, _) => { });
        Flood(files);
        Directory.Delete(files.At("tree/gone"), recursive: true);
        files.Make("tree/new/below");
        files.Write("tree/new/below/file");
        files.Settle();
        Assert.Equal("Overflow tree/", files.Lines[0]);
        Assert.Equal(Told.OnDisk(files.At("tree")), told.Below("tree"));

        files.Changes.Clear();
        files.Write("tree/new/below/later");
        Assert.Equal(["Created tree/new/below/later"], files.Told());
        Rescan(files, tree, told);
    }

    [Fact]
    public void A_watched_directory_that_is_deleted_while_the_queue_is_full_is_told_to_be_gone()
    {
        using var files = new WatchedDirectory();
        files.Make("root");
        files.Make("flood");
        FileEvent root = files.Watch("root");
        files.Watch("flood", callback: (_, _) => { });
        Flood(files);
        Directory.Delete(files.At("root"));
        files.Manager.RunUntil(() => root.IsCancelled);
        Assert.Equal(["Overflow root/", "RootDeleted root/"], files.Lines);
    }

    [Fact]
    public void A_followed_path_whose_directories_come_back_while_the_queue_is_full_is_found_again()
    {
        using var files = new WatchedDirectory();
        files.Make("a/b/root");
        files.Make("flood");
        files.Watch("a/b/root", follow: true);
        Directory.Delete(files.At("a"), recursive: true);
        Assert.Equal(["RootDeleted a/b/root/"], files.Told());
        files.Watch("flood", callback: (_, _) => { });
        Flood(files);
        files.Make("a/b");
        files.Settle();
        files.Make("a/b/root");
        Assert.Equal("Created a/b/root/", files.Told()[^1]);
    }

    [Fact]
    public void A_directory_that_may_not_be_read_is_told_and_watched_as_soon_as_it_may_be()
    {
        if (Environment.IsPrivilegedProcess)
        {
            // Root may read everything. The test child does this as another user.
            return;
        }

        using var files = new WatchedDirectory();
        files.Make("closed");
        files.Write("closed/file");
        File.SetUnixFileMode(files.At("closed"), UnixFileMode.None);
        files.Watch(recursive: true);
        Assert.Equal(["Incomplete closed/"], files.Told());
        File.SetUnixFileMode(files.At("closed"), UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        Assert.Equal(["Created closed/file"], files.Told());
    }

    private static void Rescan(WatchedDirectory files, FileEvent tree, Told told)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        told.Found = found;
        tree.Rescan();
        files.Manager.RunUntil(() => told.IsRescanned);
        Assert.Equal(found, told.BelowPath(tree.Path));
    }

    private static void Flood(WatchedDirectory files)
    {
        int limit = int.Parse(
            File.ReadAllText("/proc/sys/fs/inotify/max_queued_events"),
            System.Globalization.CultureInfo.InvariantCulture);
        for (int i = 0; i <= limit / 2; i++)
        {
            string path = files.At($"flood/{i % 2}");
            File.WriteAllBytes(path, []);
            File.Delete(path);
        }
    }

    private static void Generate(string root, int count, int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < count; i++)
        {
            string directory = Path.Combine(root, $"d{random.Next(20)}", $"e{random.Next(5)}");
            Directory.CreateDirectory(directory);
            File.WriteAllText(
                Path.Combine(directory, $"f{random.Next(200)}-{i % 40}"),
                seed.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    private static void Checkout(string tree, string other)
    {
        string[] wanted = [.. Told.OnDisk(other)];
        foreach (string path in Told.OnDisk(tree).Except(wanted, StringComparer.Ordinal).Reverse())
        {
            string full = Path.Combine(tree, path);
            if (Directory.Exists(full))
            {
                Directory.Delete(full);
            }
            else
            {
                File.Delete(full);
            }
        }

        foreach (string path in wanted)
        {
            string full = Path.Combine(tree, path);
            if (Directory.Exists(Path.Combine(other, path)))
            {
                Directory.CreateDirectory(full);
            }
            else
            {
                File.Copy(Path.Combine(other, path), $"{full}.new");
                File.Move($"{full}.new", full, overwrite: true);
            }
        }
    }
}
