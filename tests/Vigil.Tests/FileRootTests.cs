namespace Vigil.Tests;

/// <summary>Reports when the watched directory itself is gone, or its path leads elsewhere.</summary>
public sealed class FileRootTests
{
    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    public void A_watched_directory_that_is_deleted_while_somebody_has_it_open_is_told_to_be_gone(bool recursive, int debounce)
    {
        using var files = new WatchedDirectory();
        files.Make("root");
        using FdHandle held = Posix.Open(files.At("root"));
        FileEvent root = files.Watch("root", recursive, debounce: TimeSpan.FromMilliseconds(debounce));
        FileEvent inRoot = files.Watch("root/file");
        Directory.Delete(files.At("root"));
        files.Make("root");
        files.Write("root/new");
        files.Manager.RunUntil(() => root.IsCancelled && inRoot.IsCancelled);
        Assert.Equal(["RootDeleted root/", "RootDeleted root/"], files.Lines);
    }

    [Fact]
    public void A_watched_directory_that_is_held_and_replaced_by_another_is_told_to_be_gone()
    {
        using var files = new WatchedDirectory();
        files.Make("root");
        files.Make("other");
        using FdHandle held = Posix.Open(files.At("root"));
        FileEvent root = files.Watch("root");
        Posix.Rename(files.At("other"), files.At("root"));
        files.Manager.RunUntil(() => root.IsCancelled);
        Assert.Equal(["RootDeleted root/"], files.Lines);
    }

    [Fact]
    public void A_rescan_finds_that_the_path_leads_to_another_directory()
    {
        using var files = new WatchedDirectory();
        files.Make("above/root");
        files.Make("instead/root");
        FileEvent root = files.Watch("above/root");
        Posix.Exchange(files.At("above"), files.At("instead"));
        files.Settle();
        root.Rescan();
        files.Manager.RunUntil(() => root.IsCancelled);
        Assert.Equal("RootDeleted above/root/", files.Lines[^1]);
    }

    [Fact]
    public void A_link_that_is_set_anew_is_told_as_a_move_of_the_directory()
    {
        using var files = new WatchedDirectory();
        files.Make("releases/1");
        files.Make("releases/2");
        File.CreateSymbolicLink(files.At("current"), "releases/1");
        FileEvent current = files.Watch("current");
        File.CreateSymbolicLink(files.At("next"), "releases/2");
        Posix.Rename(files.At("next"), files.At("current"));
        files.Manager.RunUntil(() => current.IsCancelled);
        Assert.Equal(["RootMoved current/"], files.Lines);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_followed_path_goes_on_with_the_directory_that_is_swapped_in(bool byLink)
    {
        using var files = new WatchedDirectory();
        files.Make("one/d");
        files.Write("one/d/old");
        files.Make("two/d");
        files.Write("two/d/new");
        files.Make("three");
        if (byLink)
        {
            File.CreateSymbolicLink(files.At("root"), "one");
        }
        else
        {
            Directory.Move(files.At("one"), files.At("root"));
        }

        FileEvent root = files.Watch("root", recursive: true, follow: true);
        Swap("two");
        Assert.Equal(["RootMoved root/", "Created root/", "Created root/d/", "Created root/d/new"], files.Told());
        files.Write("root/d/later");
        Assert.Equal(["Created root/d/later"], files.Told());
        Swap("three");
        Assert.Equal(["RootMoved root/", "Created root/"], files.Told());
        files.Write("root/file");
        Assert.Equal(["Created root/file"], files.Told());
        Assert.Equal((false, 1), (root.IsCancelled, root.DirectoryCount));

        void Swap(string next)
        {
            if (byLink)
            {
                File.CreateSymbolicLink(files.At("link"), next);
                Posix.Rename(files.At("link"), files.At("root"));
            }
            else
            {
                Directory.Move(files.At("root"), files.At($"before {next}"));
                Directory.Move(files.At(next), files.At("root"));
            }
        }
    }

    [Fact]
    public void A_followed_path_may_lead_nowhere_for_a_while_and_lose_the_directories_above_it()
    {
        using var files = new WatchedDirectory();
        files.Make("a/b/root");
        files.Write("a/b/root/file");
        FileEvent root = files.Watch("a/b/root", follow: true);
        Directory.Delete(files.At("a"), recursive: true);
        Assert.Equal(["Deleted a/b/root/file", "RootDeleted a/b/root/"], files.Told());
        root.Rescan();
        Assert.Equal(["Rescanned a/b/root/"], files.Told());
        files.Make("a");
        files.Make("a/b");
        Assert.Empty(files.Told());
        files.Make("a/b/root");
        files.Write("a/b/root/again");
        Assert.Equal(["Created a/b/root/", "Created a/b/root/again"], files.Told());
        files.Write("a/b/root/later");
        Directory.Move(files.At("a"), files.At("elsewhere"));
        Assert.Equal("Created a/b/root/later", files.Told()[0]);
        files.Make("a/b/root");
        Assert.Equal("Created a/b/root/", files.Told()[^1]);
        root.Cancel();
        Assert.True(root.IsCancelled);
    }

    [Fact]
    public void A_file_is_followed_by_name_through_the_swap_of_its_directory()
    {
        using var files = new WatchedDirectory();
        files.Make("conf");
        files.Write("conf/settings", "1");
        files.Make("next");
        files.Write("next/settings", "2");
        using FileEvent settings = files.Watch("conf/settings", interest: FileInterest.Contents, follow: true);
        Posix.Exchange(files.At("conf"), files.At("next"));
        Assert.Equal(["RootMoved conf/", "Created conf/settings"], files.Told());
        files.Write("conf/settings", "3");
        Assert.All(files.Told(), line => Assert.Equal("Changed conf/settings", line));
    }
}
