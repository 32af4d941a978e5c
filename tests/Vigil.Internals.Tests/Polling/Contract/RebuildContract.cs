using Vigil.Internals.Tests.Support;
using Vigil.Interop;

namespace Vigil.Internals.Tests.Polling.Contract;

/// <summary>Contract 6: a rebuild keeps exactly what is transferred.</summary>
public abstract class RebuildContract<TRig> : PollerContract<TRig>
    where TRig : PollerRig, new()
{
    private const EventSet Once = EventSet.In | EventSet.OneShot;
    private const EventSet Edge = EventSet.In | EventSet.EdgeTriggered;

    [Fact]
    public void What_a_duplicate_keeps_alive_is_dead_to_a_transfer_and_gone_after_the_rebuild()
    {
        PollableFile orphan = WatchedReady(EventSet.In);
        orphan.Duplicate();
        orphan.Close();
        Assert.Single(Rig.Poll());

        Begin();
        Assert.Equal(Errno.ENOENT, Transfer(orphan, EventSet.In));
        Rig.Poller.EndRebuild();

        Assert.Empty(Rig.Poll());
    }

    [Fact]
    public void A_number_that_names_another_file_by_now_is_dead_to_a_transfer_and_the_other_file_is_not_watched()
    {
        PollableFile orphan = WatchedReady(EventSet.In);
        orphan.Duplicate();
        PollableFile other = Rig.OpenFileInPlaceOf(orphan);
        other.BecomeReadable();

        Begin();
        Assert.Equal(Errno.ENOENT, Transfer(orphan, EventSet.In));
        Rig.Poller.EndRebuild();

        Assert.Empty(Rig.Poll());
        Assert.Equal(Errno.Success, Rig.Poller.Add(other.Number, 77, EventSet.In));
    }

    [Fact]
    public void A_dead_transfer_leaves_nothing_behind_in_the_old_instance_either()
    {
        PollableFile orphan = WatchedReady(EventSet.In);
        orphan.Duplicate();
        PollableFile other = Rig.OpenFileInPlaceOf(orphan);
        other.HangUp();

        Begin();
        Assert.Equal(Errno.ENOENT, Transfer(orphan, EventSet.In));
        Rig.Poller.AbandonRebuild();

        Assert.Equal([new Readiness(PollerRig.TokenOf(orphan), EventSet.In)], Rig.Poll());
        Assert.Equal(Errno.ENOENT, Rig.Poller.Remove(other.Number));
    }

    [Fact]
    public void What_is_transferred_is_reported_with_the_token_and_interest_given_then()
    {
        PollableFile file = WatchedReady(EventSet.In);

        Begin();
        Assert.Equal(Errno.Success, Rig.Poller.Transfer(file.Number, 77, EventSet.Out));
        Rig.Poller.EndRebuild();

        Assert.Equal([new Readiness(77, EventSet.Out)], Rig.Poll());
        Assert.Equal([new Readiness(77, EventSet.Out)], Rig.Poll());
    }

    [Fact]
    public void An_edge_that_is_transferred_is_reported_afresh()
    {
        PollableFile file = WatchedReady(Edge);
        Assert.Single(Rig.Poll());

        Begin();
        Assert.Equal(Errno.Success, Transfer(file, Edge));
        Rig.Poller.EndRebuild();

        Assert.Single(Rig.Poll());
        Assert.Empty(Rig.Poll());
    }

    [Fact]
    public void A_one_shot_that_fired_stays_silent_where_it_is_transferred_without_interest()
    {
        PollableFile file = WatchedReady(Once);
        Assert.Single(Rig.Poll());

        Begin();
        Assert.Equal(Errno.Success, Transfer(file, interest: null));
        Rig.Poller.EndRebuild();

        file.HangUp();
        Assert.Empty(Rig.Poll());
        Assert.Equal(Errno.ENOENT, Rig.Poller.Modify(file.Number, PollerRig.TokenOf(file), Once));
        Assert.Equal(Errno.Success, Rig.Poller.Add(file.Number, PollerRig.TokenOf(file), Once));
        Assert.Single(Rig.Poll());
    }

    [Fact]
    public void A_one_shot_that_is_armed_fires_once_after_the_rebuild()
    {
        PollableFile file = WatchedReady(Once);

        Begin();
        Assert.Equal(Errno.Success, Transfer(file, Once));
        Rig.Poller.EndRebuild();

        Assert.Single(Rig.Poll());
        Assert.Empty(Rig.Poll());
    }

    [Fact]
    public void What_is_not_transferred_is_gone()
    {
        PollableFile file = WatchedReady(EventSet.In);

        Begin();
        Rig.Poller.EndRebuild();

        Assert.Empty(Rig.Poll());
        Assert.Equal(Errno.ENOENT, Rig.Poller.Remove(file.Number));
    }

    [Fact]
    public void What_was_never_registered_is_dead_to_a_transfer()
    {
        PollableFile stranger = Rig.OpenFile();
        stranger.BecomeReadable();

        Begin();
        Assert.Equal(Errno.ENOENT, Transfer(stranger, EventSet.In));
        Rig.Poller.EndRebuild();

        Assert.Empty(Rig.Poll());
    }

    [Fact]
    public void An_abandoned_rebuild_changes_nothing()
    {
        PollableFile level = WatchedReady(EventSet.In);
        PollableFile edge = WatchedReady(Edge);
        PollableFile fired = WatchedReady(Once);
        PollableFile orphan = WatchedReady(EventSet.In);
        orphan.Duplicate();
        orphan.Close();
        Assert.Equal(4, Rig.Poll().Length);

        Begin();
        Assert.Equal(Errno.Success, Rig.Poller.Transfer(level.Number, 77, EventSet.Out));
        Assert.Equal(Errno.Success, Transfer(edge, Edge));
        Assert.Equal(Errno.Success, Transfer(fired, interest: null));
        Rig.Poller.AbandonRebuild();

        Assert.Equal(
            new[] { PollerRig.TokenOf(level), PollerRig.TokenOf(orphan) }.Order(),
            Rig.Poll().Select(ready => ready.Token).Order());
        Rig.Rewatch(fired, Once);
        Assert.Contains(new Readiness(PollerRig.TokenOf(fired), EventSet.In), Rig.Poll());
    }

    [Fact]
    public void One_rebuild_can_follow_another_and_waits_still_end_as_they_should()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        for (int i = 0; i < 3; i++)
        {
            Assert.Empty(Rig.StartWait(Rig.In(100_000)).Result());
            Begin();
            Assert.Equal(Errno.Success, Transfer(file, EventSet.In));
            Rig.Poller.EndRebuild();
            Deadline deadline = Rig.In(1_300_000);

            Assert.Empty(Rig.StartWait(deadline).Result());

            Assert.True(Rig.NowNanoseconds >= deadline.Nanoseconds, "The wait ended before its deadline.");
        }

        BackgroundThread<Readiness[]> wait = Rig.StartWait(Deadline.Infinite);
        wait.AwaitSleep();
        file.BecomeReadable();
        Assert.Single(wait.Result());
    }

    private PollableFile WatchedReady(EventSet interest)
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, interest);
        file.BecomeReadable();
        return file;
    }

    private void Begin() => Assert.Equal(Errno.Success, Rig.Poller.BeginRebuild());

    private int Transfer(PollableFile file, EventSet? interest) => Rig.Poller.Transfer(file.Number, PollerRig.TokenOf(file), interest);
}
