namespace Vigil.Internals.Tests.Polling.Contract;

/// <summary>Contract 2: what is reported, and how often.</summary>
public abstract class ReadinessContract<TRig> : PollerContract<TRig>
    where TRig : PollerRig, new()
{
    private const EventSet Edge = EventSet.In | EventSet.EdgeTriggered;
    private const EventSet Once = EventSet.In | EventSet.OneShot;

    [Fact]
    public void Level_is_reported_by_every_wait_as_long_as_it_lasts()
    {
        PollableFile file = Watched(EventSet.In);
        Assert.Empty(Rig.Poll());

        file.BecomeReadable();
        AssertReported(file);
        AssertReported(file);
        AssertReported(file);

        file.BecomeUnreadable();
        Assert.Empty(Rig.Poll());
    }

    [Fact]
    public void What_was_ready_before_it_was_added_is_reported()
    {
        PollableFile file = Rig.OpenFile();
        file.BecomeReadable();
        PollableFile edge = Rig.OpenFile();
        edge.BecomeReadable();

        Rig.Watch(file, EventSet.In);
        Rig.Watch(edge, Edge);

        Assert.Equal([PollerRig.TokenOf(file), PollerRig.TokenOf(edge)], Rig.Poll().Select(ready => ready.Token).Order());
    }

    [Fact]
    public void An_edge_is_reported_once_for_each_change()
    {
        PollableFile file = Watched(Edge);
        for (int i = 0; i < 3; i++)
        {
            file.BecomeReadable();
            AssertReported(file);
            Assert.Empty(Rig.Poll());
        }
    }

    [Fact]
    public void An_edge_is_reported_afresh_after_a_modification_that_finds_it_ready()
    {
        PollableFile file = Watched(Edge);
        file.BecomeReadable();
        AssertReported(file);

        Rig.Rewatch(file, Edge);

        AssertReported(file);
        Assert.Empty(Rig.Poll());
    }

    [Fact]
    public void A_change_that_was_undone_is_not_reported()
    {
        PollableFile edge = Watched(Edge);
        PollableFile level = Watched(EventSet.In);
        edge.BecomeReadable();
        level.BecomeReadable();
        edge.BecomeUnreadable();
        level.BecomeUnreadable();

        Assert.Empty(Rig.Poll());
    }

    [Fact]
    public void A_one_shot_is_reported_once_and_again_after_each_modification()
    {
        PollableFile file = Watched(Once);
        for (int i = 0; i < 3; i++)
        {
            file.BecomeReadable();
            AssertReported(file);

            file.BecomeReadable();
            Assert.Empty(Rig.Poll());
            Rig.Rewatch(file, Once);
        }
    }

    [Fact]
    public void A_one_shot_that_fired_is_silent_about_a_hang_up_until_it_is_modified()
    {
        PollableFile file = Watched(Once);
        file.BecomeReadable();
        AssertReported(file);

        file.HangUp();
        Assert.Empty(Rig.Poll());

        Rig.Rewatch(file, Once);
        AssertReported(file, EventSet.In | EventSet.HangUp);
    }

    [Fact]
    public void A_one_shot_that_is_modified_to_level_stays_loud()
    {
        PollableFile file = Watched(Once);
        file.BecomeReadable();
        AssertReported(file);

        Rig.Rewatch(file, EventSet.In);

        AssertReported(file);
        AssertReported(file);
    }

    [Theory]
    [InlineData(EventSet.None)]
    [InlineData(EventSet.Priority)]
    public void A_hang_up_is_reported_whether_asked_for_or_not(EventSet interest)
    {
        PollableFile file = Watched(interest);
        file.HangUp();

        AssertReported(file, EventSet.HangUp);
        AssertReported(file, EventSet.HangUp);
    }

    [Fact]
    public void An_error_is_reported_whether_asked_for_or_not()
    {
        PollableFile file = Watched(EventSet.None);
        file.Break();

        AssertReported(file, EventSet.Error | EventSet.HangUp);
    }

    [Theory]
    [InlineData(EventSet.In)]
    [InlineData(EventSet.Out)]
    [InlineData(EventSet.In | EventSet.Out)]
    public void Only_what_is_asked_for_is_reported(EventSet interest)
    {
        PollableFile file = Watched(interest);
        file.BecomeReadable();

        AssertReported(file, interest);
    }

    [Fact]
    public void A_peer_that_sends_no_more_is_reported_where_that_is_asked_for()
    {
        PollableFile asked = Watched(EventSet.ReadHangUp);
        PollableFile notAsked = Watched(EventSet.In);
        asked.HangUp();
        notAsked.HangUp();

        Assert.Equal(
            [new Readiness(
                PollerRig.TokenOf(asked),
                EventSet.ReadHangUp | EventSet.HangUp), new Readiness(PollerRig.TokenOf(notAsked), EventSet.In | EventSet.HangUp)],
            Rig.Poll().OrderBy(ready => ready.Token));
    }

    private PollableFile Watched(EventSet interest)
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, interest);
        return file;
    }

    private void AssertReported(PollableFile file, EventSet events = EventSet.In) =>
        Assert.Equal([new Readiness(PollerRig.TokenOf(file), events)], Rig.Poll());
}
