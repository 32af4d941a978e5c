namespace Vigil.Internals.Tests.Watchdog;

public class OwnerLogTests
{
    [Fact]
    public void Owners_by_the_thousand_are_not_kept_and_the_latest_are()
    {
        var log = new OwnerLog(interval: 0);
        log.Note("steady", 0);
        for (int i = 1; i <= 10_000; i++)
        {
            Assert.Equal(0, log.Note($"once {i}", i).Before);
            if (i % (OwnerLog.Capacity - 1) == 0)
            {
                Assert.NotEqual(0, log.Note("steady", i).Before);
            }
        }

        Assert.Equal(0, log.Note("once 1", 20_000).Before);
        Assert.Equal(1, log.Note("once 10000", 20_000).Before);
    }

    [Fact]
    public void Equal_owners_are_the_same_owner()
    {
        var log = new OwnerLog(interval: 100);
        Assert.Equal(new OwnerHistory(0, IsReported: true, 0), log.Note(LoopPhase.Timers, 5));
        Assert.Equal(new OwnerHistory(1, IsReported: false, 1), log.Note(LoopPhase.Timers, 104));
        Assert.Equal(new OwnerHistory(2, IsReported: true, 1), log.Note(LoopPhase.Timers, 105));
        Assert.Equal(new OwnerHistory(3, IsReported: false, 1), log.Note(LoopPhase.Timers, 106));
        Assert.Equal(new OwnerHistory(0, IsReported: true, 0), log.Note(LoopPhase.Mailbox, 106));
    }
}
