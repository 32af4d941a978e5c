namespace Vigil.Tests;

/// <summary>Settled changes, in virtual time: the files are real, the waits are not.</summary>
public sealed class FileDebounceTests : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly VirtualClock _time = new();
    private readonly WatchedDirectory _files;

    public FileDebounceTests() => _files = new WatchedDirectory(new EventManagerOptions { TimeProvider = _time });

    [Fact]
    public void Saving_by_rename_is_one_change_however_an_editor_does_it()
    {
        _files.Write("file", "old");
        _files.Watch(interest: FileInterest.Contents | FileInterest.Attributes, debounce: Window);

        // gedit, sed -i, most programs: a temporary file is renamed to the name.
        _files.Write("file.tmp", "new");
        File.SetUnixFileMode(_files.At("file.tmp"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _files.Move("file.tmp", "file");
        Assert.Equal(["Changed file"], Settled());

        // vim: probes the directory, moves the old file away, writes a new one, removes the old.
        _files.Write("4913", "");
        File.Delete(_files.At("4913"));
        _files.Move("file", "file~");
        _files.Write("file", "newer");
        File.SetUnixFileMode(_files.At("file"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Delete(_files.At("file~"));
        Assert.Equal(["Changed file"], Settled());

        // nano: truncates and writes.
        _files.Write("file", "newest");
        Assert.Equal(["Changed file"], Settled());
    }

    [Fact]
    public void A_single_file_that_is_saved_by_rename_is_one_change()
    {
        _files.Write("file", "old");
        _files.Watch("file", interest: FileInterest.Contents, debounce: Window);
        _files.Write("file.tmp", "new");
        _files.Move("file.tmp", "file");
        Assert.Equal(["Changed file"], Settled());
    }

    [Fact]
    public void What_comes_and_goes_within_the_window_is_not_told()
    {
        _files.Watch(interest: FileInterest.Contents, debounce: Window);
        _files.Write("temporary");
        File.Delete(_files.At("temporary"));
        _files.Make("stays");
        Assert.Equal(["Created stays/"], Settled());
    }

    [Fact]
    public void Nothing_is_told_before_the_path_is_quiet_and_one_timer_serves_all()
    {
        _files.Watch(interest: FileInterest.Contents, debounce: Window);
        _files.Write("a");
        _files.Write("b");
        _files.Settle();
        int timers = _time.TimerCount;
        _time.Advance(Window / 2);
        _files.Write("a", "more");
        _files.Settle();
        _time.Advance(Window / 2);
        Assert.Equal(1, _files.Manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(["Created b"], _files.Lines);
        Assert.Equal(1, timers);
        _time.Advance(Window / 2);
        Assert.Equal(1, _files.Manager.RunOnce(TimeSpan.Zero));
        Assert.Equal("Created a", _files.Lines[1]);
        Assert.Equal(0, _files.Manager.RunOnce(TimeSpan.Zero));
    }

    [Fact]
    public void A_tree_that_leaves_is_told_as_one_change_and_one_that_moves_at_once()
    {
        _files.Make("tree/a/b");
        _files.Write("tree/a/b/file");
        _files.Make("outside");
        _files.Watch("tree", recursive: true, debounce: Window);
        Directory.Move(_files.At("tree/a"), _files.At("tree/c"));
        Assert.Equal(["Moved tree/a tree/c/"], _files.Told());
        Directory.Move(_files.At("tree/c"), _files.At("outside/c"));

        // Only after some milliseconds is it certain that the other half of the move does not come.
        _files.Manager.RunOnce(TimeSpan.Zero);
        _time.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(["Deleted tree/c/"], Settled());
    }

    [Fact]
    public void A_directory_is_told_before_what_is_in_it_though_it_changes_later()
    {
        _files.Watch(recursive: true, interest: FileInterest.Contents | FileInterest.Attributes, debounce: Window);
        _files.Make("d/e");
        _files.Write("d/e/file");
        _files.Settle();
        _time.Advance(Window / 2);
        File.SetUnixFileMode(_files.At("d/e"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.SetLastWriteTimeUtc(_files.At("d"), DateTime.UnixEpoch);
        _files.Settle();
        _time.Advance(Window / 2);
        Assert.Equal(["Created d/", "Created d/e/", "Created d/e/file"], _files.Told());
        Assert.Empty(Settled());
    }

    [Fact]
    public void A_directory_that_takes_a_files_place_and_is_changed_later_is_told_before_what_is_in_it()
    {
        _files.Write("x");
        _files.Watch(recursive: true, interest: FileInterest.Contents | FileInterest.Attributes, debounce: Window);
        File.Delete(_files.At("x"));
        _files.Make("x");
        _files.Write("x/c");
        _files.Settle();
        Directory.SetLastWriteTimeUtc(_files.At("x"), DateTime.UnixEpoch);
        Assert.Equal(["Deleted x", "Created x/", "Created x/c"], Settled());
    }

    [Fact]
    public void A_directory_that_is_moved_over_one_that_held_it_is_an_end_and_a_beginning()
    {
        _files.Make("a/s/x");
        _files.Write("a/s/x/file");
        _files.Make("b");
        _files.Watch(recursive: true, debounce: Window);
        var mirror = new FileMirror(_files.Root);
        Posix.Exchange(_files.At("a"), _files.At("b"));
        Posix.Rename(_files.At("b/s/x"), _files.At("a"));
        _files.Settle();
        for (int i = 0; i < 2; i++)
        {
            _time.Advance(Window);
            _files.Settle();
        }

        _files.Changes.ForEach(mirror.Apply);
        Assert.Equal(FileMirror.OnDisk(_files.Root), mirror.Known);
    }

    [Fact]
    public void A_directory_that_is_filled_under_another_name_is_told_by_its_last()
    {
        _files.Watch(recursive: true, debounce: Window);
        _files.Make("temporary");
        _files.Write("temporary/file");
        _files.Settle();
        Directory.Move(_files.At("temporary"), _files.At("final"));
        Assert.Equal(["Created final/", "Created final/file"], Settled());
    }

    [Fact]
    public void A_cancelled_event_leaves_no_timer_behind()
    {
        FileEvent source = _files.Watch(debounce: Window);
        _files.Write("a");
        _files.Settle();
        source.Cancel();
        _time.Advance(2 * Window);
        Assert.Equal(0, _files.Manager.RunOnce(TimeSpan.Zero));
        Assert.Empty(_files.Changes);
    }

    public void Dispose() => _files.Dispose();

    private string[] Settled()
    {
        _files.Settle();
        _time.Advance(Window);
        return _files.Told();
    }
}
