using Vigil.Polling;

namespace Vigil.Internals.Tests.Sources;

public class PriorityOrderTests
{
    private static readonly SourceToken DeadToken = new(slot: 0, generation: 256);

    [Fact]
    public void A_batch_is_ordered_by_priority_and_within_it_as_reported_with_dead_tokens_among_the_normal()
    {
        var rig = new SourceTableRig();
        SourceToken low = Add(rig, DispatchPriority.Low);
        SourceToken normal = Add(rig, DispatchPriority.Normal);
        SourceToken high = Add(rig, DispatchPriority.High);
        SourceToken other = Add(rig, DispatchPriority.Normal);
        SourceToken highest = Add(rig, DispatchPriority.High);
        var order = new PriorityOrder(rig.Table, capacity: 8);

        Assert.Equal([high, highest, normal, DeadToken, other, low], Ordered(order, low, normal, high, DeadToken, highest, other));
        Assert.Equal([highest, low], Ordered(order, low, highest));
    }

    [Fact]
    public void A_batch_of_any_size_up_to_the_capacity_keeps_every_event()
    {
        var rig = new SourceTableRig();
        SourceToken high = Add(rig, DispatchPriority.High);
        SourceToken[] batch = [.. Enumerable.Repeat(Add(rig, DispatchPriority.Low), 99), high];

        Assert.Equal([high, .. batch[..99]], Ordered(new PriorityOrder(rig.Table, capacity: 100), batch));
    }

    private static SourceToken Add(SourceTableRig rig, DispatchPriority priority)
    {
        var source = new TestSource(rig.OpenReady(), EventSet.In, priority: priority);
        SourceTableRig.AssertSuccess(rig.Table.Add(source));
        return source.Token;
    }

    private static SourceToken[] Ordered(PriorityOrder order, params SourceToken[] tokens)
    {
        var batch = new ReadyBuffer(tokens.Length);
        batch.Clear(tokens.Length);
        Assert.All(tokens, (token, i) => Assert.True(batch.TryAdd(token, (EventSet)(uint)i)));
        ReadyBuffer ordered = order.Order(batch);
        Assert.All(Enumerable.Range(0, ordered.Count), i => Assert.Equal(ordered[i].Token, tokens[(int)ordered[i].Events]));
        return [.. Enumerable.Range(0, ordered.Count).Select(i => ordered[i].Token)];
    }
}
