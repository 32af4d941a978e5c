using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Vigil.Tests;

public sealed class WatchdogTests
{
    [Fact]
    public void A_callback_that_sleeps_is_named_before_it_returns_and_again_with_its_total()
    {
        using var manager = new EventManager(SlowReports.Options(name: "plant"));
        var reports = new SlowReports(manager);
        using var fd = new EventFd(1);
        SlowCallbackReport? running = null;
        SocketEvent slow = manager.CreateSocketEvent(fd, EventSet.In, SleepsTooLong);
        long start = Stopwatch.GetTimestamp();
        manager.RunOnce();
        TimeSpan upperBound = Stopwatch.GetElapsedTime(start);
        SlowCallbackReport ended = reports.Await(SlowCallbackKind.Ended, nameof(SleepsTooLong));

        Assert.All([running!, ended], report =>
        {
            Assert.Same(slow, report.Event);
            Assert.Equal("plant", report.ManagerName);
            Assert.Equal(
                "WatchdogTests.A_callback_that_sleeps_is_named_before_it_returns_and_again_with_its_total.SleepsTooLong",
                report.Method);
            Assert.Equal(slow.Fd.Number, report.Fd);
            Assert.Equal(LoopPhase.Sources, report.Phase);
            Assert.Equal(TimeSpan.FromMilliseconds(50), report.Budget);
            Assert.False(report.SubscriberId.IsValid);
            Assert.Equal(0, report.OverrunsBefore);
            Assert.InRange(report.Elapsed, report.Budget, upperBound);
            Assert.Contains(nameof(SleepsTooLong), report.ToString(), StringComparison.Ordinal);
        });
        Assert.True(ended.Elapsed >= running!.Elapsed);
        Assert.InRange(manager.GetSlowCallbackStatistics().Callbacks, 1, long.MaxValue);
        Assert.Contains(ended, manager.GetSlowCallbackStatistics().Latest);

        // Usually longer than the sampler is ever late; otherwise as long as necessary.
        void SleepsTooLong(SocketEvent source, EventSet ready)
        {
            Thread.Sleep(300);
            running = reports.Await(SlowCallbackKind.Running, nameof(SleepsTooLong));
        }
    }

    [Fact]
    public void While_a_handler_of_reports_does_not_return_slow_callbacks_are_counted_and_not_kept()
    {
        const int Slow = 5000;
        EventManagerOptions options = SlowReports.Options();
        options.Watchdog!.ExactTiming = true;
        options.Watchdog.CallbackBudget = TimeSpan.FromTicks(1);
        using var manager = new EventManager(options);
        using var isReporting = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        manager.SlowCallbackReported += (_, _) =>
        {
            isReporting.Set();
            gate.Wait();
        };
        Run(1);
        Assert.True(isReporting.Wait(Patience.Limit));
        WeakReference last = Run(Slow);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        bool isKept = last.IsAlive;
        long counted = manager.GetSlowCallbackStatistics().Callbacks;
        gate.Set();
        Assert.True(counted > Slow / 2, $"{counted} of {Slow} were counted while the handler ran");
        Assert.False(isKept, "what was called is kept");
        Assert.True(
            SpinWait.SpinUntil(() => manager.GetSlowCallbackStatistics().Callbacks >= Slow, Patience.Limit),
            $"{manager.GetSlowCallbackStatistics()}");

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference Run(int callbacks)
        {
            WeakReference? called = null;
            for (int i = 0; i < callbacks; i++)
            {
                byte[] state = new byte[16];
                called = new WeakReference(state);
                manager.Defer(_ => Thread.SpinWait(state.Length));
                manager.RunOnce();
            }

            return called!;
        }
    }

    [Fact]
    public void A_subscriber_is_named_by_its_id_and_type_and_how_often_it_was_slow_before()
    {
        using var manager = new EventManager(SlowReports.Options());
        var reports = new SlowReports(manager);
        using var fd = new EventFd(1);
        int turns = 0;
        SubscriberId id = manager.AddSubscriber(TestSubscriber.For(new Events(fd, EventSet.In), (_, _) =>
        {
            turns++;
            AwaitRunning(reports, report => report.Kind == SlowCallbackKind.Running, turns);
        }));
        manager.RunOnce();
        manager.RunOnce();
        SlowCallbackReport[] seen = [.. reports.All.Where(report => report.Kind == SlowCallbackKind.Running)];
        Assert.All(seen, report =>
        {
            Assert.Equal(id, report.SubscriberId);
            Assert.Equal("TestSubscriber.Process", report.Method);
            Assert.Equal(manager.GetSources()[0].Fd.Number, report.Fd);
            Assert.Null(report.Event);
        });
        Assert.Equal([0, 1], seen.Select(report => report.OverrunsBefore));
    }

    [Fact]
    public void A_callback_that_removed_itself_is_named_though_another_source_has_its_place()
    {
        using var manager = new EventManager(SlowReports.Options());
        var reports = new SlowReports(manager);
        using var first = new EventFd(1);
        using var second = new EventFd(1);
        SocketEvent leaving = manager.CreateSocketEvent(first, EventSet.In, (source, _) =>
        {
            source.Cancel();
            manager.CreateSocketEvent(second, EventSet.In, static (_, _) => { });
            reports.Await(SlowCallbackKind.Running);
        });
        manager.RunOnce();
        Assert.Same(leaving, reports.Await(SlowCallbackKind.Running).Event);
        Assert.Same(leaving, reports.Await(SlowCallbackKind.Ended).Event);
    }

    [Fact]
    public void A_budget_of_ones_own_replaces_the_managers()
    {
        EventManagerOptions options = SlowReports.Options();
        options.Watchdog!.CallbackBudget = TimeSpan.FromMinutes(10);
        using var manager = new EventManager(options);
        var reports = new SlowReports(manager);
        using var fd = new EventFd(1);
        TimerEvent strict = manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => reports.Await(SlowCallbackKind.Running, "own_replaces"));
        strict.Budget = TimeSpan.FromMilliseconds(20);
        Assert.Equal(TimeSpan.FromMilliseconds(20), strict.Budget);
        SubscriberId id = manager.AddSubscriber(TestSubscriber.For(new Events(fd, EventSet.In), (_, ops) =>
        {
            reports.Await(SlowCallbackKind.Running, nameof(TestSubscriber));
            ops.Disarm(fd);
        }));
        manager.SetBudget(id, TimeSpan.FromMilliseconds(30));
        manager.RunUntil(() => reports.All.Any(report => report.SubscriberId == id));
        Assert.Equal(TimeSpan.FromMilliseconds(20), reports.Await(SlowCallbackKind.Running, "own_replaces").Budget);
        Assert.Equal(TimeSpan.FromMilliseconds(30), reports.Await(SlowCallbackKind.Running, nameof(TestSubscriber)).Budget);
    }

    [Fact]
    public void What_may_take_any_time_is_never_flagged_until_it_may_not_any_more()
    {
        using var manager = new EventManager(SlowReports.Options());
        var reports = new SlowReports(manager);
        using var fd = new EventFd(1);
        Action slow = () => Thread.Sleep(150);
        TimerEvent timer = manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => slow());
        timer.Budget = Timeout.InfiniteTimeSpan;
        SubscriberId id = manager.AddSubscriber(TestSubscriber.For(new Events(fd, EventSet.In | EventSet.EdgeTriggered), (_, _) => slow()));
        manager.SetBudget(id, Timeout.InfiniteTimeSpan);
        manager.RunOnce();

        // When this one is reported, all reports about the earlier ones have been made.
        manager.Defer(_ => reports.Await(SlowCallbackKind.Running, "any_time"));
        manager.RunOnce();
        Assert.DoesNotContain(reports.All, IsOfEither);

        int turns = 0;
        slow = () => AwaitRunning(reports, IsOfEither, ++turns);
        timer.Budget = null;
        manager.SetBudget(id, null);
        Assert.Null(timer.Budget);
        timer.Change(TimeSpan.Zero);
        Assert.Equal(1, manager.RunOnce());
        manager.Inject(id, new Events(fd, EventSet.In));
        Assert.Equal(1, manager.RunOnce());

        bool IsOfEither(SlowCallbackReport report) =>
            report.Kind == SlowCallbackKind.Running && (report.Event == timer || report.SubscriberId == id);
    }

    [Fact]
    public void Within_the_report_interval_overruns_of_one_owner_are_counted_and_not_told()
    {
        EventManagerOptions options = SlowReports.Options();
        options.Watchdog!.ReportInterval = TimeSpan.FromHours(1);
        using var manager = new EventManager(options);
        var reports = new SlowReports(manager);
        int turns = 0;
        TimerEvent timer = manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, (_, _) =>
        {
            turns++;
            Assert.True(SpinWait.SpinUntil(() => manager.GetSlowCallbackStatistics().Callbacks >= turns, Patience.Limit));
        });
        for (int i = 0; i < 3; i++)
        {
            timer.Change(TimeSpan.Zero);
            manager.RunOnce();
        }

        reports.Await(SlowCallbackKind.Ended);
        Assert.Equal(
            [SlowCallbackKind.Running, SlowCallbackKind.Ended],
            reports.All.Where(report => report.Event == timer).Select(report => report.Kind));
        SlowCallbackStatistics statistics = manager.GetSlowCallbackStatistics();
        Assert.InRange(statistics.Callbacks, 3, long.MaxValue);
        Assert.Equal(statistics.Callbacks - (reports.All.Length / 2), statistics.Suppressed);
        Assert.Equal(reports.All, statistics.Latest);
    }

    private static void AwaitRunning(SlowReports reports, Func<SlowCallbackReport, bool> isMeant, int count) =>
        Assert.True(SpinWait.SpinUntil(() => reports.All.Count(isMeant) >= count, Patience.Limit));
}
