using System.Diagnostics;
using Vigil.Internals.Tests.Polling;
using Vigil.Internals.Tests.Sources;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil.Internals.Tests;

/// <summary>What fails in the loop itself, and not in anybody's callback.</summary>
public sealed class LoopFailureTests
{
    [Fact]
    public void A_wait_that_failed_is_not_counted_as_time_that_never_was()
    {
        long start = Stopwatch.GetTimestamp();
        var poller = new InterceptedPoller();
        using var manager = new EventManager(new EventManagerOptions { CollectStatistics = true }, () => poller);
        poller.WaitRefusal = Errno.EBADF;
        EventManagerException refusal = Assert.Throws<EventManagerException>(() => manager.RunOnce());
        Assert.Equal(Errno.EBADF, refusal.Errno);
        poller.WaitRefusal = Errno.Success;
        manager.RunOnce(TimeSpan.Zero);
        manager.RunOnce(TimeSpan.Zero);
        Assert.InRange(manager.GetStatistics().BusyTime, TimeSpan.Zero, Stopwatch.GetElapsedTime(start));
    }

    [Theory]
    [InlineData(DispatchPriority.High)]
    [InlineData(DispatchPriority.Low)]
    public void What_a_source_of_the_managers_own_throws_is_reported_as_it_is_and_costs_nobody_an_event(DispatchPriority priority)
    {
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Report });
        List<FaultReport> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report);
        using var own = new EventFd(1);
        using var other = new EventFd(1);
        var fault = new FormatException("own");
        manager.SourceTable.Add(new TestSource(own, EventSet.In, priority: priority) { Fault = fault }).ThrowIfFailed();
        int calls = 0;
        manager.CreateSocketEvent(other, EventSet.In | EventSet.EdgeTriggered, (_, _) => calls++);
        manager.RunOnce();
        Assert.Equal(1, calls);
        FaultReport report = Assert.Single(faults);
        Assert.Same(fault, report.Exception);
        Assert.Equal((FaultOrigin.Registration, null), (report.Origin, report.Event));
    }
}
