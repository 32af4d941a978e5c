using System.Diagnostics;
using System.Net.Sockets;

namespace Vigil.Tests;

public sealed class FaultTests
{
    [Fact]
    public void What_a_prepare_hook_throws_ends_the_run_before_the_loop_sleeps()
    {
        var longTime = TimeSpan.FromSeconds(20);
        using var manager = new EventManager();
        using HookRegistration hook = manager.AddPrepareHook(_ => throw new FormatException());
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.Throws<FormatException>(() => manager.RunOnce(longTime));
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < longTime, "The loop slept.");
    }

    [Fact]
    public void A_callback_that_throws_in_the_middle_of_edge_triggered_neighbours_costs_none_of_them_its_event()
    {
        using var manager = new EventManager();
        EventFd[] fds = [.. Enumerable.Range(0, 9).Select(_ => new EventFd(1))];
        var subscriber = new TestSubscriber(
            ops =>
            {
                for (int i = 0; i < fds.Length; i++)
                {
                    ops.Add(new Events(fds[i], EventSet.In | EventSet.EdgeTriggered, (uint)i));
                }
            },
            (events, _) =>
            {
                if (events.Data == 4)
                {
                    throw new InvalidOperationException("in the middle");
                }
            });
        manager.AddSubscriber(subscriber);
        Assert.Equal("in the middle", Assert.Throws<InvalidOperationException>(() => manager.RunOnce()).Message);
        Assert.Equal(Enumerable.Range(0, 9).Select(i => (uint)i), subscriber.Seen.Select(events => events.Data).Order());

        // The manager can be run again, and nothing is delivered twice.
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        Array.ForEach(fds, fd => fd.Dispose());
    }

    [Fact]
    public void Several_exceptions_of_one_iteration_come_together()
    {
        using var manager = new EventManager();
        manager.Defer(_ => throw new InvalidOperationException("one"));
        manager.Defer(_ => throw new FormatException("two"));
        AggregateException exception = Assert.Throws<AggregateException>(() => manager.RunOnce());
        Assert.Equal(["one", "two"], exception.InnerExceptions.Select(inner => inner.Message));
    }

    [Fact]
    public void Under_Throw_the_exception_ends_the_run_with_its_own_stack_and_a_stop_stays_for_the_next()
    {
        using var manager = new EventManager();
        List<FaultReport> reports = [];
        manager.FaultReported += (_, report) => reports.Add(report);
        manager.RemoteEndpoint.Fire(running =>
        {
            running.Stop();
            ThrowFromHere();
        });
        Assert.Contains(
            nameof(ThrowFromHere),
            Assert.Throws<InvalidOperationException>(() => manager.Run()).StackTrace,
            StringComparison.Ordinal);
        Assert.True(Assert.Single(reports).IsThrown);
        Assert.Equal(FaultOrigin.PostedWork, reports[0].Origin);
        manager.Run();
        static void ThrowFromHere() => throw new InvalidOperationException();
    }

    [Fact]
    public void Under_Detach_the_offender_is_removed_at_once_and_handed_over()
    {
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Detach });
        using var a = new EventFd(1);
        using var b = new EventFd(1);
        using var c = new EventFd(1);
        List<FaultReport> reports = [];
        manager.FaultReported += (_, report) => reports.Add(report);
        var offender = new TestSubscriber(
            ops =>
            {
                ops.Add(new Events(a, EventSet.In));
                ops.Add(new Events(b, EventSet.In));
            },
            (_, _) => throw new InvalidOperationException("history"));
        SubscriberId id = manager.AddSubscriber(offender);
        SocketEvent throwing = manager.CreateSocketEvent(c, EventSet.In, (_, _) => throw new FormatException());
        Assert.Equal(2, manager.RunOnce());
        FaultReport report = Assert.Single(reports, report => report.Origin == FaultOrigin.Subscriber);
        Assert.Same(offender, report.Detached);
        Assert.Equal(id, report.SubscriberId);
        Assert.False(report.IsThrown);
        Assert.Single(offender.Seen);
        Assert.Same(throwing, Assert.Single(reports, report => report.Origin == FaultOrigin.SocketEvent).Event);
        Assert.True(throwing.IsCancelled);
        Assert.Empty(manager.GetSources());
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
    }

    [Fact]
    public void Under_Report_the_loop_goes_on()
    {
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Report });
        using var a = new EventFd(1);
        List<FaultReport> reports = [];
        manager.FaultReported += (_, report) => reports.Add(report);
        manager.AddSubscriber(TestSubscriber.For(new Events(a, EventSet.In), (_, _) => throw new InvalidOperationException()));
        manager.AddPrepareHook(_ => throw new FormatException());
        Assert.Equal(1, manager.RunOnce());
        Assert.Equal(1, manager.RunOnce());
        Assert.Equal(
            [FaultOrigin.Hook, FaultOrigin.Subscriber, FaultOrigin.Hook, FaultOrigin.Subscriber],
            reports.Select(report => report.Origin));
        Assert.Contains("InvalidOperationException", reports[1].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_prepare_hook_throws_does_not_wait_until_something_is_ready()
    {
        using var manager = new EventManager();
        manager.AddPrepareHook(_ => throw new FormatException());
        long start = Stopwatch.GetTimestamp();
        Assert.Throws<FormatException>(() => manager.RunOnce(Patience.Limit));
        Assert.True(Stopwatch.GetElapsedTime(start) < Patience.Limit, "The loop has slept.");
    }

    [Fact]
    public void A_listener_that_throws_ends_the_run_under_any_policy()
    {
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Report });
        manager.FaultReported += (_, _) => throw new NotSupportedException("the listener");
        manager.Defer(_ => throw new InvalidOperationException());
        Assert.Equal("the listener", Assert.Throws<NotSupportedException>(() => manager.RunOnce()).Message);
    }

    [Fact]
    public void A_hang_up_that_nobody_handles_is_disarmed_and_reported()
    {
        using var manager = new EventManager(new EventManagerOptions { UnhandledHangUpLimit = 50 });
        List<FaultReport> reports = [];
        manager.FaultReported += (_, report) => reports.Add(report);
        using var pipe = new UnixPipe();
        var subscriber = TestSubscriber.For(new Events(pipe.Reader, EventSet.In));
        SubscriberId id = manager.AddSubscriber(subscriber);
        pipe.Writer.Dispose();
        while (manager.RunOnce(TimeSpan.Zero) > 0)
        {
            Assert.InRange(subscriber.Seen.Count, 1, 50);
        }

        Assert.Equal(50, subscriber.Seen.Count);
        FaultReport report = Assert.Single(reports);
        Assert.Equal(EventManagerError.Spinning, Assert.IsType<EventManagerException>(report.Exception).Error);
        Assert.Equal((id, new FileDescriptor(pipe.Reader).Number), (report.SubscriberId, report.Fd));
        Assert.Equal(SourceState.Disarmed, Assert.Single(manager.GetSources()).State);
    }

    [Fact]
    public void A_hung_up_pipe_that_is_drained_16_bytes_a_turn_is_delivered_whole()
    {
        using var manager = new EventManager(new EventManagerOptions { UnhandledHangUpLimit = 10 });
        using var pipe = new UnixPipe();
        Assert.Equal(65_536, NonBlocking.TryWrite(pipe.Writer, new byte[65_536]).Count);
        pipe.Writer.Dispose();
        int received = 0;
        byte[] buffer = new byte[16];
        bool ended = false;
        manager.AddSubscriber(TestSubscriber.For(new Events(pipe.Reader, EventSet.In), (events, ops) =>
        {
            IOResult read = NonBlocking.TryRead(events.Fd, buffer);
            received += read.Count;
            if (read.IsEndOfStream)
            {
                ended = true;
                ops.Remove(events);
            }
        }));
        manager.RunUntil(() => ended);
        Assert.Equal(65_536, received);
    }

    [Fact]
    public void Messages_of_one_size_are_drained_whole_after_a_hang_up()
    {
        using var manager = new EventManager(new EventManagerOptions { UnhandledHangUpLimit = 5 });
        using var pair = new UnixSocketPair(SocketType.Seqpacket);
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(8, NonBlocking.TryWrite(pair.First, new byte[8]).Count);
        }

        pair.First.Dispose();
        int messages = 0;
        byte[] buffer = new byte[8];
        manager.AddSubscriber(TestSubscriber.For(new Events(pair.Second, EventSet.In), (events, ops) =>
        {
            if (NonBlocking.TryRead(events.Fd, buffer).IsEndOfStream)
            {
                ops.Remove(events);
                return;
            }

            messages++;
        }));
        manager.RunUntil(() => manager.GetSources().Count == 0);
        Assert.Equal(100, messages);
    }
}
