using Vigil.IO;
using Vigil.Sources;

namespace Vigil.Internals.Tests.Sources;

/// <summary>Numbers that were closed without removal and belong to another file now.</summary>
public class SourceTableReplacementTests
{
    private readonly SourceTableRig _rig = new();

    [Fact]
    public void A_number_that_the_kernel_takes_again_drops_its_old_source_and_the_new_one_takes_over()
    {
        TestSource old = _rig.AddReady(EventSet.In);
        _rig.Reopen(old.Number);
        var successor = new TestSource(old.Number, EventSet.In);

        SourceTableRig.AssertSuccess(_rig.Table.Add(successor));

        Assert.Equal([(old, EventManagerError.DescriptorReplaced)], _rig.Dropped);
        Assert.Equal(1, old.Removals);
        Assert.Equal([successor], _rig.Dispatch());
    }

    [Fact]
    public void A_number_that_is_registered_is_refused_with_its_owner_and_nothing_changes()
    {
        TestSource holder = _rig.AddReady(EventSet.In);

        SourceResult result = _rig.Table.Add(new TestSource(holder.Number, EventSet.In));

        Assert.Equal(EventManagerError.AlreadyRegistered, result.Error);
        Assert.Same(holder, result.Owner);
        Assert.Equal([holder], _rig.Dispatch());
        Assert.Equal(1, _rig.Table.Count);
    }

    [Fact]
    public void A_number_that_is_disarmed_counts_as_registered_though_the_kernel_does_not_know_it()
    {
        TestSource holder = _rig.AddReady(EventSet.In);
        SourceTableRig.AssertSuccess(_rig.Table.Arming.Disarm(holder));

        SourceResult result = _rig.Table.Add(new TestSource(holder.Number, EventSet.In));

        Assert.Equal(EventManagerError.AlreadyRegistered, result.Error);
        SourceTableRig.AssertSuccess(_rig.Table.Arming.Arm(holder));
        Assert.Equal([holder], _rig.Dispatch());
    }

    [Fact]
    public void A_disarmed_source_whose_handle_is_closed_makes_room()
    {
        int number = _rig.OpenReady();
        var handle = new FdHandle(number, ownsHandle: false);
        var holder = new TestSource(handle, EventSet.In);
        SourceTableRig.AssertSuccess(_rig.Table.Add(holder));
        SourceTableRig.AssertSuccess(_rig.Table.Arming.Disarm(holder));
        handle.Dispose();
        var successor = new TestSource(number, EventSet.In);

        SourceTableRig.AssertSuccess(_rig.Table.Add(successor));

        Assert.Equal([(holder, EventManagerError.HandleClosed)], _rig.Dropped);
        Assert.Equal([successor], _rig.Dispatch());
    }

    [Fact]
    public void A_registration_that_the_kernel_kept_and_nobody_here_has_is_taken_over()
    {
        TestSource orphan = _rig.AddReady(EventSet.In);
        _rig.Poller.Duplicate(orphan.Number, 2000);
        _rig.Poller.Close(orphan.Number);
        _rig.Table.Remove(orphan);
        _rig.Poller.Duplicate(2000, orphan.Number);
        var successor = new TestSource(orphan.Number, EventSet.In);

        SourceTableRig.AssertSuccess(_rig.Table.Add(successor));

        Assert.Equal([successor], _rig.Dispatch());
        Assert.Empty(_rig.Dropped);
    }

    [Fact]
    public void Whoever_is_told_of_a_replaced_source_finds_its_successor_in_place()
    {
        TestSource old = _rig.AddReady(EventSet.In);
        _rig.Reopen(old.Number);
        var successor = new TestSource(old.Number, EventSet.In);
        SourceResult? answer = null;
        _rig.OnDropped = () => answer = _rig.Table.Add(new TestSource(old.Number, EventSet.In));

        SourceTableRig.AssertSuccess(_rig.Table.Add(successor));

        Assert.Equal(EventManagerError.AlreadyRegistered, answer?.Error);
        Assert.Equal(1, _rig.Table.Count);
        Assert.Equal([successor], _rig.Dispatch());
    }

    [Fact]
    public void Whoever_is_told_of_a_closed_handle_finds_its_successor_in_place()
    {
        int number = _rig.OpenReady();
        var handle = new FdHandle(number, ownsHandle: false);
        SourceTableRig.AssertSuccess(_rig.Table.Add(new TestSource(handle, EventSet.In)));
        handle.Dispose();
        _rig.Reopen(number);
        var successor = new TestSource(number, EventSet.In);
        SourceResult? answer = null;
        _rig.OnDropped = () => answer = _rig.Table.Add(new TestSource(number, EventSet.In));

        SourceTableRig.AssertSuccess(_rig.Table.Add(successor));

        Assert.Equal(EventManagerError.AlreadyRegistered, answer?.Error);
        Assert.Equal(1, _rig.Table.Count);
        Assert.Equal([successor], _rig.Dispatch());
    }

    [Fact]
    public void Whoever_is_told_of_a_closed_handle_is_told_also_where_its_successor_is_refused()
    {
        int number = _rig.OpenReady();
        var handle = new FdHandle(number, ownsHandle: false);
        var closed = new TestSource(handle, EventSet.In);
        SourceTableRig.AssertSuccess(_rig.Table.Add(closed));
        handle.Dispose();
        _rig.Poller.Close(number);

        Assert.False(_rig.Table.Add(new TestSource(number, EventSet.In)).IsSuccess);

        Assert.Equal([(closed, EventManagerError.HandleClosed)], _rig.Dropped);
        Assert.Equal(0, _rig.Table.Count);
    }

    [Fact]
    public void A_source_with_a_closed_handle_is_dropped_by_its_own_event_and_told_so_once()
    {
        int number = _rig.OpenReady();
        var handle = new FdHandle(number, ownsHandle: false);
        var source = new TestSource(handle, EventSet.In);
        SourceTableRig.AssertSuccess(_rig.Table.Add(source));
        handle.Dispose();

        Assert.Empty(_rig.Dispatch());
        Assert.Empty(_rig.Dispatch());

        Assert.Equal([(source, EventManagerError.HandleClosed)], _rig.Dropped);
        Assert.Equal(0, _rig.Table.Count);
    }

    [Fact]
    public void Prioritized_sources_are_counted_until_they_leave_whatever_the_way()
    {
        var removed = new TestSource(_rig.OpenReady(), EventSet.In, priority: DispatchPriority.High);
        var replaced = new TestSource(_rig.OpenReady(), EventSet.In, priority: DispatchPriority.Low);
        SourceTableRig.AssertSuccess(_rig.Table.Add(removed));
        SourceTableRig.AssertSuccess(_rig.Table.Add(replaced));
        Assert.Equal(2, _rig.Table.PrioritizedCount);

        _rig.Table.Remove(removed);
        Assert.Equal(1, _rig.Table.PrioritizedCount);

        _rig.Reopen(replaced.Number);
        SourceTableRig.AssertSuccess(_rig.Table.Add(new TestSource(replaced.Number, EventSet.In)));
        Assert.Equal(0, _rig.Table.PrioritizedCount);
    }
}
