using System.Diagnostics;

namespace Vigil.Tests;

public class TimerEventTests
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    [Fact]
    public void A_timer_fires_once_and_never_early_by_any_clock()
    {
        using var manager = new EventManager();
        var random = new Random(1);
        for (int i = 0; i < 200; i++)
        {
            TimeSpan due = TimeSpan.FromTicks(random.Next(1, 30_000));
            DateTime date = DateTime.UtcNow;
            long start = Stopwatch.GetTimestamp();
            int fired = 0;
            TimeSpan elapsed = default;
            TimeSpan elapsedByDate = default;
            TimerEvent timer = manager.CreateTimerEvent(due, (_, tick) =>
            {
                elapsedByDate = DateTime.UtcNow - date;
                elapsed = Stopwatch.GetElapsedTime(start);
                Assert.True(tick.Lateness >= TimeSpan.Zero && tick.Lateness <= elapsed - due);
                fired++;
            });
            Assert.Equal(TimerState.Started, timer.State);

            Assert.Equal(1, manager.RunOnce(Patience.Limit));
            Assert.Equal(1, fired);
            Assert.True(elapsed >= due, $"{elapsed} of {due}");
            Assert.True(elapsedByDate >= due, $"{elapsedByDate} of {due}");
            Assert.Equal(TimerState.Idle, timer.State);
            Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        }
    }

    [Fact]
    public void Without_delay_it_fires_in_the_next_iteration_and_lets_IO_and_posted_work_run()
    {
        using var manager = new EventManager();
        using var ready = new EventFd(1);
        List<string> order = [];
        manager.CreateSocketEvent(ready, EventSet.In, (_, _) => order.Add("io"));
        manager.CreateTimerEvent(TimeSpan.Zero, (timer, _) =>
        {
            order.Add("timer");
            timer.Change(TimeSpan.Zero);
            manager.RemoteEndpoint.Fire(_ => order.Add("post"));
        });

        Assert.Equal(3, manager.RunOnce());
        Assert.Equal(3, manager.RunOnce());
        Assert.Equal(["timer", "io", "post", "timer", "io", "post"], order);
    }

    [Fact]
    public void Durations_that_are_no_durations_mean_what_is_documented()
    {
        using var manager = new EventManager();
        TimerEventCallback never = (_, _) => Assert.Fail("It must not fire.");

        Assert.Throws<ArgumentOutOfRangeException>(() => manager.CreateTimerEvent(-Millisecond * 2, never));
        Assert.Throws<ArgumentOutOfRangeException>(() => manager.CreateTimerEvent(TimeSpan.MinValue, never));
        Assert.Throws<ArgumentOutOfRangeException>(() => manager.CreateTimerEvent(Millisecond, TimeSpan.FromTicks(-1), never));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => manager.CreateTimerEvent(Millisecond, Millisecond, never, new() { Tolerance = -Millisecond }));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => manager.CreateTimerEvent(Millisecond, Millisecond, never, new() { MissedTicks = (MissedTickPolicy)3 }));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => manager.CreateTimerEvent(Millisecond, Millisecond, never, new() { Clock = (TimerClock)(-1) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => manager.CreateTimerEvent(DateTimeOffset.UtcNow, -Millisecond * 3, never));
        Assert.Throws<ArgumentNullException>(() => manager.CreateTimerEvent(Millisecond, null!));
        Assert.Empty(manager.GetTimers());

        TimerEvent infinite = manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, never);
        Assert.Equal(TimerState.Idle, infinite.State);
        Assert.Equal(Timeout.InfiniteTimeSpan, infinite.Remaining);
        TimerEvent endless = manager.CreateTimerEvent(
            TimeSpan.MaxValue,
            TimeSpan.MaxValue,
            never,
            new() { MissedTicks = MissedTickPolicy.Burst, Tolerance = TimeSpan.MaxValue });
        TimerEvent endOfTime = manager.CreateTimerEvent(DateTimeOffset.MaxValue, TimeSpan.MaxValue, never);
        Assert.Equal(TimerState.Started, endless.State);
        Assert.True(endless.Remaining > TimeSpan.FromDays(100_000));
        Assert.Equal(0, manager.RunOnce(Millisecond * 20));

        endOfTime.Suspend();
        endless.Suspend();
        endless.Resume();
        endOfTime.Resume();
        Assert.Equal(0, manager.RunOnce(Millisecond * 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => infinite.Change(-Millisecond * 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => infinite.Change(Millisecond, TimeSpan.FromTicks(-3)));
        Assert.Throws<InvalidOperationException>(() => infinite.ChangeTo(DateTimeOffset.UtcNow));
        Assert.Throws<InvalidOperationException>(() => endOfTime.ChangeTo(5));
        Assert.Equal(TimerState.Idle, infinite.State);
    }

    [Fact]
    public void A_period_of_zero_or_infinity_is_none()
    {
        using var manager = new EventManager();
        int fired = 0;
        TimerEvent timer = manager.CreateTimerEvent(Millisecond, TimeSpan.Zero, (_, _) => fired++);
        Assert.Equal(Timeout.InfiniteTimeSpan, timer.Period);
        Assert.Equal(1, manager.RunOnce(Patience.Limit));

        timer.Change(Millisecond, Timeout.InfiniteTimeSpan);
        Assert.Equal(1, manager.RunOnce(Patience.Limit));
        Assert.Equal(0, manager.RunOnce(Millisecond * 5));
        Assert.Equal(2, fired);
    }

    [Fact]
    public void The_shortest_period_ticks_once_an_iteration_and_counts_the_others()
    {
        var period = TimeSpan.FromTicks(1);
        using var manager = new EventManager();
        using var ready = new EventFd(1);
        long ticks = 0;
        int reads = 0;
        long start = Stopwatch.GetTimestamp();
        manager.CreateSocketEvent(ready, EventSet.In, (_, _) => reads++);
        manager.CreateTimerEvent(period, period, (_, tick) => ticks += 1 + tick.Missed);
        for (int i = 0; i < 1_000; i++)
        {
            manager.RunOnce();
        }

        Assert.Equal(1_000, reads);
        Assert.InRange(ticks * period, TimeSpan.FromTicks(1_000), Stopwatch.GetElapsedTime(start));
    }

    [Fact]
    public void A_millisecond_for_a_second_is_a_thousand_ticks_with_those_reported_missed_and_does_not_drift()
    {
        const int Ticks = 1_000;
        using var manager = new EventManager();
        long start = Stopwatch.GetTimestamp();
        long counted = 0;
        TimeSpan drift = TimeSpan.MaxValue;
        manager.CreateTimerEvent(Millisecond, Millisecond, (_, tick) =>
        {
            // The latest start of the timer that is consistent with this tick's lateness.
            TimeSpan begin = Stopwatch.GetElapsedTime(start) - tick.Lateness - ((counted + 1) * Millisecond);
            Assert.True(begin >= TimeSpan.Zero, $"Tick {counted + 1} came {begin} early.");
            drift = begin < drift ? begin : drift;
            counted += 1 + tick.Missed;
        });
        TimeSpan created = Stopwatch.GetElapsedTime(start);

        while (counted < Ticks)
        {
            manager.RunOnce(Patience.Limit);
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        Assert.True(elapsed >= Ticks * Millisecond, $"{counted} ticks within {elapsed}");
        Assert.InRange(drift, TimeSpan.Zero, created + Millisecond);
    }

    [Fact]
    public void Nothing_wakes_the_loop_while_no_timer_is_due()
    {
        int early;
        do
        {
            // Repeated if this thread was not running for so long that timers fired before they were stopped.
            early = 0;
            using var manager = new EventManager();
            long start = Stopwatch.GetTimestamp();
            List<TimerEvent> cancelled = [];
            for (int i = 0; i < 100; i++)
            {
                cancelled.Add(manager.CreateTimerEvent(Millisecond * (300 + i), (_, _) => early++));
            }

            TimerEvent suspended = manager.CreateTimerEvent(Millisecond * 300, (_, _) => early++);
            manager.CreateTimerEvent(Millisecond * 450, (_, _) => { });

            // A wait sets the kernel's timer, which is cancelled then. A wake-up would return 0.
            manager.RemoteEndpoint.Kick();
            manager.RunOnce();
            cancelled.ForEach(timer => timer.Cancel());
            suspended.Suspend();
            if (early == 0)
            {
                Assert.Equal(1, manager.RunOnce());
                Assert.True(Stopwatch.GetElapsedTime(start) >= Millisecond * 450);
                Assert.Equal(0, manager.RunOnce(Millisecond * 30));
                Assert.Equal(0, early);
            }
        }
        while (early > 0);
    }

    [Fact]
    public void A_callers_timeout_and_a_timer_end_the_wait_whichever_is_first()
    {
        using var manager = new EventManager();
        long start = Stopwatch.GetTimestamp();
        TimerEvent timer = manager.CreateTimerEvent(Patience.Limit, (_, _) => { });
        Assert.Equal(0, manager.RunOnce(Millisecond * 10));
        Assert.True(Stopwatch.GetElapsedTime(start) >= Millisecond * 10);
        timer.Change(Millisecond * 20);
        Assert.Equal(1, manager.RunOnce(Patience.Limit));
        Assert.True(Stopwatch.GetElapsedTime(start) >= Millisecond * 30);
    }

    [Fact]
    public void A_callback_cancels_its_neighbour_with_the_same_due_time()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        TimerEvent? neighbour = null;
        int fired = 0;
        manager.CreateTimerEvent(Millisecond, (_, _) =>
        {
            fired++;
            neighbour!.Cancel();
        });
        neighbour = manager.CreateTimerEvent(Millisecond, (_, _) => Assert.Fail("It is cancelled."));
        TimerEvent last = manager.CreateTimerEvent(Millisecond, (_, _) => fired++);

        time.Advance(Millisecond);
        Assert.Equal(2, manager.RunOnce());
        Assert.Equal(2, fired);
        Assert.Equal(TimerState.Cancelled, neighbour.State);
        Assert.Equal(TimerState.Idle, last.State);
        EventManagerException refused = Assert.Throws<EventManagerException>(() => neighbour.Change(Millisecond));
        Assert.Equal(EventManagerError.NotRegistered, refused.Error);
        neighbour.Cancel();
        neighbour.Dispose();
    }

    [Fact]
    public void Everything_is_allowed_in_its_own_and_in_others_callbacks()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        List<string> order = [];
        TimerEvent other = manager.CreateTimerEvent(
            Millisecond * 10,
            Millisecond * 10,
            (_, _) => order.Add($"other {time.Elapsed.Milliseconds}"));
        manager.CreateTimerEvent(Millisecond * 5, (timer, _) =>
        {
            order.Add($"own {time.Elapsed.Milliseconds}");
            switch (time.Elapsed.Milliseconds)
            {
                case 5:
                    other.Suspend();
                    timer.Change(Millisecond * 20);
                    break;
                case 25:
                    other.Resume();
                    timer.Change(Millisecond, Millisecond);
                    break;
                case 27:
                    other.Change(Millisecond * 3);
                    timer.Suspend();
                    timer.Resume();
                    break;
                case 28:
                    manager.CreateTimerEvent(Millisecond, (_, _) => order.Add($"new {time.Elapsed.Milliseconds}"));
                    timer.Cancel();
                    break;
            }
        });

        RunFor(manager, time, Millisecond * 41);
        Assert.Equal(["own 5", "own 25", "own 26", "own 27", "own 28", "new 29", "other 30", "other 40"], order);
    }

    [Theory]
    [InlineData(MissedTickPolicy.Skip, "10+0 115+9 120+0 130+0")]
    [InlineData(MissedTickPolicy.Delay, "10+0 115+9 125+0 135+0")]
    [InlineData(MissedTickPolicy.Burst, "10+0 115+9 115+8 115+7 115+6 115+5 115+4 115+3 115+2 115+1 115+0 120+0 130+0")]
    public void A_loop_that_sleeps_over_ten_periods_does_as_its_policy_says(MissedTickPolicy policy, string expected)
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        List<string> ticks = [];
        TimeSpan lateness = default;
        manager.CreateTimerEvent(
            Millisecond * 10,
            Millisecond * 10,
            (_, tick) =>
            {
                ticks.Add($"{time.Elapsed.Milliseconds}+{tick.Missed}");
                lateness = tick.Lateness > lateness ? tick.Lateness : lateness;
            },
            new() { MissedTicks = policy });

        RunFor(manager, time, Millisecond * 10);
        time.Advance(Millisecond * 105);
        while (manager.RunOnce(TimeSpan.Zero) > 0)
        {
        }

        RunFor(manager, time, Millisecond * 20);
        Assert.Equal(expected, string.Join(' ', ticks));
        Assert.Equal(Millisecond * 95, lateness);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void Bursts_make_up_one_tick_an_iteration_so_that_others_have_their_turn(int toleranceInMilliseconds)
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        using var ready = new EventFd(1);
        int ticks = 0;
        int reads = 0;
        manager.CreateSocketEvent(ready, EventSet.In, (_, _) => reads++);
        manager.CreateTimerEvent(
            Millisecond,
            Millisecond,
            (_, _) => ticks++,
            new() { MissedTicks = MissedTickPolicy.Burst, Tolerance = Millisecond * toleranceInMilliseconds });
        time.Advance(Millisecond * 51);
        for (int i = 1; i <= 50; i++)
        {
            manager.RunOnce();
            Assert.Equal((i, i), (ticks, reads));
        }
    }

    [Fact]
    public void A_callback_that_starts_its_timer_anew_for_a_window_that_has_begun_does_not_keep_the_loop()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        int ticks = 0;
        manager.CreateTimerEvent(
            Millisecond,
            Timeout.InfiniteTimeSpan,
            (timer, _) => Again(timer),
            new() { Tolerance = TimeSpan.FromMinutes(10) });
        time.Advance(TimeSpan.FromHours(1));
        for (int i = 1; i <= 3; i++)
        {
            manager.RunOnce();
            Assert.Equal(i, ticks);
        }

        void Again(TimerEvent timer)
        {
            Assert.True(++ticks < 10);
            timer.ChangeTo(time.GetTimestamp() - 1);
        }
    }

    [Fact]
    public void The_first_timer_of_another_clock_that_a_timer_starts_waits_for_the_next_iteration_although_it_is_late()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        List<TimeSpan> lateness = [];
        manager.CreateTimerEvent(Millisecond, (_, _) => manager.CreateTimerEvent(
            time.GetUtcNow() - TimeSpan.FromSeconds(1),
            Timeout.InfiniteTimeSpan,
            (_, tick) => lateness.Add(tick.Lateness),
            new() { Tolerance = TimeSpan.FromMinutes(10) }));
        time.Advance(Millisecond);
        manager.RunOnce();
        Assert.Empty(lateness);
        manager.RunOnce();
        Assert.Equal([TimeSpan.FromSeconds(1)], lateness);
    }

    [Fact]
    public void A_suspended_timer_resumes_to_the_exact_tick()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        List<TimeSpan> ticks = [];
        TimeSpan start = time.Elapsed;
        TimerEvent timer = manager.CreateTimerEvent(Millisecond * 10, Millisecond * 10, (_, tick) =>
        {
            Assert.Equal(default, tick);
            ticks.Add(time.Elapsed - start);
        });
        RunFor(manager, time, TimeSpan.FromTicks(123_457));
        timer.Suspend();
        timer.Suspend();
        Assert.Equal(TimerState.Suspended, timer.State);
        TimeSpan left = timer.Remaining;
        Assert.Equal(TimeSpan.FromTicks(200_000 - 123_457), left);
        Assert.Null(time.UntilNextTimer is { } next && next < TimeSpan.FromHours(1) ? next : null);

        RunFor(manager, time, TimeSpan.FromTicks(777_777));
        Assert.Equal(left, timer.Remaining);
        timer.Resume();
        timer.Resume();
        RunFor(manager, time, Millisecond * 25);
        var shift = TimeSpan.FromTicks(777_777);
        Assert.Equal([Millisecond * 10, (Millisecond * 20) + shift, (Millisecond * 30) + shift], ticks);

        TimerEvent idle = manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, (_, _) => { });
        idle.Suspend();
        idle.Resume();
        Assert.Equal(TimerState.Idle, idle.State);
        timer.Suspend();
        timer.Change(Millisecond);
        Assert.Equal(TimerState.Started, timer.State);
    }

    [Fact]
    public void Timers_fire_in_order_of_due_time_and_equal_ones_in_order_of_their_start()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        var random = new Random(4);
        List<(int Due, int Start)> expected = [];
        List<(int Due, int Start)> fired = [];
        for (int i = 0; i < 5_000; i++)
        {
            var key = (Due: random.Next(1, 500), Start: i);
            expected.Add(key);
            manager.CreateTimerEvent(Millisecond * key.Due, (_, _) => fired.Add(key));
        }

        time.Advance(Millisecond * 250);
        manager.RunOnce();
        Assert.Equal(expected.Count(key => key.Due <= 250), fired.Count);
        time.Advance(Millisecond * 250);
        manager.RunOnce();
        Assert.Equal(expected.Order(), fired);
    }

    [Fact]
    public void A_hundred_thousand_with_the_same_due_time_fire_in_order()
    {
        const int Count = 100_000;
        using var manager = new EventManager();
        long timestamp = manager.TimeProvider.GetTimestamp() + (manager.TimeProvider.TimestampFrequency / 20);
        List<int> fired = [];
        for (int i = 0; i < Count; i++)
        {
            int number = i;
            manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, (_, _) => fired.Add(number)).ChangeTo(timestamp);
        }

        manager.RunUntil(() => fired.Count == Count);
        Assert.Equal(Enumerable.Range(0, Count), fired);
    }

    [Fact]
    public void A_hundred_thousand_started_cancelled_and_started_again_leave_no_memory_behind()
    {
        const int Count = 100_000;
        using var manager = new EventManager();
        TimerEventCallback callback = (_, _) => Assert.Fail("It must not fire.");
        TimerEvent[] timers = new TimerEvent[Count];
        for (int i = 0; i < Count; i++)
        {
            timers[i] = manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, callback);
        }

        long before = GC.GetTotalMemory(forceFullCollection: true);
        StartAll();
        long started = GC.GetTotalMemory(forceFullCollection: true) - before;
        StopAll();
        long left = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.InRange(left, long.MinValue, started / 20);

        StartAll();
        Assert.Equal(Count, manager.GetTimers().Count);
        StopAll();
        Assert.Empty(manager.GetTimers());
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));

        void StartAll()
        {
            for (int i = 0; i < Count; i++)
            {
                timers[i].Change(TimeSpan.FromSeconds(60 + (i % 100)));
            }
        }

        void StopAll()
        {
            foreach (TimerEvent timer in timers)
            {
                timer.Change(Timeout.InfiniteTimeSpan);
            }
        }
    }

    [Fact]
    public void Timers_with_tolerances_share_a_wake_up_and_are_never_early_nor_later_than_allowed()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        var random = new Random(9);
        int fired = 0;
        int wakeUps = 0;
        for (int i = 0; i < 200; i++)
        {
            TimeSpan due = TimeSpan.FromTicks(random.Next(1, 10_000_000));
            TimeSpan tolerance = Millisecond * random.Next(100, 300);
            TimeSpan start = time.Elapsed;
            manager.CreateTimerEvent(
                due,
                Timeout.InfiniteTimeSpan,
                (_, tick) =>
                {
                    Assert.InRange(time.Elapsed - start, due, due + tolerance);
                    Assert.Equal(time.Elapsed - start - due, tick.Lateness);
                    fired++;
                },
                new() { Tolerance = tolerance });
        }

        while (fired < 200)
        {
            AdvanceToNextTimer(manager, time);
            wakeUps += manager.RunOnce(TimeSpan.Zero) > 0 ? 1 : 0;
        }

        Assert.InRange(wakeUps, 1, 20);
    }

    [Fact]
    public void A_tolerant_timer_goes_along_when_the_loop_is_awake_in_its_window()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        int tolerant = 0;
        manager.CreateTimerEvent(
            Millisecond * 100,
            Timeout.InfiniteTimeSpan,
            (_, _) => tolerant++,
            new() { Tolerance = TimeSpan.FromMinutes(1) });
        time.Advance(Millisecond * 99);
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        time.Advance(Millisecond * 2);
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal(1, tolerant);
    }

    [Fact]
    public void A_timer_that_throws_costs_no_other_its_turn_and_meets_the_fault_policy()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time, FaultPolicy = FaultPolicy.Detach });
        List<FaultReport> reports = [];
        manager.FaultReported += (_, report) => reports.Add(report);
        int fired = 0;
        TimerEvent bad = manager.CreateTimerEvent(Millisecond, Millisecond, (_, _) => throw new InvalidOperationException("bad"));
        manager.CreateTimerEvent(Millisecond, (_, _) => fired++);
        time.Advance(Millisecond);

        Assert.Equal(2, manager.RunOnce());
        Assert.Equal(1, fired);
        FaultReport report = Assert.Single(reports);
        Assert.Equal(FaultOrigin.TimerEvent, report.Origin);
        Assert.Same(bad, report.Event);
        Assert.Contains(
            nameof(A_timer_that_throws_costs_no_other_its_turn_and_meets_the_fault_policy),
            report.ToString(),
            StringComparison.Ordinal);
        Assert.Equal(TimerState.Cancelled, bad.State);
        Assert.Empty(manager.GetTimers());
    }

    [Fact]
    public void What_timers_throw_comes_out_of_the_run_under_the_default_policy()
    {
        using var manager = new EventManager();
        TimerEvent bad = manager.CreateTimerEvent(TimeSpan.Zero, Millisecond, (_, _) => throw new InvalidOperationException("first"));
        manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => throw new InvalidOperationException("second"));
        AggregateException thrown = Assert.Throws<AggregateException>(() => manager.RunOnce());
        Assert.Equal(["first", "second"], thrown.InnerExceptions.Select(exception => exception.Message));
        Assert.Equal(TimerState.Started, bad.State);
    }

    [Fact]
    public void Other_threads_are_refused_while_the_loop_runs()
    {
        using var loop = new LoopThread();
        EventManager manager = loop.Manager;
        TimerEvent timer = loop.Endpoint.CallBlocking(running => running.CreateTimerEvent(TimeSpan.FromHours(1), (_, _) => { }));
        foreach (Action action in new Action[]
        {
            () => manager.CreateTimerEvent(Millisecond, (_, _) => { }),
            () => timer.Change(Millisecond),
            timer.Suspend,
            timer.Resume,
            timer.Cancel,
            () => manager.GetTimers(),
            () => _ = manager.Delay(Millisecond),
            () => manager.WallClockStepped += (_, _) => { },
        })
        {
            Assert.Equal(EventManagerError.WrongThread, Assert.Throws<EventManagerException>(action).Error);
        }

        Assert.Equal(TimerState.Started, timer.State);
    }

    [Fact]
    public void Disposing_the_manager_ends_its_timers()
    {
        var manager = new EventManager();
        TimerEvent started = manager.CreateTimerEvent(Millisecond, Millisecond, (_, _) => Assert.Fail("It must not fire."));
        TimerEvent idle = manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, (_, _) => { });
        Assert.Contains("0 sources, 1 timers", manager.ToString(), StringComparison.Ordinal);
        manager.Dispose();

        Assert.Equal(TimerState.Cancelled, started.State);
        started.Dispose();
        idle.Dispose();
        Assert.Throws<ObjectDisposedException>(() => idle.Change(Millisecond));
    }

    [Fact]
    public void A_boot_time_timer_fires_and_is_not_early()
    {
        using var manager = new EventManager();
        long start = Stopwatch.GetTimestamp();
        int fired = 0;
        TimerEvent timer = manager.CreateTimerEvent(
            Millisecond * 20,
            Millisecond * 10,
            (_, _) => fired++,
            new() { Clock = TimerClock.BootTime });
        Assert.Equal(1, manager.RunOnce(Patience.Limit));
        Assert.True(Stopwatch.GetElapsedTime(start) >= Millisecond * 20);
        manager.RunUntil(() => fired == 3);
        Assert.True(Stopwatch.GetElapsedTime(start) >= Millisecond * 40);
        timer.Cancel();
        Assert.Equal(0, manager.RunOnce(Millisecond * 30));
        Assert.Empty(manager.GetSources());
    }

    [Fact]
    public void A_wall_clock_timer_fires_at_its_date()
    {
        using var manager = new EventManager();
        DateTimeOffset due = DateTimeOffset.UtcNow + (Millisecond * 20);
        DateTimeOffset fired = default;
        TimerEvent timer = manager.CreateTimerEvent(due, Timeout.InfiniteTimeSpan, (_, _) => fired = DateTimeOffset.UtcNow);
        Assert.Equal(1, manager.RunOnce(Patience.Limit));
        Assert.True(fired >= due);

        due = DateTimeOffset.UtcNow + (Millisecond * 15);
        timer.ChangeTo(due);
        Assert.Equal(1, manager.RunOnce(Patience.Limit));
        Assert.True(fired >= due);

        // A date that has passed is due at once, with the time since as its lateness.
        TimeSpan lateness = default;
        manager.CreateTimerEvent(
            DateTimeOffset.UnixEpoch - TimeSpan.FromDays(1),
            Timeout.InfiniteTimeSpan,
            (_, tick) => lateness = tick.Lateness);
        Assert.Equal(1, manager.RunOnce());
        Assert.True(lateness > TimeSpan.FromDays(365 * 50));
    }

    [Fact]
    public void Timers_of_all_clocks_fire_in_one_run()
    {
        using var manager = new EventManager();
        HashSet<TimerClock> fired = [];
        foreach (TimerClock clock in Enum.GetValues<TimerClock>())
        {
            manager.CreateTimerEvent(Millisecond * 5, Millisecond * 5, (timer, _) => fired.Add(timer.Clock), new() { Clock = clock });
        }

        manager.RunUntil(() => fired.Count == 3);
    }

    [Fact]
    public void A_running_loop_hears_of_a_timer_that_another_thread_sends()
    {
        using var loop = new LoopThread();
        var fired = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Endpoint.Fire(
            manager => manager.CreateTimerEvent(Millisecond * 3, (_, _) => fired.SetResult(Environment.CurrentManagedThreadId)));
        Assert.Equal(loop.ThreadId, Patience.Result(fired.Task));
    }

    [Fact]
    public void The_wait_may_spin_first_and_still_ends_in_time()
    {
        using var manager = new EventManager(new EventManagerOptions { SpinBeforeSleep = Millisecond * 5 });
        long start = Stopwatch.GetTimestamp();
        manager.CreateTimerEvent(Millisecond * 2, (timer, _) => timer.Change(Millisecond * 20));
        Assert.Equal(1, manager.RunOnce());
        Assert.Equal(1, manager.RunOnce());
        Assert.True(Stopwatch.GetElapsedTime(start) >= Millisecond * 22);
    }

    [Fact]
    public void A_timer_that_is_stopped_and_started_for_the_same_past_time_is_not_slept_over()
    {
        using var manager = new EventManager();
        int fired = 0;
        long due;
        TimerEvent timer = manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, (_, _) => fired++);
        do
        {
            // Repeated if this thread was not running for so long that the timer fired.
            fired = 0;
            due = manager.TimeProvider.GetTimestamp() + (manager.TimeProvider.TimestampFrequency / 20);
            timer.ChangeTo(due);
            manager.RunOnce(Millisecond);
        }
        while (fired > 0);
        timer.Change(Timeout.InfiniteTimeSpan);
        while (manager.TimeProvider.GetTimestamp() <= due)
        {
            Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        }

        timer.ChangeTo(due);
        Assert.Equal(1, manager.RunOnce(Patience.Limit));
        Assert.Equal(1, fired);
    }

    [Fact]
    public void Without_delay_on_another_clock_it_fires_in_the_next_iteration_too()
    {
        using var manager = new EventManager();
        List<string> order = [];
        manager.CreateTimerEvent(TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan, (_, _) => { }, new() { Clock = TimerClock.BootTime });
        manager.CreateTimerEvent(TimeSpan.Zero, (_, _) =>
        {
            order.Add("monotonic");
            manager.CreateTimerEvent(
                TimeSpan.Zero,
                Timeout.InfiniteTimeSpan,
                (_, _) => order.Add("boot"),
                new() { Clock = TimerClock.BootTime });
            manager.RemoteEndpoint.Fire(_ => order.Add("post"));
        });
        manager.RunUntil(() => order.Count == 3);
        Assert.Equal(["monotonic", "post", "boot"], order);
    }

    [Fact]
    public void Without_delay_it_takes_its_place_behind_what_was_due_before()
    {
        using var manager = new EventManager();
        List<string> order = [];
        manager.CreateTimerEvent(Millisecond, (_, _) => order.Add("earlier"));
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Millisecond * 3)
        {
        }

        manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => order.Add("now"));
        Assert.Equal(2, manager.RunOnce());
        Assert.Equal(["earlier", "now"], order);
    }

    [Theory]
    [InlineData(MissedTickPolicy.Skip, "100+0 105+0 115+0")]
    [InlineData(MissedTickPolicy.Burst, "100+0 105+0 115+0")]
    public void A_timer_that_is_suspended_when_overdue_keeps_its_phase(MissedTickPolicy policy, string expected)
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        List<string> ticks = [];
        TimerEvent timer = manager.CreateTimerEvent(
            Millisecond * 10,
            Millisecond * 10,
            (_, tick) => ticks.Add($"{time.Elapsed.Milliseconds}+{tick.Missed}"),
            new() { MissedTicks = policy });
        time.Advance(Millisecond * 15);
        timer.Suspend();
        Assert.Equal(TimeSpan.Zero, timer.Remaining);
        time.Advance(Millisecond * 85);
        timer.Resume();
        RunFor(manager, time, Millisecond * 16);
        Assert.Equal(expected, string.Join(' ', ticks));
    }

    [Fact]
    public void Disposal_ends_idle_and_suspended_timers_as_well()
    {
        var manager = new EventManager();
        TimerEvent idle = manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, (_, _) => { });
        TimerEvent suspended = manager.CreateTimerEvent(Millisecond, (_, _) => { });
        suspended.Suspend();
        manager.CreateTimerEvent(Millisecond, (_, _) => { });
        manager.Dispose();
        Assert.Equal((TimerState.Cancelled, TimerState.Cancelled), (idle.State, suspended.State));
        Assert.Equal(Timeout.InfiniteTimeSpan, suspended.Remaining);
        Assert.Contains("0 timers", manager.ToString(), StringComparison.Ordinal);
    }

    // Lets the loop set its clock's timer as before any wait, and lets that timer become due.
    private static void AdvanceToNextTimer(EventManager manager, VirtualClock time)
    {
        manager.RemoteEndpoint.Kick();
        manager.RunOnce();
        time.Advance(time.UntilNextTimer ?? TimeSpan.Zero);
    }

    private static void RunFor(EventManager manager, VirtualClock time, TimeSpan span)
    {
        TimeSpan end = time.Elapsed + span;
        manager.CreateTimerEvent(span, (_, _) => { });
        while (time.Elapsed < end)
        {
            AdvanceToNextTimer(manager, time);
            manager.RunOnce(TimeSpan.Zero);
        }
    }
}
