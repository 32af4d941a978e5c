using System.Diagnostics;

namespace Vigil.Tests;

public sealed class WatchdogPolicyTests
{
    [Fact]
    public void Under_Detach_a_slow_subscriber_is_removed_when_it_returns_and_handed_over()
    {
        using var manager = new EventManager(SlowReports.Options(SlowCallbackPolicy.Detach));
        var reports = new SlowReports(manager);
        using var a = new EventFd(1);
        using var b = new EventFd(1);
        List<FaultReport> faults = [];
        manager.FaultReported += (_, fault) => faults.Add(fault);
        var slow = new TestSubscriber(
            ops =>
            {
                ops.Add(new Events(a, EventSet.In));
                ops.Add(new Events(b, EventSet.In));
            },
            (_, _) => reports.Await(SlowCallbackKind.Running));
        SubscriberId id = manager.AddSubscriber(slow);
        Assert.Equal(1, manager.RunOnce());

        // Its other descriptor was ready in the same iteration.
        FaultReport fault = Assert.Single(faults);
        Assert.Same(slow, fault.Detached);
        Assert.Equal(id, fault.SubscriberId);
        Assert.Equal(FaultOrigin.Subscriber, fault.Origin);
        Assert.False(fault.IsThrown);
        Assert.Equal(EventManagerError.CallbackOverran, Assert.IsType<EventManagerException>(fault.Exception).Error);
        Assert.Contains("TestSubscriber.Process", fault.Exception.Message, StringComparison.Ordinal);
        Assert.Empty(manager.GetSubscribers());
        Assert.Empty(manager.GetSources());
    }

    [Fact]
    public void Under_Detach_slow_events_and_hooks_are_cancelled_and_closures_only_reported()
    {
        using var manager = new EventManager(SlowReports.Options(SlowCallbackPolicy.Detach));
        var reports = new SlowReports(manager);
        List<FaultReport> faults = [];
        manager.FaultReported += (_, fault) => faults.Add(fault);
        TimerEvent timer = manager.CreateTimerEvent(TimeSpan.Zero, TimeSpan.FromTicks(1), (_, _) => BeSlow(LoopPhase.Timers));
        manager.RunOnce();
        Assert.True(timer.IsCancelled);
        Assert.Same(timer, Assert.Single(faults).Event);

        int hooks = 0;
        manager.AddPrepareHook(_ =>
        {
            hooks++;
            BeSlow(LoopPhase.Prepare);
        });
        manager.RunOnce(TimeSpan.Zero);
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal(1, hooks);

        manager.RemoteEndpoint.Fire(_ => BeSlow(LoopPhase.Mailbox));
        manager.RunOnce();
        Assert.Equal([FaultOrigin.TimerEvent, FaultOrigin.Hook, FaultOrigin.PostedWork], faults.Select(fault => fault.Origin));

        void BeSlow(LoopPhase phase) =>
            reports.Await(
                SlowCallbackKind.Running,
                nameof(Under_Detach_slow_events_and_hooks_are_cancelled_and_closures_only_reported),
                phase);
    }

    [Fact]
    public void Under_Stop_the_iteration_is_finished_and_the_run_ends_with_an_error_that_names_the_offender()
    {
        using var manager = new EventManager(SlowReports.Options(SlowCallbackPolicy.Stop));
        var reports = new SlowReports(manager);
        bool hasFollowed = false;
        manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => reports.Await(SlowCallbackKind.Running));

        // It may take its time: only the other one is to exceed its budget.
        manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => hasFollowed = true).Budget = Timeout.InfiniteTimeSpan;
        EventManagerException error = Assert.Throws<EventManagerException>(() => manager.Run());
        Assert.Equal(EventManagerError.CallbackOverran, error.Error);
        Assert.Contains(
            nameof(Under_Stop_the_iteration_is_finished_and_the_run_ends_with_an_error_that_names_the_offender),
            error.Message,
            StringComparison.Ordinal);
        Assert.True(hasFollowed);

        // The manager can be run again.
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
    }

    [Fact]
    public void A_phase_of_many_callbacks_that_each_keep_their_budget_is_reported()
    {
        EventManagerOptions options = SlowReports.Options();
        const string Offender = nameof(A_phase_of_many_callbacks_that_each_keep_their_budget_is_reported);
        options.Watchdog!.PhaseBudget = TimeSpan.FromMilliseconds(60);
        using var manager = new EventManager(options);
        var reports = new SlowReports(manager);
        bool isOver = false;
        manager.AddPrepareHook(running =>
        {
            for (int i = 0; i < 1000; i++)
            {
                running.Defer(_ => Work());
            }
        });
        manager.RunUntil(() => isOver);
        SlowCallbackReport report = reports.Await(SlowCallbackKind.PhaseRunning, Offender, LoopPhase.Deferred);
        Assert.InRange(reports.Await(SlowCallbackKind.PhaseEnded, phase: LoopPhase.Deferred).Elapsed, report.Elapsed, TimeSpan.MaxValue);
        Assert.InRange(manager.GetSlowCallbackStatistics().Phases, 1, long.MaxValue);

        void Work()
        {
            isOver = isOver || reports.All.Any(report => report.Kind == SlowCallbackKind.PhaseRunning
                && report.Phase == LoopPhase.Deferred && report.Method.Contains(Offender, StringComparison.Ordinal));
            if (!isOver)
            {
                Thread.Sleep(1);
            }
        }
    }

    [Fact]
    public void With_exact_timing_budgets_below_the_sampling_period_are_kept_to()
    {
        EventManagerOptions options = SlowReports.Options();
        options.Watchdog!.ExactTiming = true;
        options.Watchdog.SamplingPeriod = TimeSpan.FromSeconds(1);
        options.Watchdog.CallbackBudget = TimeSpan.FromMinutes(1);
        using var manager = new EventManager(options);
        var reports = new SlowReports(manager);
        TimerEvent slow = manager.CreateTimerEvent(TimeSpan.Zero, (_, _) =>
        {
            long start = Stopwatch.GetTimestamp();
            SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(start) > TimeSpan.FromMilliseconds(3));
        });
        slow.Budget = TimeSpan.FromMilliseconds(2);
        manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => { });
        manager.RunOnce();
        SlowCallbackReport report = reports.Await(SlowCallbackKind.Ended);
        Assert.Same(slow, report.Event);
        Assert.InRange(report.Elapsed, TimeSpan.FromMilliseconds(2), TimeSpan.MaxValue);
    }

    [Fact]
    public void With_exact_timing_a_callback_is_flagged_while_it_runs_all_the_same_and_counted_once()
    {
        EventManagerOptions options = SlowReports.Options(SlowCallbackPolicy.Detach);
        options.Watchdog!.ExactTiming = true;
        using var manager = new EventManager(options);
        var reports = new SlowReports(manager);
        List<FaultReport> faults = [];
        manager.FaultReported += (_, fault) => faults.Add(fault);
        TimerEvent slow = manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => reports.Await(SlowCallbackKind.Running));
        manager.RunOnce();
        reports.Await(SlowCallbackKind.Ended);
        Assert.Same(slow, Assert.Single(faults).Event);
        Assert.Equal(
            [SlowCallbackKind.Running, SlowCallbackKind.Ended],
            reports.All.Where(report => report.Event == slow).Select(report => report.Kind));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_fault_says_how_long_it_took_and_leaves_the_history_to_the_reports(bool exact)
    {
        EventManagerOptions options = SlowReports.Options(SlowCallbackPolicy.Stop);
        options.Watchdog!.ExactTiming = exact;
        using var manager = new EventManager(options);
        var reports = new SlowReports(manager);
        int turns = 0;
        TimerEvent slow = manager.CreateTimerEvent(TimeSpan.Zero, TimeSpan.FromTicks(1), (_, _) => BeSlow());
        for (int turn = 1; turn <= 2; turn++)
        {
            int count = turn;
            EventManagerException fault = Assert.Throws<EventManagerException>(() => manager.RunOnce());
            Assert.Matches(@"took [\d.]+ ms \(budget 50 ms\) in phase Timers\. Do less", fault.Message);
            Assert.True(
                SpinWait.SpinUntil(() => reports.All.Count(report => report.Kind == SlowCallbackKind.Ended) == count, Patience.Limit));
        }

        Assert.Contains("1 times before", reports.All[^1].ToString(), StringComparison.Ordinal);

        void BeSlow()
        {
            turns++;
            Assert.True(
                SpinWait.SpinUntil(() => reports.All.Count(report => report.Kind == SlowCallbackKind.Running) >= turns, Patience.Limit));
        }
    }

    [Fact]
    public void Each_manager_has_its_own_reports()
    {
        using var one = new LoopThread(SlowReports.Options(name: "one"));
        using var other = new LoopThread(SlowReports.Options(name: "other"));
        var ofOne = new SlowReports(one.Manager);
        var ofOther = new SlowReports(other.Manager);
        one.Endpoint.Fire(_ => ofOne.Await(SlowCallbackKind.Running, "own_reports"));
        other.Endpoint.Fire(_ => ofOther.Await(SlowCallbackKind.Running, "own_reports"));
        Assert.Equal("one", ofOne.Await(SlowCallbackKind.Ended, "own_reports").ManagerName);
        Assert.Equal("other", ofOther.Await(SlowCallbackKind.Ended, "own_reports").ManagerName);
        Assert.All(ofOne.All, report => Assert.Equal("one", report.ManagerName));
        Assert.All(ofOther.All, report => Assert.Equal("other", report.ManagerName));
    }

    [Fact]
    public void Managers_come_and_go_while_the_watchdog_looks()
    {
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                EventManagerOptions options = SlowReports.Options();
                options.Watchdog!.SamplingPeriod = options.Watchdog.CallbackBudget = TimeSpan.FromMilliseconds(1);
                using var manager = new EventManager(options);
                var reports = new SlowReports(manager);
                manager.Defer(running =>
                {
                    running.Dispose();
                    Thread.Sleep(2);
                });
                manager.RunOnce();
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => Assert.True(thread.Join(Patience.Limit)));
    }

    [Fact]
    public void A_callback_that_disposes_the_manager_and_goes_on_for_long_is_told_to_the_end()
    {
        var manager = new EventManager(SlowReports.Options());
        var reports = new SlowReports(manager);
        manager.Defer(running =>
        {
            running.Dispose();
            reports.Await(SlowCallbackKind.Running);
        });
        manager.RunOnce();
        reports.Await(SlowCallbackKind.Ended);
        Assert.InRange(manager.GetSlowCallbackStatistics().Callbacks, 1, long.MaxValue);
    }

    [Theory]
    [InlineData(0, 10, 200, "CallbackBudget", false)]
    [InlineData(5, 10, 200, "CallbackBudget", false)]
    [InlineData(50, 0, 200, "SamplingPeriod", false)]
    [InlineData(50, 2000, 200, "SamplingPeriod", true)]
    [InlineData(50, 10, -5, "PhaseBudget", false)]
    [InlineData(50, 10, 5, "PhaseBudget", true)]
    public void Options_that_cannot_be_are_refused(int budget, int period, int phase, string option, bool exact)
    {
        var options = new EventManagerOptions
        {
            Watchdog = new WatchdogOptions
            {
                CallbackBudget = TimeSpan.FromMilliseconds(budget),
                SamplingPeriod = TimeSpan.FromMilliseconds(period),
                PhaseBudget = TimeSpan.FromMilliseconds(phase),
                ExactTiming = exact,
            },
        };
        Assert.Contains(
            option,
            Assert.Throws<ArgumentOutOfRangeException>(() => new EventManager(options)).ParamName,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Budgets_that_cannot_be_seen_are_refused_and_without_a_watchdog_they_are_kept()
    {
        using var watched = new EventManager(SlowReports.Options());
        TimerEvent timer = watched.CreateTimerEvent(Timeout.InfiniteTimeSpan, (_, _) => { });
        Assert.Contains(
            "ExactTiming",
            Assert.Throws<ArgumentOutOfRangeException>(() => timer.Budget = TimeSpan.FromMilliseconds(1)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => timer.Budget = TimeSpan.Zero);
        Assert.Null(timer.Budget);
        Assert.Throws<EventManagerException>(() => watched.SetBudget(default, TimeSpan.FromSeconds(1)));

        using var unwatched = new EventManager();
        TimerEvent other = unwatched.CreateTimerEvent(Timeout.InfiniteTimeSpan, (_, _) => { });
        other.Budget = TimeSpan.FromMilliseconds(1);
        Assert.Equal(TimeSpan.FromMilliseconds(1), other.Budget);
        Assert.Throws<ArgumentOutOfRangeException>(() => other.Budget = TimeSpan.FromMilliseconds(-2));
        Assert.Equal(0, unwatched.GetSlowCallbackStatistics().Callbacks);
    }
}
