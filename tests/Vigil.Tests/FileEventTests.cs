namespace Vigil.Tests;

/// <summary>Reports about a directory or a file, each change as it comes.</summary>
public sealed class FileEventTests
{
    [Fact]
    public void What_appears_in_a_directory_changes_and_disappears_is_told_in_order()
    {
        using var files = new WatchedDirectory();
        files.Write("old");
        files.Watch(interest: FileInterest.Contents | FileInterest.Attributes | FileInterest.Written);
        files.Write("new");
        File.SetUnixFileMode(files.At("new"), UnixFileMode.UserRead);
        File.Delete(files.At("new"));
        File.Delete(files.At("old"));
        files.Make("directory");
        Assert.Equal(
            ["Created new", "Changed new", "Written new", "AttributesChanged new", "Deleted new", "Deleted old", "Created directory/"],
            files.Told());
    }

    [Fact]
    public void Only_what_is_asked_for_is_told_beside_existence()
    {
        using var files = new WatchedDirectory();
        files.Watch(interest: FileInterest.None);
        var changed = new List<FileChangeKind>();
        files.Watch(interest: FileInterest.Contents, callback: (_, change) => changed.Add(change.Kind));
        files.Write("file");
        File.SetUnixFileMode(files.At("file"), UnixFileMode.UserRead);
        Assert.Equal(["Created file"], files.Told());
        Assert.Equal([FileChangeKind.Created, FileChangeKind.Changed], changed);
    }

    [Fact]
    public void A_move_within_the_directory_is_one_change_with_both_paths()
    {
        using var files = new WatchedDirectory();
        files.Write("a");
        files.Watch();
        files.Move("a", "b");
        Assert.Equal(["Moved a b"], files.Told());
    }

    [Fact]
    public void What_is_moved_out_is_deleted_and_what_is_moved_in_is_created_or_changed()
    {
        using var files = new WatchedDirectory();
        files.Make("watched");
        files.Write("watched/leaves");
        files.Write("watched/replaced");
        files.Write("comes");
        files.Write("replaces");
        files.Watch("watched");
        files.Move("watched/leaves", "left");
        files.Move("comes", "watched/came");
        files.Move("replaces", "watched/replaced");
        Assert.Equal(["Deleted watched/leaves", "Created watched/came", "Changed watched/replaced"], files.Told());
    }

    [Fact]
    public void The_callbacks_of_an_iteration_are_counted_one_a_change()
    {
        using var files = new WatchedDirectory();
        files.Watch();
        files.Write("a");
        files.Write("b");
        files.Write("c");
        Assert.Equal(3, files.Manager.RunOnce(Patience.Limit));
        Assert.Equal(0, files.Manager.RunOnce(TimeSpan.Zero));
    }

    [Fact]
    public void A_file_that_does_not_exist_yet_is_watched_by_its_name_and_its_neighbours_are_not()
    {
        using var files = new WatchedDirectory();
        FileEvent file = files.Watch("settings", interest: FileInterest.Contents);
        Assert.Equal(files.At("settings"), file.Path);
        files.Write("neighbour");
        files.Write("settings");
        files.Write("temporary");
        files.Move("temporary", "settings");
        files.Move("settings", "elsewhere");
        Assert.Equal(["Created settings", "Changed settings", "Changed settings", "Deleted settings"], files.Told());
    }

    [Fact]
    public void The_deletion_of_the_watched_directory_is_told_and_ends_the_event()
    {
        using var files = new WatchedDirectory();
        files.Make("root/below");
        FileEvent root = files.Watch("root", recursive: true);
        Directory.Delete(files.At("root"), recursive: true);
        files.Manager.RunUntil(() => root.IsCancelled);
        Assert.Equal(["Deleted root/below/", "RootDeleted root/"], files.Lines);
        EventManagerException refusal = Assert.Throws<EventManagerException>(root.Rescan);
        Assert.Equal(EventManagerError.NotRegistered, refusal.Error);
    }

    [Fact]
    public void The_move_of_the_watched_directory_is_told_and_ends_the_event()
    {
        using var files = new WatchedDirectory();
        files.Make("root");
        FileEvent root = files.Watch("root");
        FileEvent inRoot = files.Watch("root/file");
        Directory.Move(files.At("root"), files.At("other"));
        files.Manager.RunUntil(() => root.IsCancelled && inRoot.IsCancelled);
        Assert.Equal(["RootMoved root/", "RootMoved root/"], files.Lines);
    }

    [Fact]
    public void Several_events_on_one_directory_share_its_watch_and_each_is_told_until_it_is_cancelled()
    {
        using var files = new WatchedDirectory();
        int others = 0;
        FileEvent first = files.Watch();
        using FileEvent second = files.Watch(callback: (_, _) => others++);
        using FileEvent file = files.Watch("b", callback: (_, _) => others += 10);
        files.Write("a");
        Assert.Equal(["Created a"], files.Told());
        first.Cancel();
        files.Write("b");
        Assert.Empty(files.Told());
        Assert.Equal(12, others);
    }

    [Fact]
    public void An_event_hears_nothing_of_what_happened_before_it_was_created()
    {
        using var files = new WatchedDirectory();
        files.Watch(interest: FileInterest.Contents, callback: (_, _) => { });
        files.Write("file");
        files.Move("file", "renamed");
        files.Watch(interest: FileInterest.Contents);
        files.Write("later");
        Assert.Equal(["Created later", "Changed later"], files.Told());
    }

    [Fact]
    public void A_cancelled_event_is_not_told_what_was_reported_already()
    {
        using var files = new WatchedDirectory();
        FileEvent? other = null;
        int told = 0;
        using FileEvent first = files.Watch(callback: (source, _) =>
        {
            told++;
            source.Cancel();
            other!.Cancel();
        });
        other = files.Watch();
        files.Write("a");
        files.Write("b");
        Assert.Equal(1, files.Manager.RunOnce(Patience.Limit));
        Assert.Equal(0, files.Manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(1, told);
        Assert.Empty(files.Changes);
    }

    [Fact]
    public void Events_can_be_created_and_the_manager_disposed_in_a_callback()
    {
        using var files = new WatchedDirectory();
        files.Watch(callback: (source, _) =>
        {
            source.Cancel();
            files.Watch(callback: (_, change) =>
            {
                files.Changes.Add(change);
                files.Manager.Dispose();
            });
        });
        files.Write("a");
        files.Manager.RunOnce(Patience.Limit);
        files.Write("b");
        files.Write("c");
        files.Manager.RunOnce(Patience.Limit);
        Assert.Equal("Created b", files.Lines[0]);
        Assert.Throws<ObjectDisposedException>(() => files.Manager.RunOnce());
    }

    [Fact]
    public void A_callback_that_throws_costs_no_other_change_its_callback()
    {
        using var files = new WatchedDirectory();
        FileEvent source = files.Watch(callback: (_, change) =>
        {
            files.Changes.Add(change);
            throw new InvalidOperationException(Path.GetFileName(change.Path));
        });
        var reports = new List<FaultReport>();
        files.Manager.FaultReported += (_, report) => reports.Add(report);
        files.Write("a");
        files.Write("b");
        AggregateException exception = Assert.Throws<AggregateException>(() => files.Manager.RunOnce(Patience.Limit));
        Assert.Equal(["a", "b"], exception.InnerExceptions.Select(inner => inner.Message));
        Assert.All(reports, report => Assert.Equal((FaultOrigin.FileEvent, source), (report.Origin, report.Event)));
        Assert.Equal(2, files.Changes.Count);
    }

    [Fact]
    public void Under_Detach_a_callback_that_throws_is_its_last()
    {
        using var files = new WatchedDirectory(new EventManagerOptions { FaultPolicy = FaultPolicy.Detach });
        FileEvent source = files.Watch(callback: (_, change) =>
        {
            files.Changes.Add(change);
            throw new InvalidOperationException();
        });
        files.Manager.FaultReported += (_, _) => { };
        files.Write("a");
        files.Write("b");
        files.Manager.RunOnce(Patience.Limit);
        Assert.Single(files.Changes);
        Assert.True(source.IsCancelled);
    }

    [Fact]
    public void One_inotify_instance_is_open_as_long_as_there_are_file_events()
    {
        using var files = new WatchedDirectory();
        Assert.Equal(0, Instances());
        FileEvent first = files.Watch();
        FileEvent second = files.Watch("file");
        Assert.Equal(1, Instances());
        first.Cancel();
        Assert.Equal(1, Instances());
        second.Cancel();
        Assert.Equal(0, Instances());
        static int Instances() => Directory.GetFiles("/proc/self/fd").Count(fd => new FileInfo(fd).LinkTarget is "anon_inode:inotify");
    }

    [Fact]
    public void The_managers_own_instance_is_nobodys_source()
    {
        using var files = new WatchedDirectory();
        files.Watch();
        Assert.Empty(files.Manager.GetSources());
        Assert.Empty(files.Manager.GetTimers());
        Assert.Contains("0 sources", files.Manager.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_are_not_UTF8_stay_distinct_and_lead_back_to_their_bytes()
    {
        using var files = new WatchedDirectory();
        files.Watch(recursive: true);
        byte[] directory = [.. System.Text.Encoding.UTF8.GetBytes(files.Root), (byte)'/', 0xE9, (byte)'t', 0xE9];
        byte[] file = [.. directory, (byte)'/', 0xFF];
        Posix.MakeDirectory(directory);
        Posix.MakeDirectory([.. System.Text.Encoding.UTF8.GetBytes(files.Root), (byte)'/', 0xE8, (byte)'t', 0xE9]);
        Posix.MakeDirectory(file);
        files.Settle();
        Assert.Equal(
            ["\uDCE9t\uDCE9", "\uDCE8t\uDCE9", "\uDCE9t\uDCE9/\uDCFF"],
            files.Changes.Select(change => change.Path[(files.Root.Length + 1)..]));
        Assert.Equal(file, files.Changes[2].GetPathBytes());

        // The framework cannot do this.
        Posix.RemoveDirectory(file);
        Posix.RemoveDirectory(directory);
        Posix.RemoveDirectory([.. System.Text.Encoding.UTF8.GetBytes(files.Root), (byte)'/', 0xE8, (byte)'t', 0xE9]);
        files.Changes.Clear();
        files.Settle();
        Assert.Equal(3, files.Changes.Count(change => change.Kind == FileChangeKind.Deleted));
    }

    [Fact]
    public void What_cannot_be_watched_is_refused_with_what_to_do()
    {
        using var files = new WatchedDirectory();
        files.Write("file");
        EventManagerException refusal = Assert.Throws<EventManagerException>(() => files.Watch("missing/file"));
        Assert.Equal((EventManagerError.PathNotFound, 2), (refusal.Error, refusal.Errno));
        Assert.Contains(files.At("missing"), refusal.Message, StringComparison.Ordinal);
        refusal = Assert.Throws<EventManagerException>(() => files.Watch("file/below"));
        Assert.Equal((EventManagerError.PathNotFound, 20), (refusal.Error, refusal.Errno));
        refusal = Assert.Throws<EventManagerException>(() => files.Watch("file", recursive: true));
        Assert.Equal((EventManagerError.PathNotFound, 20), (refusal.Error, refusal.Errno));
        refusal = Assert.Throws<EventManagerException>(() => files.Watch("missing", recursive: true));
        Assert.Equal((EventManagerError.PathNotFound, 2), (refusal.Error, refusal.Errno));
        Assert.Throws<ArgumentException>(() => files.Manager.CreateFileEvent("", (_, _) => { }));
        Assert.Throws<ArgumentException>(() => files.Manager.CreateFileEvent("a\0b", (_, _) => { }));
        Assert.Throws<ArgumentNullException>(() => files.Manager.CreateFileEvent(files.Root, null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => files.Watch(debounce: TimeSpan.FromTicks(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => files.Watch(interest: (FileInterest)8));
    }

    [Fact]
    public void A_link_that_leads_nowhere_is_watched_as_a_link()
    {
        using var files = new WatchedDirectory();
        files.Write("file");
        string[] targets = ["loop", "file/below", new('x', 300), "missing"];
        foreach (string target in targets)
        {
            File.CreateSymbolicLink(files.At("loop"), target);
            using FileEvent link = files.Watch("loop");
            Assert.Equal(files.At("loop"), link.Path);
            Assert.Throws<EventManagerException>(() => files.Watch("loop", recursive: true));
            File.Delete(files.At("loop"));
            Assert.Equal(["Deleted loop"], files.Told());
        }
    }

    [Fact]
    public void Another_thread_than_the_loops_is_refused()
    {
        using var loop = new LoopThread();
        EventManagerException refusal = Assert.Throws<EventManagerException>(() => loop.Manager.CreateFileEvent("/tmp", (_, _) => { }));
        Assert.Equal(EventManagerError.WrongThread, refusal.Error);
        FileEvent fileEvent = loop.Endpoint.CallBlocking(manager => manager.CreateFileEvent("/tmp", (_, _) => { }));
        Assert.Equal(EventManagerError.WrongThread, Assert.Throws<EventManagerException>(fileEvent.Cancel).Error);
        Assert.Equal(EventManagerError.WrongThread, Assert.Throws<EventManagerException>(fileEvent.Rescan).Error);
    }
}
