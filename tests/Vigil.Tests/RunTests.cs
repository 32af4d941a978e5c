using System.Diagnostics;

namespace Vigil.Tests;

public sealed class RunTests
{
    [Fact]
    public void Stop_before_Run_makes_that_run_return_after_one_iteration_that_does_not_sleep_and_is_consumed()
    {
        using var manager = new EventManager();
        int iterations = 0;
        manager.AddCheckHook(_ => iterations++);
        manager.Stop();
        Assert.Equal(0, manager.RunOnce());
        Assert.Equal(1, iterations);
        manager.Run();
        Assert.Equal(2, iterations);

        // The stop is consumed: the next run goes on until it is stopped again.
        manager.Defer(running => running.Defer(again => again.Stop()));
        manager.Run();
        Assert.Equal(4, iterations);
    }

    [Fact]
    public void Stop_from_another_thread_ends_a_sleeping_run()
    {
        using var loop = new LoopThread();
        loop.Manager.Stop();
        Patience.Wait(loop.Ended);
    }

    [Fact]
    public void A_cancelled_run_returns_normally()
    {
        using var manager = new EventManager();
        using var source = new CancellationTokenSource();
        manager.Defer(_ => ThreadPool.QueueUserWorkItem(_ => source.Cancel()));
        manager.Run(source.Token);
        manager.Run(source.Token);
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
    }

    [Fact]
    public void RunOnce_never_returns_before_its_timeout()
    {
        using var manager = new EventManager();
        foreach (double milliseconds in (double[])[0.2, 1.7, 20])
        {
            var timeout = TimeSpan.FromMilliseconds(milliseconds);
            long start = Stopwatch.GetTimestamp();
            Assert.Equal(0, manager.RunOnce(timeout));
            Assert.True(Stopwatch.GetElapsedTime(start) >= timeout);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => manager.RunOnce(TimeSpan.FromTicks(-1)));
        manager.RemoteEndpoint.Kick();
        Assert.Equal(0, manager.RunOnce(TimeSpan.MaxValue));
    }

    [Fact]
    public void RunOnce_counts_callbacks_and_not_wake_ups()
    {
        using var manager = new EventManager();
        using var fd = new EventFd(1);
        manager.CreateSocketEvent(fd, EventSet.In, (source, _) => source.Cancel());
        manager.Defer(_ => { });
        manager.RemoteEndpoint.Fire(_ => { });
        manager.RemoteEndpoint.Fire(_ => { });
        Assert.Equal(4, manager.RunOnce());
        manager.RemoteEndpoint.Kick();
        Assert.Equal(0, manager.RunOnce());
    }

    [Fact]
    public void Running_inside_a_callback_throws()
    {
        using var manager = new EventManager();
        using var inner = new EventManager();
        manager.Defer(_ =>
        {
            Assert.Equal(EventManagerError.Reentrant, Assert.Throws<EventManagerException>(() => manager.RunOnce(TimeSpan.Zero)).Error);
            Assert.Equal(EventManagerError.Reentrant, Assert.Throws<EventManagerException>(() => manager.Run()).Error);

            // Another manager is not affected.
            inner.Defer(running => Assert.Same(running, EventManager.Current));
            Assert.Equal(1, inner.RunOnce());
            Assert.Same(manager, EventManager.Current);
        });
        Assert.Equal(1, manager.RunOnce());
        Assert.Null(EventManager.Current);
    }

    [Fact]
    public void A_call_from_the_wrong_thread_throws_and_says_what_to_use()
    {
        using var loop = new LoopThread();
        EventManagerException exception = Assert.Throws<EventManagerException>(() => loop.Manager.AddSubscriber(new TestSubscriber()));
        Assert.Equal(EventManagerError.WrongThread, exception.Error);
        Assert.Contains("RemoteEndpoint", exception.Message, StringComparison.Ordinal);
        Assert.Equal(EventManagerError.WrongThread, Assert.Throws<EventManagerException>(() => loop.Manager.RunOnce()).Error);
        Assert.False(loop.Manager.IsOnLoop);
        Assert.True(loop.Endpoint.CallBlocking(manager => manager.IsOnLoop));
    }

    [Fact]
    public void A_callback_may_use_the_manager_however_deep_its_calls_are()
    {
        using var manager = new EventManager();
        TimerEvent timer = manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, (_, _) => { });
        int depth = 0;
        manager.Defer(_ => Descend(1_000));
        Assert.Equal(1, manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(0, depth);

        // A thousand frames of more than 256 bytes each.
        void Descend(int left)
        {
            Span<long> frame = stackalloc long[32];
            frame.Fill(left);
            depth++;
            Assert.True(manager.IsOnLoop);
            timer.Change(TimeSpan.FromHours(1));
            if (left > 1)
            {
                Descend(left - 1);
            }

            depth--;
            Assert.Equal(left, frame[31]);
        }
    }

    [Fact]
    public void Between_runs_any_one_thread_may_use_the_manager()
    {
        using var manager = new EventManager();
        Patience.Wait(Task.Run(() =>
        {
            manager.AddSubscriber(new TestSubscriber());
            manager.RunOnce(TimeSpan.Zero);
        }));
        Assert.Single(manager.GetSubscribers());
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
    }

    [Fact]
    public void Hooks_run_in_their_phases_and_idle_ones_only_if_nothing_else_ran()
    {
        using var manager = new EventManager();
        using var fd = new EventFd(1);
        List<string> order = [];
        manager.AddPrepareHook(_ => order.Add("prepare"));
        HookRegistration check = manager.AddCheckHook(_ => order.Add("check"));
        manager.AddIdleHook(_ => order.Add("idle"));
        SocketEvent socketEvent = manager.CreateSocketEvent(fd, EventSet.In, (_, _) =>
        {
            order.Add("source");
            manager.RemoteEndpoint.Fire(_ => order.Add("posted"));
            manager.Defer(_ => order.Add("deferred"));
        });
        manager.RunOnce();
        Assert.Equal(["prepare", "source", "posted", "deferred", "check"], order);
        order.Clear();
        socketEvent.Cancel();
        check.Dispose();
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal(["prepare", "idle"], order);
    }

    [Fact]
    public void A_hook_that_is_removed_by_an_earlier_one_does_not_run()
    {
        using var manager = new EventManager();
        HookRegistration? second = null;
        int ran = 0;
        manager.AddCheckHook(_ => second!.Dispose());
        second = manager.AddCheckHook(_ => ran++);
        manager.RunOnce(TimeSpan.Zero);
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal(0, ran);
    }

    [Fact]
    public void What_a_deferred_callback_defers_runs_in_the_next_iteration_which_does_not_sleep()
    {
        using var manager = new EventManager();
        List<int> order = [];
        manager.Defer(
            (running, value) =>
            {
                order.Add(value);
                running.Defer((_, next) => order.Add(next), value + 1);
            },
            1);
        Assert.Equal(1, manager.RunOnce());
        Assert.Equal([1], order);
        Assert.Equal(1, manager.RunOnce());
        Assert.Equal([1, 2], order);
    }

    [Fact]
    public void A_stop_is_kept_for_the_next_run_also_where_an_exit_callback_throws()
    {
        using var manager = new EventManager();
        manager.AddExitCallback(_ => throw new FormatException());
        manager.Stop();
        Assert.Throws<FormatException>(() => manager.Run());
        Assert.True(manager.IsStopRequested);
        manager.Run();
        Assert.False(manager.IsStopRequested);
    }

    [Fact]
    public void Exit_callbacks_run_once_when_a_run_is_stopped_the_last_registered_first()
    {
        using var manager = new EventManager();
        List<string> order = [];
        manager.AddExitCallback(_ => order.Add("first"));
        manager.AddExitCallback(running =>
        {
            order.Add("second");
            running.AddExitCallback(_ => order.Add("late"));
        });
        manager.AddExitCallback(_ => order.Add("removed")).Dispose();
        manager.RunOnce(TimeSpan.Zero);
        Assert.Empty(order);
        manager.Stop();
        manager.Run();
        Assert.Equal(["second", "late", "first"], order);
        manager.Stop();
        manager.Run();
        Assert.Equal(3, order.Count);
    }

    [Fact]
    public void A_stop_is_kept_for_the_next_run_if_an_exit_callback_throws()
    {
        using var manager = new EventManager();
        bool hasExited = false;
        manager.AddExitCallback(_ => hasExited = true);
        manager.AddExitCallback(_ => throw new FormatException());
        manager.Stop();
        Assert.Throws<FormatException>(() => manager.Run());
        Assert.True(hasExited);
        Assert.True(manager.IsStopRequested);
        manager.Run();
        Assert.False(manager.IsStopRequested);
    }

    [Fact]
    public void Options_outside_of_what_is_allowed_are_refused_by_name()
    {
        Refused(new EventManagerOptions { ReadyCapacity = 0 }, "ReadyCapacity");
        Refused(new EventManagerOptions { ReadyCapacity = EventManagerOptions.MaxReadyCapacity + 1 }, "ReadyCapacity");
        Refused(new EventManagerOptions { MailboxBudget = 0 }, "MailboxBudget");
        Refused(new EventManagerOptions { MailboxCapacity = -1 }, "MailboxCapacity");
        Refused(new EventManagerOptions { SpinBeforeSleep = TimeSpan.FromSeconds(2) }, "SpinBeforeSleep");
        Refused(new EventManagerOptions { UnhandledHangUpLimit = 1 }, "UnhandledHangUpLimit");
        Refused(new EventManagerOptions { FaultPolicy = (FaultPolicy)9 }, "FaultPolicy");
        Assert.Throws<ArgumentException>(() => new EventManager(new EventManagerOptions { Name = " " }));
        new EventManager(new EventManagerOptions { ReadyCapacity = EventManagerOptions.MaxReadyCapacity }).Dispose();

        static void Refused(EventManagerOptions options, string name)
        {
            ArgumentOutOfRangeException exception = Assert.Throws<ArgumentOutOfRangeException>(() => new EventManager(options));
            Assert.Equal($"options.{name}", exception.ParamName);
        }
    }
}
