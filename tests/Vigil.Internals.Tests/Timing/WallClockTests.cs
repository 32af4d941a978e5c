using Vigil.Internals.Tests.Support;
using Vigil.IO;
using Vigil.Polling;
using Vigil.Timing;

namespace Vigil.Internals.Tests.Timing;

public sealed class WallClockTests : IDisposable
{
    private const long Nanosecond = 1;
    private const long Second = 1_000_000_000 * Nanosecond;
    private const long Hour = 3_600 * Second;

    private readonly ScriptedClock _monotonic = new() { IsPollersClock = true };
    private readonly ScriptedClock _wall = new();
    private readonly EventManager _manager;
    private readonly List<string> _log = [];

    public WallClockTests()
    {
        _monotonic.Advance(Hour);
        _wall.Advance(1000 * Hour);
        _manager = new EventManager(
            new EventManagerOptions(),
            static () => new EpollPoller(),
            clock => clock == TimerClock.WallClock ? _wall : _monotonic);
    }

    public void Dispose()
    {
        _manager.Dispose();
        _wall.Dispose();
        _monotonic.Dispose();
    }

    [Fact]
    public void A_clock_that_is_set_forward_makes_dates_due_and_tells_before_it_fires_them()
    {
        _manager.WallClockStepped += (_, step) => _log.Add($"step {step.Offset.TotalHours}");
        At(1001 * Hour, "first");
        At(1003 * Hour, "second");
        KickOnce();
        Assert.Equal(1001 * Hour, _wall.Armed);
        Assert.True(_wall.DetectsSteps);

        _wall.Set(1002 * Hour);
        Assert.Equal(2, _manager.RunOnce());
        Assert.Equal(["step 2", "first 1"], _log);
        KickOnce();
        Assert.Equal(1003 * Hour, _wall.Armed);
    }

    [Fact]
    public void A_clock_that_is_set_back_lets_dates_wait_again()
    {
        _manager.WallClockStepped += (_, step) => _log.Add($"step {step.Offset.TotalHours}");
        At(1001 * Hour, "timer");
        KickOnce();
        Pass(Hour - Second);
        KickOnce();
        _wall.Set(999 * Hour);
        Assert.Equal(1, _manager.RunOnce());
        Pass(Second);
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        Assert.Single(_manager.GetTimers());

        Pass((2 * Hour) - Second - Nanosecond);
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        Pass(Nanosecond);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(["step -1.9997222222", "timer 0"], _log.Select(line => line[..Math.Min(line.Length, 18)]));
    }

    [Fact]
    public void A_timer_that_is_started_between_a_step_back_and_its_notice_waits_for_its_date()
    {
        At(1001 * Hour, "early");
        KickOnce();
        _wall.Set(900 * Hour);

        // The wheel still assumes 1000 h, so 950 h has passed for it.
        At(950 * Hour, "between");
        Assert.Equal(0, _manager.RunOnce());
        Pass(50 * Hour);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(["between 0"], _log);
    }

    [Fact]
    public void A_periodic_timer_counts_the_ticks_that_a_step_passes_over_and_repeats_none_that_it_goes_back_over()
    {
        long missed = -1;
        int ticks = 0;
        _manager.CreateTimerEvent(
            Date(1001 * Hour),
            TimeSpan.FromHours(1),
            (_, tick) =>
            {
                ticks++;
                missed = tick.Missed;
            });
        KickOnce();
        _wall.Set((1010 * Hour) + Second);
        _manager.RunOnce();
        Assert.Equal((1, 9L), (ticks, missed));

        _wall.Set(1005 * Hour);
        Assert.Equal(0, _manager.RunOnce());
        Pass(5 * Hour);
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        Pass(Hour);
        _manager.RunOnce();
        Assert.Equal((2, 0L), (ticks, missed));
    }

    [Fact]
    public void Who_only_listens_is_told_as_well_and_who_does_not_is_not_woken()
    {
        EventHandler<ClockStep> handler = (_, step) => _log.Add($"step {step.Offset.TotalSeconds}");
        _manager.WallClockStepped += handler;
        KickOnce();
        Assert.Equal((TimingWheel.Never, true), (_wall.Armed, _wall.DetectsSteps));
        _wall.Set((1000 * Hour) + (Second / 2));
        Assert.Equal(1, _manager.RunOnce());
        _wall.Set(1000 * Hour);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(["step 0.5", "step -0.5"], _log);

        _manager.WallClockStepped -= handler;
        KickOnce();
        Assert.False(_wall.DetectsSteps);
        _wall.Set(1001 * Hour);
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
    }

    [Fact]
    public void A_step_that_is_too_small_to_be_noticed_by_reading_is_told_by_the_kernel()
    {
        _manager.WallClockStepped += (_, step) => _log.Add($"step {step.Offset.TotalMicroseconds}");
        At(1001 * Hour, "timer");
        KickOnce();
        _wall.Set((1000 * Hour) + 5_000);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(["step 5"], _log);
    }

    [Fact]
    public void What_a_handler_throws_meets_the_fault_policy_and_costs_no_timer_its_turn()
    {
        _manager.WallClockStepped += (_, _) => throw new InvalidOperationException("bad");
        At(1001 * Hour, "timer");
        KickOnce();
        _wall.Set(1002 * Hour);
        Assert.Equal("bad", Assert.Throws<InvalidOperationException>(() => _manager.RunOnce()).Message);
        Assert.Equal(["timer 1"], _log);
    }

    [Fact]
    public void The_kernels_timer_is_set_only_when_the_earliest_date_is_another()
    {
        TimerEvent first = At(1001 * Hour, "first");
        TimerEvent second = At(1002 * Hour, "second");
        KickOnce();
        int sets = _wall.Sets;
        second.ChangeTo(Date(1003 * Hour));
        KickOnce();
        Assert.Equal(sets, _wall.Sets);
        first.Cancel();
        KickOnce();
        Assert.Equal((sets + 1, 1003 * Hour), (_wall.Sets, _wall.Armed));
        second.Cancel();
        KickOnce();
        Assert.Equal((0, false), (_wall.Armed, _wall.DetectsSteps));
    }

    [Fact]
    public void An_expiry_that_a_step_back_overtakes_does_not_lose_the_wake_up()
    {
        At(1001 * Hour, "timer");
        KickOnce();
        Pass(Hour);
        _wall.Set(1000 * Hour);
        Assert.Equal(0, _manager.RunOnce());
        KickOnce();
        Assert.Equal(1001 * Hour, _wall.Armed);
        Pass(Hour);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(["timer 0"], _log);
    }

    [Fact]
    public void An_expiry_that_is_read_together_with_a_step_does_not_lose_the_wake_up()
    {
        using var other = new EventFd(1);
        At(1001 * Hour, "timer");
        KickOnce();
        _manager.CreateSocketEvent(
            other,
            EventSet.In,
            (source, _) =>
            {
                Pass(Hour);
                source.Cancel();
            },
            new() { Priority = DispatchPriority.High });
        _wall.Set((1000 * Hour) + 1);
        Assert.Equal(1, _manager.RunOnce());
        RunUntilLogged();
        Assert.Single(_log);
    }

    [Fact]
    public void A_step_while_nobody_watches_is_not_told_later_and_costs_no_more_than_one_look()
    {
        TimerEvent timer = At(1001 * Hour, "timer");
        KickOnce();
        timer.Change(Timeout.InfiniteTimeSpan);
        KickOnce();
        _wall.Set(1010 * Hour);
        timer.ChangeTo(Date(2000 * Hour));
        _manager.WallClockStepped += (_, step) => _log.Add($"step {step.Offset.TotalSeconds}");
        for (int i = 0; i < 100; i++)
        {
            KickOnce();
        }

        Assert.InRange(_wall.Reads, 0, 1);
        _wall.Set((1010 * Hour) + (5 * Second));
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(["step 5"], _log);
    }

    [Fact]
    public void A_step_is_told_although_the_last_timer_goes_away_before_it_is_noticed()
    {
        _manager.WallClockStepped += (_, step) => _log.Add($"step {step.Offset.TotalMicroseconds}");
        TimerEvent timer = At(1001 * Hour, "timer");
        KickOnce();
        _wall.Set((1000 * Hour) + 7_000);
        timer.Cancel();
        RunUntilLogged();
        Assert.Equal(["step 7"], _log);
    }

    [Theory]
    [InlineData(999 * Hour)]
    [InlineData(0)]
    public void A_timer_without_delay_fires_in_the_next_iteration_although_the_clock_is_set_back_before_it(long setTo)
    {
        At(1001 * Hour, "date");
        KickOnce();
        Pass(Second);
        TimerEvent timer = _manager.CreateTimerEvent(
            TimeSpan.Zero,
            Timeout.InfiniteTimeSpan,
            (_, tick) => _log.Add($"now {tick.Lateness.Ticks}"),
            new() { Clock = TimerClock.WallClock });
        _wall.Set(setTo);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal((TimerState.Idle, "now 0"), (timer.State, Assert.Single(_log)));
    }

    [Theory]
    [InlineData(true, 999 * Hour)]
    [InlineData(true, 0)]
    [InlineData(false, 999 * Hour)]
    [InlineData(false, 0)]
    public void A_timer_without_delay_that_is_suspended_is_due_when_it_is_resumed_although_the_clock_is_set_back_in_between(
        bool isSetBeforeSuspension,
        long setTo)
    {
        TimerEvent timer = _manager.CreateTimerEvent(
            TimeSpan.Zero,
            TimeSpan.FromHours(2),
            (_, tick) => _log.Add($"now {tick.Lateness.Ticks}"),
            new() { Clock = TimerClock.WallClock });
        if (isSetBeforeSuspension)
        {
            _wall.Set(setTo);
        }

        timer.Suspend();
        Assert.Equal(TimeSpan.Zero, timer.Remaining);
        if (!isSetBeforeSuspension)
        {
            _wall.Set(setTo);
        }

        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        timer.Resume();

        // Also between this and the iteration.
        _wall.Set(setTo / 2);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal("now 0", Assert.Single(_log));
        Assert.Equal(TimerState.Started, timer.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_tick_that_has_come_while_the_callback_was_busy_fires_when_it_has_ended_although_the_clock_is_set_back(bool isSuspended)
    {
        var ends = new TaskCompletionSource();
        int calls = 0;
        TimerEvent timer = _manager.CreateTimerEvent(DateTimeOffset.UnixEpoch.AddHours(1001), TimeSpan.FromHours(1), async (_, _) =>
        {
            calls++;
            await ends.Task;
        });
        KickOnce();
        _wall.Set(1001 * Hour);
        RunSome();
        Assert.Equal(1, calls);
        _wall.Set(1002 * Hour);
        RunSome();
        if (isSuspended)
        {
            timer.Suspend();
        }

        _wall.Set(900 * Hour);
        ends.SetResult();
        RunSome();
        if (isSuspended)
        {
            Assert.Equal(1, calls);
            timer.Resume();
        }

        Patience.Until(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && calls == 2, "the tick that had come");
    }

    [Fact]
    public void A_date_before_1970_is_late_by_all_that_has_passed()
    {
        TimeSpan lateness = default;
        _manager.CreateTimerEvent(DateTimeOffset.UnixEpoch.AddYears(-1), Timeout.InfiniteTimeSpan, (_, tick) => lateness = tick.Lateness);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(TimeSpan.FromHours(1000) + TimeSpan.FromDays(365), lateness);
    }

    // Compared with unbounded numbers. In every iteration the clock shows some time, and the timers due by it fire once.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [Trait("Duration", "Scaled")]
    public void Dates_and_periods_of_any_size_have_the_lateness_and_the_missed_ticks_that_they_have(int seed)
    {
        var random = new Random(Scale.Seed(seed));
        int compared = 0;
        for (int round = 0; round < Scale.Times(3_000); round++)
        {
            Int128 due = (Int128)(random.NextInt64(DateTimeOffset.MaxValue.Ticks) - DateTimeOffset.UnixEpoch.Ticks) * 100;
            due = random.Next(3) == 0 ? due : random.NextInt64(1L << random.Next(1, 62)) / 100 * 100 * (random.Next(2) == 0 ? 1 : -1);
            long period = random.Next(4) == 0 ? 0 : Math.Max(random.NextInt64(1L << random.Next(1, 63)) / 100 * 100, 100);
            MissedTickPolicy policy = random.GetItems(Enum.GetValues<MissedTickPolicy>(), 1)[0];
            var ticks = new Queue<TimerTick>();
            TimerEvent timer = _manager.CreateTimerEvent(
                DateTimeOffset.UnixEpoch + TimeSpan.FromTicks((long)(due / 100)),
                period == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromTicks(period / 100),
                (_, tick) => ticks.Enqueue(tick),
                new() { MissedTicks = policy });
            for (int i = 0; i < 4; i++)
            {
                long now = random.NextInt64(1L << random.Next(1, 63)) / 100 * 100;
                _wall.Set(now);
                _manager.RemoteEndpoint.Kick();
                _manager.RunOnce();
                Assert.Equal(due <= now && timer.State != TimerState.Cancelled, ticks.TryDequeue(out TimerTick tick));
                if (due > now)
                {
                    continue;
                }

                // A time before the earliest distinguishable one keeps only its phase.
                compared++;
                Int128 told = due >= Nanoseconds.First
                    ? due
                    : period == 0 ? Nanoseconds.First : Nanoseconds.First + period + ((due - Nanoseconds.First) % period);
                Int128 lateness = Int128.Max(now - told, 0);
                Int128 missed = period == 0 ? 0 : lateness / period;
                Assert.Equal((Int128.Min(lateness, long.MaxValue) / 100, missed), (tick.Lateness.Ticks, tick.Missed));
                due = period == 0 ? Int128.MaxValue : policy switch
                {
                    MissedTickPolicy.Burst => told + period,
                    MissedTickPolicy.Delay when missed > 0 => (Int128)now + period,
                    _ => told + ((missed + 1) * period),
                };
                due = due >= TimingWheel.Never ? Int128.MaxValue : due;
            }

            timer.Cancel();
        }

        Assert.True(compared > 1_000);
    }

    private static DateTimeOffset Date(long nanoseconds) => DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(nanoseconds / 100);

    [Fact]
    public void A_step_while_no_descriptor_detects_it_is_told_all_the_same()
    {
        List<FaultReport> faults = [];
        _manager.FaultReported += (_, report) => faults.Add(report);
        _manager.WallClockStepped += (_, step) => _log.Add($"step {step.Offset.TotalHours}");
        KickOnce();
        _wall.Refusal = new EventManagerException(EventManagerError.System, "refused");

        // For this timer the clock would be set.
        TimerEvent timer = At(1001 * Hour, "timer");
        KickOnce();
        Assert.Single(faults);
        timer.Cancel();
        _wall.Set(1002 * Hour);
        Assert.Equal(1, _manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(["step 2"], _log);

        _wall.Refusal = null;
        int sets = _wall.Sets;
        Patience.Until(() => _manager.RunOnce(TimeSpan.FromMilliseconds(10)) >= 0 && _wall.Sets > sets, "another descriptor is opened");
        _wall.Set(1000 * Hour);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(["step 2", "step -2"], _log);
        Assert.Single(faults);
    }

    private TimerEvent At(long nanoseconds, string name) => _manager.CreateTimerEvent(
        Date(nanoseconds),
        Timeout.InfiniteTimeSpan,
        (_, tick) => _log.Add($"{name} {tick.Lateness.TotalHours}"));

    private void Pass(long nanoseconds)
    {
        _monotonic.Advance(nanoseconds);
        _wall.Advance(nanoseconds);
    }

    private void RunUntilLogged()
    {
        for (int i = 0; i < 10 && _log.Count == 0; i++)
        {
            _manager.RunOnce(TimeSpan.Zero);
            _manager.RemoteEndpoint.Kick();
            _manager.RunOnce();
        }
    }

    // An iteration that prepares a wait and does not sleep.
    private void RunSome()
    {
        for (int i = 0; i < 10; i++)
        {
            _manager.RunOnce(TimeSpan.Zero);
        }
    }

    private void KickOnce()
    {
        _manager.RemoteEndpoint.Kick();
        Assert.Equal(0, _manager.RunOnce());
    }
}
