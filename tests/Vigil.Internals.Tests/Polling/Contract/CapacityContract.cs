using Vigil.Polling;

namespace Vigil.Internals.Tests.Polling.Contract;

/// <summary>Contract 4, second half: more descriptors are ready than the buffer holds.</summary>
public abstract class CapacityContract<TRig> : PollerContract<TRig>
    where TRig : PollerRig, new()
{
    private const int Ready = 10;
    private const int Capacity = 3;

    [Fact]
    public void A_wait_reports_as_many_as_the_buffer_holds()
    {
        WatchReadyFiles(EventSet.In);

        Assert.Equal(Capacity, Rig.Poll(new ReadyBuffer(Capacity)).Length);
        Assert.Equal(Ready, Rig.Poll(new ReadyBuffer(Ready)).Length);
    }

    [Fact]
    public void Level_that_does_not_fit_has_its_turn_before_any_other_has_a_second()
    {
        ulong[] tokens = WatchReadyFiles(EventSet.In);
        var buffer = new ReadyBuffer(capacity: 1);

        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(tokens, tokens.SelectMany(_ => Rig.Poll(buffer)).Select(ready => ready.Token).Order());
        }
    }

    [Theory]
    [InlineData(EventSet.EdgeTriggered)]
    [InlineData(EventSet.OneShot)]
    public void What_is_reported_once_and_does_not_fit_is_reported_by_the_next_waits(EventSet mode)
    {
        ulong[] tokens = WatchReadyFiles(EventSet.In | mode);
        var buffer = new ReadyBuffer(Capacity);

        ulong[] reported = [.. Enumerable.Range(0, Ready).SelectMany(_ => Rig.Poll(buffer)).Select(ready => ready.Token)];

        Assert.Equal(tokens, reported.Order());
    }

    [Fact]
    public void A_deadline_that_passes_takes_nobodys_place()
    {
        ulong[] tokens = WatchReadyFiles(EventSet.In | EventSet.EdgeTriggered);
        var buffer = new ReadyBuffer(Capacity);

        HashSet<ulong> reported = [];
        for (int i = 0; i < 2 * Ready && reported.Count < tokens.Length; i++)
        {
            reported.UnionWith(Rig.Wait(Rig.In(50_000), buffer).Select(ready => ready.Token));
        }

        Assert.Equal(tokens, reported.Order());
        Assert.Empty(Rig.Wait(Rig.In(50_000), buffer));
    }

    private ulong[] WatchReadyFiles(EventSet interest)
    {
        var tokens = new ulong[Ready];
        for (int i = 0; i < Ready; i++)
        {
            PollableFile file = Rig.OpenFile();
            Rig.Watch(file, interest);
            file.BecomeReadable();
            tokens[i] = PollerRig.TokenOf(file);
        }

        return tokens;
    }
}
