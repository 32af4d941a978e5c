using Vigil.Internals.Tests.Support;
using Vigil.Polling;

namespace Vigil.Internals.Tests.Polling.Contract;

/// <summary>Contract 4, first half, and 5: when a wait ends.</summary>
public abstract class DeadlineContract<TRig> : PollerContract<TRig>
    where TRig : PollerRig, new()
{
    [Fact]
    public void An_immediate_deadline_reports_what_is_ready_and_does_not_wait_for_more()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);

        Assert.Empty(Rig.StartWait(Deadline.Immediate).Result());

        file.BecomeReadable();
        Assert.Single(Rig.StartWait(Deadline.Immediate).Result());
    }

    [Fact]
    public void A_deadline_in_the_past_is_like_an_immediate_one()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        Deadline past = Deadline.At(1);

        Assert.Empty(Rig.StartWait(past).Result());

        file.BecomeReadable();
        Assert.Single(Rig.StartWait(past).Result());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(999)]
    [InlineData(50_000)]
    [InlineData(1_300_000)]
    [InlineData(7_000_001)]
    public void A_wait_for_nothing_ends_at_its_deadline_and_never_before(long nanoseconds)
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        for (int i = 0; i < 20; i++)
        {
            Deadline deadline = Rig.In(nanoseconds);

            Assert.Empty(Rig.StartWait(deadline).Result());

            Assert.True(Rig.NowNanoseconds >= deadline.Nanoseconds, "The wait ended before its deadline.");
        }
    }

    [Fact]
    public void Two_waits_for_the_same_deadline_both_end_at_it()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        Deadline deadline = Rig.In(5_000_000);
        file.BecomeReadable();
        Assert.Single(Rig.Wait(deadline));
        file.BecomeUnreadable();

        Assert.Empty(Rig.StartWait(deadline).Result());
        Assert.True(Rig.NowNanoseconds >= deadline.Nanoseconds, "The wait ended before its deadline.");
        Assert.Empty(Rig.StartWait(deadline).Result());
    }

    [Fact]
    public void An_earlier_deadline_after_a_later_one_counts()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        Deadline later = Rig.In(3_600_000_000_000);
        file.BecomeReadable();
        Assert.Single(Rig.Wait(later));
        file.BecomeUnreadable();

        Assert.Empty(Rig.StartWait(Rig.In(1_000_000)).Result());

        Assert.True(Rig.NowNanoseconds < later.Nanoseconds);
    }

    [Fact]
    public void What_is_ready_ends_a_wait_with_a_far_deadline_at_once()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        file.BecomeReadable();
        Deadline far = Rig.In(3_600_000_000_000);

        Assert.Single(Rig.StartWait(far).Result());

        Assert.True(Rig.NowNanoseconds < far.Nanoseconds);
    }

    [Fact]
    public void A_wait_without_a_deadline_ends_when_another_thread_makes_a_file_ready()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        BackgroundThread<Readiness[]> wait = Rig.StartWait(Deadline.Infinite);
        wait.AwaitSleep();

        file.BecomeReadable();

        Assert.Equal([new Readiness(PollerRig.TokenOf(file), EventSet.In)], wait.Result());
    }

    [Fact]
    public void A_deadline_that_is_over_does_not_end_a_later_wait_without_one()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        file.BecomeReadable();
        Deadline leftOver = Rig.In(2_000_000);
        Assert.Single(Rig.Wait(leftOver));
        file.BecomeUnreadable();

        // The wait begins before the old deadline or after it: that must make no difference.
        BackgroundThread<Readiness[]> wait = Rig.StartWait(Deadline.Infinite);
        wait.AwaitSleep();
        using var elsewhere = new TRig();
        Assert.Empty(elsewhere.Wait(elsewhere.In(4_000_000)));
        Assert.True(wait.IsAlive, "The wait was ended by a deadline that was not its own.");

        file.BecomeReadable();
        Assert.Single(wait.Result());
    }

    [Fact]
    public void A_deadline_that_passed_unseen_does_not_end_a_later_wait_without_one()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        file.BecomeReadable();
        Deadline deadline = Rig.In(1_000_000);
        Assert.Single(Rig.Wait(deadline));
        file.BecomeUnreadable();
        using var elsewhere = new TRig();
        Assert.Empty(elsewhere.Wait(elsewhere.In(2_000_000)));

        BackgroundThread<Readiness[]> wait = Rig.StartWait(Deadline.Infinite);
        wait.AwaitSleep();

        Assert.True(wait.IsAlive, "The wait was ended by a deadline that was not its own.");
        file.BecomeReadable();
        Assert.Single(wait.Result());
    }

    [Fact]
    public void A_deadline_that_passed_takes_no_place_in_a_small_buffer()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        file.BecomeReadable();
        var buffer = new ReadyBuffer(capacity: 1);
        Assert.Single(Rig.Wait(Rig.In(200_000), buffer));
        using var elsewhere = new TRig();
        Assert.Empty(elsewhere.Wait(elsewhere.In(400_000)));

        for (int i = 0; i < 4; i++)
        {
            Assert.Single(Rig.Poll(buffer));
        }
    }
}
