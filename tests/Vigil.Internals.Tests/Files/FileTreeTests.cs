using System.Globalization;
using Vigil.Internals.Tests.Support;
using Vigil.Interop;

namespace Vigil.Internals.Tests.Files;

/// <summary>A tree on the disk, changed at random and read late, compared with the reports about it.</summary>
public class FileTreeTests
{
    private const int UsualRounds = 15;

    // VIGIL_FILE_ROUNDS=10000 VIGIL_FILE_SEED=1 for a long run; failures name their round's seed.
    private static readonly int Rounds = Setting("VIGIL_FILE_ROUNDS", UsualRounds);
    private static readonly int FirstSeed = Setting("VIGIL_FILE_SEED", 0);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whoever_applies_what_is_told_in_its_order_has_what_is_there_whatever_happens_and_however_late_it_is_read(bool debounces)
    {
        for (int seed = FirstSeed; seed < FirstSeed + Rounds; seed++)
        {
            Run(seed, debounces, overflows: false);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_same_where_the_kernel_drops_records_and_a_rescan_is_made(bool debounces)
    {
        for (int seed = FirstSeed; seed < FirstSeed + (Rounds / 20) + 1; seed++)
        {
            Run(seed, debounces, overflows: true);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_same_where_no_mark_can_be_put_behind_what_is_queued(bool debounces)
    {
        for (int seed = FirstSeed; seed < FirstSeed + (Rounds / 8) + 1; seed++)
        {
            bool couldRefuse = new BackgroundThread<bool>(() => TryRunWithoutMarks(seed, debounces)).Result();
            Assert.SkipUnless(couldRefuse, "This system does not allow filters of system calls.");
        }
    }

    [Fact]
    public void A_change_that_the_kernel_merges_with_one_from_before_the_event_is_told_where_no_mark_can_be_put()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        try
        {
            bool couldRefuse = new BackgroundThread<bool>(() =>
            {
                if (!TryRefuseMarks())
                {
                    return false;
                }

                using var manager = new EventManager();
                using var open = new FileStream(
                    Path.Combine(directory.FullName, "file"),
                    FileMode.CreateNew,
                    FileAccess.Write,
                    FileShare.Read,
                    bufferSize: 0);
                manager.CreateFileEvent(directory.FullName, (_, _) => { });
                open.WriteByte(0);
                int told = 0;
                manager.CreateFileEvent(directory.FullName, (_, change) => told += change.Kind == FileChangeKind.Changed ? 1 : 0);
                open.WriteByte(0);
                Patience.Until(() => manager.RunOnce(TimeSpan.FromMilliseconds(1)) >= 0 && told > 0, "the change");
                return true;
            }).Result();
            Assert.SkipUnless(couldRefuse, "This system does not allow filters of system calls.");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static bool TryRunWithoutMarks(int seed, bool debounces)
    {
        if (!TryRefuseMarks())
        {
            return false;
        }

        Run(seed, debounces, overflows: false);
        return true;
    }

    private static bool TryRefuseMarks()
    {
        // The flags of a mark, which no other watch has: IN_DELETE_SELF and IN_MASK_CREATE.
        if (!SystemCallFilter.TryRefuse(SystemCallFilter.WatchFile, argument: 2, 0x1000_0400, Errno.ENOSPC, everywhere: false))
        {
            return false;
        }

        using var watches = new WatchTable(RealFiles.Instance);
        Assert.Equal(Errno.ENOSPC, InotifyNative.Mark((int)watches.Fd.DangerousGetHandle()));
        return true;
    }

    private static void Run(int seed, bool debounces, bool overflows)
    {
        using var model = new FileTreeModel(seed, debounces);
        try
        {
            for (int i = 0; i < 250; i++)
            {
                model.Step();
                if (overflows && i % 100 == 50)
                {
                    model.Overflow();
                }
            }

            model.Settle();
        }
        catch (Exception exception)
        {
            Assert.Fail($"seed {seed}: {exception.Message}\n{exception.StackTrace}\n{model.History}");
        }
    }

    private static int Setting(string name, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : usual;
}
