namespace Vigil.Tests;

/// <summary>Settled changes, in virtual time: the files are real, the waiting is not.</summary>
public sealed class FileDebounceTests : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly VirtualTime _time = new();
    private readonly WatchedDirectory _files;

    public FileDebounceTests() => _files = new WatchedDirectory(new EventManagerOptions { TimeProvider = _time });

    [Fact]
    public void Saving_by_rename_is_one_change_however_an_editor_does_it()
    {
        _files.Write("file", "old");
        _files.Watch(interest: FileInterest.Contents | FileInterest.Attributes, debounce: Window);

        // gedit, sed -i, most programs: a temporary file that takes the name.
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
        int timers = _time.StartedTimers;
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
    public void A_tree_that_leaves_is_told_path_by_path_and_one_that_moves_at_once()
    {
        _files.Make("tree/a/b");
        _files.Write("tree/a/b/file");
        _files.Make("outside");
        _files.Watch("tree", recursive: true, debounce: Window);
        Directory.Move(_files.At("tree/a"), _files.At("tree/c"));
        Assert.Equal(["Moved tree/a tree/c/"], _files.Told());
        Directory.Move(_files.At("tree/c"), _files.At("outside/c"));

        // That no other half of the move comes is certain when some milliseconds have passed.
        _files.Manager.RunOnce(TimeSpan.Zero);
        _time.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(["Deleted tree/c/b/file", "Deleted tree/c/b/", "Deleted tree/c/"], Settled());
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
