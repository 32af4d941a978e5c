using Vigil.Internals.Tests.Polling;
using Vigil.Interop;
using Vigil.Sources;

namespace Vigil.Internals.Tests.Sources;

/// <summary>A failed operation changes nothing, whenever the kernel refuses.</summary>
public class SourceTableFailureTests
{
    private const EventSet Once = EventSet.In | EventSet.OneShot;

    private readonly SourceTableRig _rig = new();

    [Theory]
    [InlineData(Errno.ENOSPC, EventManagerError.LimitReached)]
    [InlineData(Errno.ENOMEM, EventManagerError.LimitReached)]
    [InlineData(Errno.EPERM, EventManagerError.NotPollable)]
    [InlineData(Errno.EBADF, EventManagerError.InvalidDescriptor)]
    [InlineData(Errno.ELOOP, EventManagerError.System)]
    public void An_addition_that_the_kernel_refuses_says_why_and_leaves_nothing_behind(int errno, EventManagerError error)
    {
        int number = _rig.OpenReady();
        var source = new TestSource(number, EventSet.In, priority: DispatchPriority.High);
        _rig.Poller.FailNext(PollerCall.Add, errno);

        Assert.Equal(new SourceResult(error, number, errno), _rig.Table.Add(source));

        Assert.Equal(0, _rig.Table.Count);
        Assert.Equal(0, _rig.Table.PrioritizedCount);
        Assert.Empty(_rig.Table.Sources);
        SourceTableRig.AssertSuccess(_rig.Table.Add(source));
        Assert.Equal([source], _rig.Dispatch());
    }

    [Theory]
    [InlineData(EventSet.In)]
    [InlineData(EventSet.In | EventSet.EdgeTriggered)]
    [InlineData(Once)]
    public void A_modification_that_the_kernel_refuses_leaves_interest_data_and_delivery_as_they_were(EventSet interest)
    {
        TestSource source = _rig.AddReady(interest);
        _rig.Poller.FailNext(PollerCall.Modify, Errno.ENOMEM);

        Assert.Equal(EventManagerError.LimitReached, _rig.Table.Arming.Modify(source, EventSet.Out | EventSet.OneShot, data: 7).Error);

        Assert.Equal(interest, source.Interest);
        Assert.Equal(0U, source.Data);
        Assert.Equal([source], _rig.Dispatch());
    }

    [Fact]
    public void A_disarming_that_the_kernel_refuses_leaves_the_source_armed()
    {
        TestSource source = _rig.AddReady(EventSet.In);
        _rig.Poller.FailNext(PollerCall.Remove, Errno.ENOMEM);

        Assert.False(_rig.Table.Arming.Disarm(source).IsSuccess);

        Assert.Equal(SourceState.Armed, source.State);
        Assert.Equal([source], _rig.Dispatch());
    }

    [Fact]
    public void An_arming_that_the_kernel_refuses_leaves_the_source_disarmed_and_can_be_tried_again()
    {
        TestSource source = _rig.AddReady(EventSet.In);
        SourceTableRig.AssertSuccess(_rig.Table.Arming.Disarm(source));
        _rig.Poller.FailNext(PollerCall.Add, Errno.ENOSPC);

        Assert.Equal(EventManagerError.LimitReached, _rig.Table.Arming.Arm(source).Error);
        Assert.Equal(SourceState.Disarmed, source.State);
        Assert.Empty(_rig.Dispatch());

        SourceTableRig.AssertSuccess(_rig.Table.Arming.Arm(source));
        Assert.Equal([source], _rig.Dispatch());
    }

    [Fact]
    public void Arming_a_fired_one_shot_that_the_kernel_refuses_leaves_it_fired_and_can_be_tried_again()
    {
        TestSource source = _rig.AddReady(Once);
        Assert.Equal([source], _rig.Dispatch());
        _rig.Poller.FailNext(PollerCall.Modify, Errno.ENOMEM);

        Assert.False(_rig.Table.Arming.Arm(source).IsSuccess);
        Assert.Equal(SourceState.Delivered, source.State);
        Assert.Empty(_rig.Dispatch());

        SourceTableRig.AssertSuccess(_rig.Table.Arming.Arm(source));
        Assert.Equal([source], _rig.Dispatch());
    }

    [Theory]
    [InlineData(Errno.EBADF)]
    [InlineData(Errno.ENOENT)]
    [InlineData(Errno.EPERM)]
    public void A_removal_succeeds_whatever_the_kernel_says(int errno)
    {
        TestSource source = _rig.AddReady(EventSet.In);
        _rig.Poller.FailNext(PollerCall.Remove, errno);

        _rig.Table.Remove(source);

        Assert.Equal(1, source.Removals);
        Assert.Equal(0, _rig.Table.Count);
        Assert.False(_rig.Table.IsRegistered(source));
        Assert.Empty(_rig.Dispatch());
    }
}
