namespace Vigil.Tests;

/// <summary>The kernel does not queue an event that equals the last one in the queue. So a record may stand for changes that happened after
/// it was queued.</summary>
public sealed class FileMergedRecordTests
{
    [Fact]
    public void An_event_is_told_of_a_change_that_the_kernel_merges_with_one_from_before_the_event()
    {
        using var files = new WatchedDirectory();
        using var open = new FileStream(files.At("file"), FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        files.Watch(interest: FileInterest.Contents, callback: (_, _) => { });
        open.WriteByte(0);
        files.Watch(interest: FileInterest.Contents);
        open.WriteByte(0);
        Assert.Contains("Changed file", files.Told());
    }

    [Fact]
    public void A_replacement_that_the_kernel_merges_with_one_from_before_the_event_is_told()
    {
        using var files = new WatchedDirectory();
        files.Make("root");
        files.Make("elsewhere");
        files.Write("elsewhere/one");
        files.Write("elsewhere/two");
        files.Watch("root", callback: (_, _) => { });
        files.Move("elsewhere/one", "root/file");
        files.Watch("root");
        files.Move("elsewhere/two", "root/file");
        Assert.Contains("Changed root/file", files.Told());
    }

    [Fact]
    public void A_file_that_is_written_again_by_the_callback_that_was_told_is_told_again()
    {
        using var files = new WatchedDirectory();
        files.Make("root");
        files.Make("elsewhere");
        files.Write("elsewhere/file");
        int told = 0;
        files.Watch("root", interest: FileInterest.Written, callback: (_, change) =>
        {
            if (change.Kind == FileChangeKind.Written && change.Path == files.At("root/file") && told++ == 0)
            {
                files.Write("root/file", "again");
            }
        });

        // More records than the loop reads at once precede the last record, which is queued before the file is first checked.
        files.Move("elsewhere/file", "root/file");
        for (int i = 0; i < 1000; i++)
        {
            string path = files.Write($"root/{i}");
            File.Delete(path);
        }

        files.Write("root/file", "once more");
        files.Manager.RunUntil(() => told > 0);
        files.Settle();
        Assert.True(told >= 2, $"told {told} times");
    }
}
