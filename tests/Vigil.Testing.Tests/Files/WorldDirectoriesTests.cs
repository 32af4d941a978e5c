using System.Text;

namespace Vigil.Testing.Tests.Files;

/// <summary>File events in a world.</summary>
public sealed class WorldDirectoriesTests
{
    [Fact]
    public void A_file_that_is_replaced_by_a_rename_is_one_change_in_the_worlds_time() => Simulation.Run(world =>
    {
        WorldDirectories files = world.Directories;
        files.CreateDirectory("/etc/app");
        files.WriteFile("/etc/app/settings", "old"u8);
        List<string> told = [];
        EventManager manager = world.CreateLoop("loop").Manager;
        manager.CreateFileEvent(
            "/etc/app/settings",
            (_, change) =>
            {
                string contents = Encoding.UTF8.GetString(files.ReadFile(change.Path));
                told.Add($"{change} at {world.Clock.Elapsed.TotalSeconds}: {contents}");
            },
            new FileEventOptions { Debounce = TimeSpan.FromSeconds(10) });

        world.At(TimeSpan.FromSeconds(1), () =>
        {
            files.WriteFile("/etc/app/settings.new", "new"u8);
            files.Move("/etc/app/settings.new", "/etc/app/settings");
        });
        world.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(["Changed /etc/app/settings at 11: new"], told);
    });

    [Fact]
    public void A_file_is_complete_when_its_writer_has_closed_it() => Simulation.Run(world =>
    {
        WorldDirectories files = world.Directories;
        files.CreateDirectory("/spool");
        List<string> told = [];
        EventManager manager = world.CreateLoop("loop").Manager;
        manager.CreateFileEvent(
            "/spool", (_, change) => told.Add($"{change}"), new FileEventOptions { Interest = FileInterest.Written });

        using (SimulatedWriter writer = files.OpenWriter("/spool/letter"))
        {
            writer.Write("Dear "u8);
            world.RunUntilIdle();
            writer.Write("all"u8);
            world.RunUntilIdle();
            Assert.Equal(["Created /spool/letter"], told);
        }

        world.RunUntilIdle();
        Assert.Equal(["Created /spool/letter", "Written /spool/letter"], told);
        Assert.Equal("Dear all"u8, files.ReadFile("/spool/letter"));
    });

    [Fact]
    public void A_directory_that_is_gone_ends_its_event_and_one_that_follows_its_path_goes_on() => Simulation.Run(world =>
    {
        WorldDirectories files = world.Directories;
        files.CreateDirectory("/srv/www");
        List<string> told = [];
        EventManager manager = world.CreateLoop("loop").Manager;
        FileEvent ends = manager.CreateFileEvent("/srv/www", (_, change) => told.Add($"ends: {change}"));
        FileEvent follows = manager.CreateFileEvent(
            "/srv/www", (_, change) => told.Add($"follows: {change}"), new FileEventOptions { FollowPath = true });

        files.Delete("/srv", recursive: true);
        world.RunUntilIdle();
        files.CreateDirectory("/srv/www");
        world.RunUntilIdle();

        Assert.True(ends.IsCancelled);
        Assert.False(follows.IsCancelled);
        Assert.Equal(
            ["ends: RootDeleted /srv/www", "follows: Created /srv/www", "follows: RootDeleted /srv/www"],
            told.Order(StringComparer.Ordinal));
        Assert.True(world.Directories.WatchCount > 0);
    });

    [Fact]
    public void Loops_see_what_each_others_callbacks_change() => Simulation.Run(world =>
    {
        WorldDirectories files = world.Directories;
        files.CreateDirectory("/in");
        files.CreateDirectory("/out");
        int done = 0;
        EventManager first = world.CreateLoop("first").Manager;
        EventManager second = world.CreateLoop("second").Manager;
        first.CreateFileEvent(
            "/in",
            (_, change) =>
            {
                if (change.Kind == FileChangeKind.Written)
                {
                    files.Move(change.Path, Path.Combine("/out", Path.GetFileName(change.Path)));
                }
            },
            new FileEventOptions { Interest = FileInterest.Written });
        second.CreateFileEvent("/out", (_, change) => done += change.Kind == FileChangeKind.Created ? 1 : 0);

        for (int i = 0; i < 10; i++)
        {
            files.WriteFile($"/in/{i}", "x"u8);
        }

        world.RunUntil(() => done == 10);
        Assert.Empty(files.List("/in"));
    });

    [Fact]
    public void A_queue_that_is_full_loses_changes_and_says_so()
    {
        Simulation.Run(world =>
        {
            WorldDirectories files = world.Directories;
            files.QueueLimit = 3;
            files.CreateDirectory("/spool");
            List<string> told = [];
            EventManager manager = world.CreateLoop("loop").Manager;
            manager.CreateFileEvent(
                "/spool", (_, change) => told.Add($"{change}"), new FileEventOptions { Interest = FileInterest.None });

            for (int i = 0; i < 5; i++)
            {
                files.WriteFile($"/spool/{i}", "x"u8);
            }

            world.RunUntilIdle();
            Assert.Contains("Overflow /spool", told);
            Assert.Equal(
                ["/spool/0", "/spool/1", "/spool/2", "/spool/3", "/spool/4"],
                told.Where(line => line.StartsWith("Created", StringComparison.Ordinal))
                    .Select(line => line[8..])
                    .Order(StringComparer.Ordinal));
        });
    }

    [Fact]
    public void A_limit_of_watches_refuses_an_event_and_nothing_is_left_behind() => Simulation.Run(world =>
    {
        WorldDirectories files = world.Directories;
        files.CreateDirectory("/srv/www/deep");
        files.WatchLimit = 2;
        EventManager manager = world.CreateLoop("loop").Manager;

        EventManagerException refusal = Assert.Throws<EventManagerException>(
            () => manager.CreateFileEvent("/srv/www", (_, _) => { }, new FileEventOptions { Recursive = true }));

        Assert.Equal(EventManagerError.LimitReached, refusal.Error);
        Assert.Equal(0, files.WatchCount);
        Assert.Throws<EventManagerException>(() => manager.CreateFileEvent("/nowhere/file", (_, _) => { }));
    });

    [Fact]
    public void A_move_whose_halves_are_apart_is_a_move_or_a_deletion_and_a_creation()
    {
        HashSet<string> stories = [];
        Simulation.Run(
            world =>
            {
                WorldDirectories files = world.Directories;
                files.CreateDirectory("/a");
                files.CreateDirectory("/b");
                files.WriteFile("/a/file", "x"u8);
                List<string> told = [];
                EventManager manager = world.CreateLoop("loop").Manager;
                manager.CreateFileEvent(
                    "/",
                    (_, change) => told.Add($"{change}"),
                    new FileEventOptions { Recursive = true, Interest = FileInterest.None });
                world.RunUntilIdle();
                world.Faults.Rarity = 1;
                world.Faults.Allow(FaultKinds.SplitMove);

                files.Move("/a/file", "/b/file");
                world.Advance(TimeSpan.FromSeconds(1));
                stories.Add(string.Join("; ", told));
            },
            new SimulationOptions { RepeatOneIn = 5 });

        Assert.Equal(
            ["Deleted /a/file; Created /b/file", "Moved /a/file to /b/file"], stories.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Whoever_applies_what_is_reported_knows_the_tree_whatever_goes_wrong() => Simulation.Run(
        world =>
        {
            WorldDirectories files = world.Directories;
            var program = new TreeProgram(new WorldTree(files), "/top", world.Random.Next(int.MaxValue));
            SortedSet<string> known = new(StringComparer.Ordinal);
            bool isComplete = false;
            EventManager manager = world.CreateLoop("loop").Manager;
            FileEvent tree = manager.CreateFileEvent(
                "/top/root",
                (_, change) =>
                {
                    isComplete |= change.Kind == FileChangeKind.Rescanned;
                    Apply(change, known);
                },
                new FileEventOptions { Recursive = true, FollowPath = true });
            manager.FaultReported += (_, _) => { };
            world.Faults.Allow(FaultKinds.QueueOverflow | FaultKinds.OutOfWatches | FaultKinds.SplitMove | FaultKinds.Stall);
            for (int i = 0; i < 200; i++)
            {
                program.Step();
                world.Advance(world.Random.Next(TimeSpan.Zero, TimeSpan.FromMilliseconds(30)));
            }

            world.Faults.Stop();
            world.Advance(TimeSpan.FromSeconds(1));
            isComplete = false;
            tree.Rescan();
            world.RunUntil(() => isComplete);
            program.Close();
            world.Advance(TimeSpan.FromSeconds(1));

            Assert.Equal(program.Paths().Order(StringComparer.Ordinal), known);
        },
        new SimulationOptions { Runs = 60 });

    [Theory]
    [InlineData("relative")]
    [InlineData("")]
    public void A_path_is_absolute(string path) => Simulation.Run(
        world => Assert.Throws<ArgumentException>(() => world.Directories.CreateDirectory(path)),
        new SimulationOptions { Runs = 1 });

    [Fact]
    public void What_is_not_possible_is_refused_as_by_a_file_system() => Simulation.Run(
        world =>
        {
            WorldDirectories files = world.Directories;
            files.CreateDirectory("/a/b");
            files.WriteFile("/file", "x"u8);

            Assert.Throws<FileNotFoundException>(() => files.ReadFile("/none"));
            Assert.Throws<DirectoryNotFoundException>(() => files.WriteFile("/none/file", "x"u8));
            Assert.Throws<IOException>(() => files.Delete("/a"));
            Assert.Throws<IOException>(() => files.Delete("/"));
            Assert.Throws<IOException>(() => files.Move("/a", "/a/b/c"));
            Assert.Throws<IOException>(() => files.Move("/file", "/a"));
            Assert.Throws<IOException>(() => files.CreateDirectory("/file/below"));
            Assert.Throws<IOException>(() => files.OpenWriter("/a"));
            files.Move("/a/b", "/b");
            files.Delete("/a");
            Assert.Equal(["b", "file"], files.List("/"));
        },
        new SimulationOptions { Runs = 1 });

    private static void Apply(FileChange change, SortedSet<string> known)
    {
        switch (change.Kind)
        {
            case FileChangeKind.Created when !string.Equals(change.Path, "/top/root", StringComparison.Ordinal):
            case FileChangeKind.Found:
                known.Add(change.Path);
                break;
            case FileChangeKind.Deleted or FileChangeKind.RootDeleted or FileChangeKind.RootMoved:
                Remove(change.Path);
                break;
            case FileChangeKind.Moved:
                Remove(change.Path);
                foreach (string path in known.Where(IsBelow(change.OldPath!)).ToArray())
                {
                    known.Remove(path);
                    known.Add(change.Path + path[change.OldPath!.Length..]);
                }

                break;
        }

        void Remove(string path) => known.RemoveWhere(each => IsBelow(path)(each));

        static Func<string, bool> IsBelow(string directory) => path =>
            string.Equals(path, directory, StringComparison.Ordinal) || path.StartsWith(directory + "/", StringComparison.Ordinal);
    }
}
