using System.Diagnostics;
using Vigil.Internals.Tests.Collections;
using Vigil.Internals.Tests.Messaging;
using Vigil.Internals.Tests.Polling;
using Vigil.Internals.Tests.Sources;
using Vigil.Internals.Tests.Support;
using Vigil.Interop;
using Vigil.IO;
using Vigil.Messaging;

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

    [Fact]
    public void A_loop_that_cannot_be_woken_tells_the_sender_which_fd_and_errno_and_the_next_sender_wakes_it()
    {
        List<FaultReport> reports = [];
        using var manager = new EventManager();
        manager.FaultReported += (_, report) => reports.Add(report);
        int wakerFd = manager.Mailbox.WakerFd.Number;
        int ran = 0;
        var loop = new BackgroundThread<int>(() =>
        {
            manager.Run();
            return ran;
        });
        loop.AwaitSleep();
        using (new ReplacedDescriptor(wakerFd))
        {
            AssertNamesWaker(() => manager.RemoteEndpoint.Fire(_ => ran++));
            AssertNamesWaker(() => manager.RemoteEndpoint.CallBlocking(_ => Assert.Fail("It was given up.")));
            AssertNamesWaker(() => { _ = manager.RemoteEndpoint.CallAsync(_ => Assert.Fail("It was given up.")); });
            AssertNamesWaker(manager.RemoteEndpoint.Kick);
            Assert.Equal(0, ran);
        }

        // Whoever comes next, or the manager itself, wakes it.
        manager.RemoteEndpoint.CallBlocking(_ => { });
        manager.Stop();
        Assert.Equal(1, loop.Result());
        FaultReport report = Assert.Single(reports);
        Assert.Equal((FaultOrigin.Registration, wakerFd), (report.Origin, Assert.IsType<EventManagerException>(report.Exception).Fd));
        Assert.False(report.IsThrown);

        void AssertNamesWaker(Action call)
        {
            EventManagerException refusal = Assert.Throws<EventManagerException>(call);
            Assert.Equal((EventManagerError.System, Errno.EBADF, wakerFd), (refusal.Error, refusal.Errno, refusal.Fd));
        }
    }

    [Fact]
    public void A_loop_that_could_not_be_woken_wakes_up_without_another_sender()
    {
        using var manager = new EventManager(new EventManagerOptions());
        manager.FaultReported += (_, _) => { };
        var loop = new BackgroundThread<bool>(() =>
        {
            manager.Run();
            return true;
        });
        loop.AwaitSleep();
        using (new ReplacedDescriptor(manager.Mailbox.WakerFd.Number))
        {
            Assert.Throws<EventManagerException>(manager.Stop);
        }

        Assert.True(loop.Result());
    }

    [Fact]
    public void A_message_whose_sender_does_not_get_on_lets_the_loop_sleep_and_not_spin()
    {
        const int Iterations = 20;
        using var manager = new EventManager();
        StalledSender<Message<EventManager>> stalled = manager.Mailbox.Stall(ActionKind<EventManager>.Create(loop => loop.Stop()));
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Iterations; i++)
        {
            Assert.Equal(0, manager.RunOnce());
        }

        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, Iterations, double.MaxValue);
        stalled.Publish();
        Assert.Equal(1, manager.RunOnce());
    }

    /// <summary>Another file under a descriptor's number, which cannot be written to, for as long as this lives. The file itself goes on living, and stays watched.</summary>
    private sealed class ReplacedDescriptor : IDisposable
    {
        private readonly int _number;
        private readonly int _original;

        public ReplacedDescriptor(int number)
        {
            _number = number;
            _original = LibC.DuplicateFrom(number, OpenDescriptors.Reserved);
            using FileStream readOnly = File.OpenRead("/dev/null");
            LibC.DuplicateTo((int)readOnly.SafeFileHandle.DangerousGetHandle(), number);
        }

        public void Dispose()
        {
            LibC.DuplicateTo(_original, _number);
            LibC.Close(_original);
        }
    }
}
