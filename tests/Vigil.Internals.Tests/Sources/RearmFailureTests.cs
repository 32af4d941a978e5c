using Vigil.Internals.Tests.Polling;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil.Internals.Tests.Sources;

/// <summary>A kernel that does not want to watch a descriptor again whose callback has ended on a worker.</summary>
public sealed class RearmFailureTests : IWorkExecutor
{
    private readonly Queue<WorkItem> _work = new();

    int IWorkExecutor.ThreadCount => 0;

    [Theory]
    [InlineData(Errno.ENOMEM, EventManagerError.LimitReached)]
    [InlineData(Errno.EINVAL, EventManagerError.System)]
    public void A_refusal_is_reported_as_what_it_is_and_the_event_can_be_armed_later(int errno, EventManagerError expected)
    {
        var poller = new InterceptedPoller();
        using var manager = new EventManager(new EventManagerOptions { Workers = this }, () => poller);
        List<FaultReport> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report);
        using var fd = new EventFd(1);
        int calls = 0;
        SocketEvent source = manager.CreateSocketEvent(fd, EventSet.In, (_, _) => calls++, target: CallbackTarget.Worker());
        manager.RunOnce();
        _work.Dequeue().Run();
        poller.Refusal = errno;
        manager.RunOnce();
        EventManagerException reason = Assert.IsType<EventManagerException>(Assert.Single(faults).Exception);
        Assert.Equal((expected, errno, fd.Number), (reason.Error, reason.Errno, reason.Fd));
        Assert.Equal(source, faults[0].Event);
        Assert.Equal(SourceState.Disarmed, source.State);

        poller.Refusal = Errno.Success;
        source.Arm();
        manager.RunOnce();
        _work.Dequeue().Run();
        Assert.Equal(2, calls);
    }

    bool IWorkExecutor.TryExecute(in WorkItem item)
    {
        _work.Enqueue(item);
        return true;
    }
}
