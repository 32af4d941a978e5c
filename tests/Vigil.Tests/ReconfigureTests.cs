namespace Vigil.Tests;

/// <summary>Options that are checked before a manager is made, and those that change while it exists.</summary>
public class ReconfigureTests
{
    [Fact]
    public void Options_are_checked_by_themselves_and_name_what_is_wrong()
    {
        new EventManagerOptions { Watchdog = new WatchdogOptions() }.Validate();
        new WorkerPoolOptions().Validate();

        Assert.Equal(
            "options.MailboxBudget",
            Assert.Throws<ArgumentOutOfRangeException>(new EventManagerOptions { MailboxBudget = 0 }.Validate).ParamName);
        Assert.Equal(
            "options.Watchdog.SamplingPeriod",
            Assert.Throws<ArgumentOutOfRangeException>(
                new EventManagerOptions { Watchdog = new WatchdogOptions { SamplingPeriod = TimeSpan.Zero } }.Validate).ParamName);
        Assert.Equal(
            "options.Watchdog.Policy",
            Assert.Throws<ArgumentOutOfRangeException>(new WatchdogOptions { Policy = (SlowCallbackPolicy)9 }.Validate).ParamName);
        Assert.Equal(
            "options.ThreadCount",
            Assert.Throws<ArgumentOutOfRangeException>(new WorkerPoolOptions { ThreadCount = 0 }.Validate).ParamName);
    }

    [Fact]
    public void The_budget_of_the_mailbox_changes_with_the_next_iteration()
    {
        using var manager = new EventManager();
        Assert.Empty(manager.Reconfigure(new EventManagerOptions { MailboxBudget = 2 }));
        for (int i = 0; i < 5; i++)
        {
            manager.RemoteEndpoint.Fire(_ => { });
        }

        Assert.Equal(2, manager.RunOnce());
    }

    [Fact]
    public void The_fault_policy_changes()
    {
        using var manager = new EventManager();
        manager.Reconfigure(new EventManagerOptions { FaultPolicy = FaultPolicy.Report });
        List<FaultReport> faults = [];
        manager.FaultReported += (_, fault) => faults.Add(fault);
        manager.Defer(_ => throw new TimeoutException());
        manager.RunOnce();

        Assert.False(Assert.Single(faults).IsThrown);
    }

    [Fact]
    public void The_limit_of_unhandled_hang_ups_changes_and_is_quoted()
    {
        using var manager = new EventManager();
        manager.Reconfigure(new EventManagerOptions { UnhandledHangUpLimit = 2 });
        using var pipe = new UnixPipe();
        SocketEvent reader = manager.CreateSocketEvent(pipe.Reader, EventSet.In, (_, _) => { });
        List<FaultReport> faults = [];
        manager.FaultReported += (_, fault) => faults.Add(fault);
        pipe.Writer.Dispose();
        manager.RunUntil(() => reader.State == SourceState.Disarmed);

        Assert.Contains("for 2 iterations", Assert.Single(faults).Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_watchdogs_budget_policy_and_interval_change()
    {
        using ManualResetEventSlim gate = new();
        var options = new EventManagerOptions { Watchdog = new WatchdogOptions { CallbackBudget = TimeSpan.FromHours(1) } };
        using var loop = new LoopThread(options);
        TaskCompletionSource<SlowCallbackReport> reported = new();
        loop.Manager.SlowCallbackReported += (_, report) =>
        {
            reported.TrySetResult(report);
            gate.Set();
        };
        options.Watchdog.CallbackBudget = TimeSpan.FromMilliseconds(20);
        options.Watchdog.Policy = SlowCallbackPolicy.Stop;
        Assert.Empty(loop.Endpoint.CallBlocking(manager => manager.Reconfigure(options)));
        loop.Endpoint.Fire(_ => gate.Wait(Patience.Limit));

        Assert.Equal(TimeSpan.FromMilliseconds(20), Patience.Result(reported.Task).Budget);
        var exception = Assert.Throws<EventManagerException>(() => Patience.Wait(loop.Ended));
        Assert.Equal(EventManagerError.CallbackOverran, exception.Error);
    }

    [Fact]
    public void What_cannot_change_is_named_and_stays()
    {
        using var manager = new EventManager(new EventManagerOptions { Watchdog = new WatchdogOptions() });
        IReadOnlyList<string> unchanged = manager.Reconfigure(new EventManagerOptions
        {
            Name = "other",
            ReadyCapacity = 1,
            MailboxCapacity = 1,
            CollectStatistics = true,
            Watchdog = new WatchdogOptions { ExactTiming = true, SamplingPeriod = TimeSpan.FromMilliseconds(5) },
        });

        Assert.Equal(
            ["Name", "ReadyCapacity", "MailboxCapacity", "CollectStatistics", "Watchdog.SamplingPeriod", "Watchdog.ExactTiming"],
            unchanged);
        Assert.Equal("EventManager", manager.Name);
        Assert.Equal(["Watchdog"], manager.Reconfigure(new EventManagerOptions()));
    }

    [Fact]
    public void An_invalid_change_changes_nothing()
    {
        using var manager = new EventManager(new EventManagerOptions { MailboxBudget = 3, Watchdog = new WatchdogOptions() });
        var options = new EventManagerOptions { MailboxBudget = 1, ReadyCapacity = 0 };
        Assert.Throws<ArgumentOutOfRangeException>(() => manager.Reconfigure(options));

        // Short enough for the wanted period, but not for the one that the watchdog has.
        options.ReadyCapacity = 1;
        options.Watchdog = new WatchdogOptions
        {
            SamplingPeriod = TimeSpan.FromMilliseconds(1),
            CallbackBudget = TimeSpan.FromMilliseconds(2),
        };
        Assert.Equal(
            "options.Watchdog.CallbackBudget", Assert.Throws<ArgumentOutOfRangeException>(() => manager.Reconfigure(options)).ParamName);
        for (int i = 0; i < 5; i++)
        {
            manager.RemoteEndpoint.Fire(_ => { });
        }

        Assert.Equal(3, manager.RunOnce());
    }

    [Fact]
    public void A_full_mailbox_is_reported_with_the_number_of_refused_posts()
    {
        using var manager = new EventManager(new EventManagerOptions { Name = "gateway", MailboxCapacity = 2 });
        List<MailboxFullReport> reports = [];
        Assert.True(manager.RemoteEndpoint.TryFire(_ => { }));
        Assert.True(manager.RemoteEndpoint.TryFire(_ => { }));
        Assert.False(manager.RemoteEndpoint.TryFire(_ => { }));
        manager.MailboxFull += (_, report) => reports.Add(report);
        Assert.False(manager.RemoteEndpoint.TryFire(_ => { }));
        Assert.Throws<EventManagerException>(() => manager.RemoteEndpoint.Fire(_ => { }));
        Assert.Throws<EventManagerException>(
            () => { _ = manager.RemoteEndpoint.CallAsync(_ => 1, TestContext.Current.CancellationToken); });
        manager.RunUntil(() => reports.Count > 0);
        manager.RunOnce(TimeSpan.Zero);

        MailboxFullReport report = Assert.Single(reports);
        Assert.Equal(("gateway", 2, 3), (report.ManagerName, report.Capacity, report.Refused));
    }

    [Fact]
    public void A_loop_is_busy_for_as_long_as_its_callback_has_not_returned_and_not_while_it_sleeps()
    {
        using ManualResetEventSlim gate = new();
        TaskCompletionSource begun = new();
        using var loop = new LoopThread(new EventManagerOptions { CollectStatistics = true });
        loop.Endpoint.Fire(_ =>
        {
            begun.SetResult();
            gate.Wait(Patience.Limit);
        });
        Patience.Wait(begun.Task);
        TimeSpan busy = loop.Manager.GetStatistics().BusyFor;

        Assert.True(SpinWait.SpinUntil(() => loop.Manager.GetStatistics().BusyFor > busy, Patience.Limit));
        gate.Set();
        Assert.True(SpinWait.SpinUntil(() => loop.Manager.GetStatistics().BusyFor == TimeSpan.Zero, Patience.Limit));
    }
}
