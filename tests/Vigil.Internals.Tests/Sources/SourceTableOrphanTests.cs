using Vigil.Internals.Tests.Polling;
using Vigil.Interop;
using Vigil.IO;
using Vigil.Sources;

namespace Vigil.Internals.Tests.Sources;

/// <summary>Orphaned registrations, and their removal.</summary>
public class SourceTableOrphanTests
{
    private const EventSet Once = EventSet.In | EventSet.OneShot;

    private readonly SourceTableRig _rig = new();

    [Fact]
    public void Events_of_an_orphan_reach_nobody_and_after_enough_of_them_a_rebuild_is_due()
    {
        _rig.MakeOrphan();
        for (int i = 1; i < SourceTable.OrphanLimit; i++)
        {
            Assert.Empty(_rig.Dispatch());
        }

        Assert.False(_rig.Table.NeedsRebuild);
        Assert.Empty(_rig.Dispatch());
        Assert.True(_rig.Table.NeedsRebuild);
    }

    [Fact]
    public void Events_of_what_was_removed_while_its_batch_was_handled_are_expected()
    {
        for (int i = 0; i < 2 * SourceTable.OrphanLimit; i++)
        {
            TestSource removed = _rig.AddReady(EventSet.In);
            TestSource disarmed = _rig.AddReady(EventSet.In);
            TestSource rearmed = _rig.AddReady(Once);
            List<(SourceToken, EventSet)> batch = _rig.Collect();
            _rig.Table.Remove(removed);
            SourceTableRig.AssertSuccess(_rig.Table.Arming.Disarm(disarmed));
            SourceTableRig.AssertSuccess(_rig.Table.Arming.Modify(rearmed, Once, data: 1));

            Assert.Empty(_rig.Dispatch(batch));

            Assert.Equal([rearmed], _rig.Dispatch());
            _rig.Table.Remove(disarmed);
            _rig.Table.Remove(rearmed);
        }

        Assert.False(_rig.Table.NeedsRebuild);
    }

    [Fact]
    public void A_rebuild_silences_orphans_and_keeps_everybody_else_in_their_state()
    {
        TestSource level = _rig.AddReady(EventSet.In);
        TestSource fired = _rig.AddReady(Once);
        Assert.Equal([level, fired], _rig.Dispatch());
        TestSource armedOnce = _rig.AddReady(Once);
        TestSource disarmed = _rig.AddReady(EventSet.In);
        SourceTableRig.AssertSuccess(_rig.Table.Arming.Disarm(disarmed));
        TestSource orphan = _rig.MakeOrphan();
        Exhaust(orphan, but: [level, armedOnce]);

        Assert.Equal(Errno.Success, _rig.Table.Rebuild());

        Assert.False(_rig.Table.NeedsRebuild);
        SourceTableRig.AssertSuccess(_rig.Table.Arming.Modify(armedOnce, Once, data: 1));
        Assert.Equal([level, armedOnce], _rig.Dispatch());
        Assert.DoesNotContain(_rig.Collect(), ready => ready.Token == orphan.Token);

        SourceTableRig.AssertSuccess(_rig.Table.Arming.Arm(fired));
        SourceTableRig.AssertSuccess(_rig.Table.Arming.Arm(disarmed));
        Assert.Equal([level, fired, disarmed], _rig.Dispatch());
        Assert.Empty(_rig.Dropped);
    }

    [Fact]
    public void A_source_that_is_found_dead_by_a_rebuild_is_dropped_and_its_owner_told()
    {
        TestSource alive = _rig.AddReady(EventSet.In);
        TestSource dead = _rig.AddReady(EventSet.In);
        _rig.CloseButForADuplicate(dead);

        Assert.Equal(Errno.Success, _rig.Table.Rebuild());

        Assert.Equal([(dead, EventManagerError.DescriptorReplaced)], _rig.Dropped);
        Assert.Equal(1, dead.Removals);
        Assert.Equal([alive], _rig.Dispatch());
    }

    [Fact]
    public void A_rebuild_that_cannot_begin_changes_nothing()
    {
        TestSource source = _rig.AddReady(EventSet.In);
        _rig.Poller.FailNext(PollerCall.BeginRebuild, Errno.EMFILE);

        Assert.Equal(Errno.EMFILE, _rig.Table.Rebuild());

        Assert.Equal([source], _rig.Dispatch());
    }

    [Fact]
    public void A_rebuild_that_fails_half_way_is_abandoned_and_everybody_is_still_there()
    {
        TestSource first = _rig.AddReady(EventSet.In);
        TestSource second = _rig.AddReady(EventSet.In);
        TestSource fired = _rig.AddReady(Once);
        Assert.Equal([first, second, fired], _rig.Dispatch());
        _rig.Poller.FailNext(PollerCall.Transfer, Errno.Success, Errno.ENOSPC);

        Assert.Equal(Errno.ENOSPC, _rig.Table.Rebuild());

        SourceTableRig.AssertSuccess(_rig.Table.Arming.Arm(fired));
        Assert.Equal([first, second, fired], _rig.Dispatch());
        Assert.Empty(_rig.Dropped);
    }

    [Fact]
    public void What_is_added_by_whoever_is_told_of_a_dead_source_during_a_rebuild_is_watched_after_it()
    {
        TestSource dead = _rig.AddReady(EventSet.In);
        _rig.CloseButForADuplicate(dead);
        TestSource? added = null;
        _rig.OnDropped = () => added = _rig.AddReady(EventSet.In);

        Assert.Equal(Errno.Success, _rig.Table.Rebuild());

        Assert.NotNull(added);
        Assert.Equal([added], _rig.Dispatch());
    }

    [Fact]
    public void What_is_removed_by_whoever_is_told_of_a_dead_source_during_a_rebuild_is_not_watched_after_it()
    {
        TestSource removed = _rig.AddReady(EventSet.In);
        TestSource dead = _rig.AddReady(EventSet.In);
        _rig.CloseButForADuplicate(dead);
        _rig.OnDropped = () => _rig.Table.Remove(removed);

        Assert.Equal(Errno.Success, _rig.Table.Rebuild());

        Assert.Empty(_rig.Collect());
    }

    [Fact]
    public void A_silenced_source_of_Vigils_own_stays_silent_and_known_over_a_rebuild()
    {
        TestSource own = AddOwn(EventSet.In);
        SourceTableRig.AssertSuccess(_rig.Table.Arming.Disarm(own));

        Assert.Equal(Errno.Success, _rig.Table.Rebuild());

        Assert.Empty(_rig.Collect());
        SourceTableRig.AssertSuccess(_rig.Table.Arming.Arm(own));
        Assert.Equal([own], _rig.Dispatch());
    }

    [Fact]
    public void The_number_of_a_silenced_source_of_Vigils_own_that_is_another_files_after_a_rebuild_is_not_watched()
    {
        TestSource own = AddOwn(EventSet.In);
        SourceTableRig.AssertSuccess(_rig.Table.Arming.Disarm(own));
        Assert.Equal(Errno.Success, _rig.Table.Rebuild());
        _rig.Reopen(own.Number);

        SourceTableRig.AssertSuccess(_rig.Table.RearmAfterCallback(own, EventSet.None));

        Assert.Equal([(own, EventManagerError.DescriptorReplaced)], _rig.Dropped);
        Assert.True(own.Handle!.IsClosed);
        Assert.Empty(_rig.Collect());
    }

    [Fact]
    public void The_number_of_a_source_of_Vigils_own_that_is_a_regular_files_when_it_is_armed_again_is_not_closed()
    {
        // A list of mounts has no data, so it is out of the kernel's set while it is silent.
        TestSource own = AddOwn(EventSet.Priority | EventSet.EdgeTriggered);
        SourceTableRig.AssertSuccess(_rig.Table.Arming.Disarm(own));
        _rig.Poller.Open(own.Number, isPollable: false);

        SourceTableRig.AssertSuccess(_rig.Table.RearmAfterCallback(own, EventSet.None));

        Assert.Equal([(own, EventManagerError.DescriptorReplaced)], _rig.Dropped);
        Assert.True(own.Handle!.IsClosed);
    }

    private TestSource AddOwn(EventSet interest)
    {
        var own = new TestSource(new FdHandle(_rig.OpenReady(), ownsHandle: false), interest) { IsOwn = true };
        SourceTableRig.AssertSuccess(_rig.Table.Add(own));
        return own;
    }

    private void Exhaust(TestSource orphan, TestSource[] but)
    {
        Assert.False(_rig.Table.IsRegistered(orphan));
        for (int i = 0; i < SourceTable.OrphanLimit; i++)
        {
            Assert.Empty(_rig.Dispatch().Except(but));
        }

        Assert.True(_rig.Table.NeedsRebuild);
    }
}
