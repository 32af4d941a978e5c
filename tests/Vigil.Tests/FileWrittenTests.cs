namespace Vigil.Tests;

/// <summary>Complete files are reported as written, however they arrived.</summary>
public sealed class FileWrittenTests
{
    private const FileInterest Written = FileInterest.Written;

    [Fact]
    public void A_file_that_is_complete_before_its_directory_is_watched_is_told_as_written_once()
    {
        using var files = new WatchedDirectory();
        files.Watch(recursive: true, interest: Written | FileInterest.Contents);
        files.Make("a/b");
        files.Write("a/b/file");
        Assert.Equal(["Created a/", "Created a/b/", "Created a/b/file", "Written a/b/file"], files.Told());
        files.Write("a/b/file", "more");
        Assert.Equal("Written a/b/file", files.Told()[^1]);
    }

    [Fact]
    public void A_file_that_is_found_open_for_writing_is_told_as_written_when_it_is_closed()
    {
        using var files = new WatchedDirectory();
        files.Watch(recursive: true, interest: Written);
        files.Make("a");
        using (var open = new FileStream(files.At("a/file"), FileMode.CreateNew))
        {
            Assert.Equal(["Created a/", "Created a/file"], files.Told());
            open.WriteByte(0);
        }

        Assert.Equal(["Written a/file"], files.Told());
    }

    [Fact]
    public void A_file_on_which_somebody_has_a_write_lease_but_which_nobody_has_open_for_writing_is_told_as_written()
    {
        using var files = new WatchedDirectory();
        files.Make("spool");
        files.Make("elsewhere");
        files.Write("elsewhere/leased");
        files.Watch("spool", interest: Written);
        using FdHandle open = Posix.Open(files.At("elsewhere/leased"));
        Assert.SkipUnless(Posix.TryLeaseForWriting(open), "This file system has no leases.");
        files.Move("elsewhere/leased", "spool/leased");
        Assert.Equal(["Created spool/leased", "Written spool/leased"], files.Told());
    }

    [Fact]
    public void A_file_that_comes_complete_by_a_move_or_a_link_is_told_as_written()
    {
        using var files = new WatchedDirectory();
        files.Make("spool");
        files.Make("elsewhere/d");
        files.Write("elsewhere/moved");
        files.Write("elsewhere/replaces");
        files.Write("elsewhere/linked");
        files.Write("elsewhere/d/file");
        files.Write("spool/replaced");
        files.Write("spool/temporary");
        files.Watch("spool", recursive: true, interest: Written);
        files.Move("elsewhere/moved", "spool/moved");
        files.Move("elsewhere/replaces", "spool/replaced");
        files.Move("spool/temporary", "spool/final");
        Posix.Link(files.At("elsewhere/linked"), files.At("spool/linked"));
        Directory.Move(files.At("elsewhere/d"), files.At("spool/d"));
        Assert.Equal(
            [
                "Created spool/moved", "Written spool/moved",
                "Changed spool/replaced", "Written spool/replaced",
                "Moved spool/temporary spool/final", "Written spool/final",
                "Created spool/linked", "Written spool/linked",
                "Created spool/d/", "Created spool/d/file", "Written spool/d/file",
            ],
            files.Told());
    }

    [Fact]
    public void A_file_that_is_moved_while_it_is_written_is_told_as_written_when_it_is_closed()
    {
        using var files = new WatchedDirectory();
        files.Watch(interest: Written);
        using (var open = new FileStream(files.At("a"), FileMode.CreateNew))
        {
            files.Move("a", "b");
            Assert.Equal(["Created a", "Moved a b"], files.Told());
        }

        Assert.Equal(["Written b"], files.Told());
    }

    [Fact]
    public void With_a_debounce_a_file_that_was_written_is_told_as_written_too()
    {
        var time = new VirtualClock();
        using var files = new WatchedDirectory(new EventManagerOptions { TimeProvider = time });
        files.Write("old");
        files.Write("temporary");
        files.Watch(recursive: true, interest: Written, debounce: TimeSpan.FromSeconds(1));
        files.Write("new");
        files.Write("old", "more");
        files.Move("temporary", "final");
        files.Make("d");
        files.Write("d/file");
        files.Settle();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(
            [
                "Created new", "Written new",
                "Written old",
                "Moved temporary final", "Written final",
                "Created d/", "Created d/file", "Written d/file",
            ],
            files.Told());
    }

    [Fact]
    public void No_pipe_nor_link_is_opened_to_see_whether_it_is_complete()
    {
        using var files = new WatchedDirectory();
        files.Make("elsewhere/d");
        files.Make("spool");
        WatchedDirectory.Execute("mkfifo", files.At("elsewhere/d/pipe"));
        File.CreateSymbolicLink(files.At("elsewhere/d/link"), "nowhere");
        files.Watch("spool", recursive: true, interest: Written);
        Directory.Move(files.At("elsewhere/d"), files.At("spool/d"));
        Assert.Equal(["Created spool/d/", "Created spool/d/link", "Created spool/d/pipe"], files.Told().Order(StringComparer.Ordinal));
    }
}
