namespace Vigil.Testing.Tests;

/// <summary>Time that is moved, and stops at every due time.</summary>
public sealed class VirtualClockTests
{
    private readonly VirtualClock _clock = new();

    [Fact]
    public void A_timer_of_10_ms_sees_each_of_its_360_000_due_times_in_an_hour()
    {
        long ticks = 0;
        bool isExact = true;
        using ITimer timer = _clock.CreateTimer(
            _ => isExact &= _clock.Elapsed == TimeSpan.FromMilliseconds(10 * ++ticks),
            state: null,
            TimeSpan.FromMilliseconds(10),
            TimeSpan.FromMilliseconds(10));

        _clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal(360_000, ticks);
        Assert.True(isExact);
    }

    [Fact]
    public void What_a_callback_starts_for_a_time_before_the_end_fires_too_and_in_order()
    {
        List<string> fired = [];
        Start(1, "first", () => Start(1, "from the first"));
        Start(3, "third");
        Start(3, "third again");
        Start(10, "at the end");
        Start(11, "after the end");

        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(["first 1", "from the first 2", "third 3", "third again 3", "at the end 10"], fired);
        Assert.Equal(TimeSpan.FromSeconds(1), _clock.UntilNextTimer);

        void Start(int seconds, string name, Action? then = null) => _clock.CreateTimer(
            _ =>
            {
                fired.Add($"{name} {_clock.Elapsed.TotalSeconds}");
                then?.Invoke();
            },
            state: null,
            TimeSpan.FromSeconds(seconds),
            Timeout.InfiniteTimeSpan);
    }

    [Fact]
    public void A_callback_must_not_move_the_clock()
    {
        Exception? refusal = null;
        using ITimer timer = _clock.CreateTimer(
            _ => refusal = Record.Exception(() => _clock.Advance(TimeSpan.FromSeconds(1))),
            state: null,
            TimeSpan.Zero,
            Timeout.InfiniteTimeSpan);

        _clock.Advance(TimeSpan.Zero);

        Assert.IsType<InvalidOperationException>(refusal);
    }

    [Fact]
    public void A_suspension_is_in_boot_time_and_wall_clock_and_a_step_in_the_wall_clock_alone()
    {
        long timestamp = _clock.GetTimestamp();
        long boot = _clock.GetBootTimestamp();
        DateTimeOffset date = _clock.GetUtcNow();
        int jumps = 0;
        _clock.ClockJumped += (_, _) => jumps++;

        _clock.Suspend(TimeSpan.FromHours(2));
        _clock.StepWallClock(TimeSpan.FromHours(-5));

        Assert.Equal(timestamp, _clock.GetTimestamp());
        Assert.Equal(TimeSpan.FromHours(2).TotalNanoseconds, _clock.GetBootTimestamp() - boot);
        Assert.Equal(TimeSpan.FromHours(-3), _clock.GetUtcNow() - date);
        Assert.Equal(2, jumps);
    }

    [Fact]
    public void A_step_from_before_anybody_wanted_to_know_is_not_reported()
    {
        using EventManager manager = new(new EventManagerOptions { TimeProvider = _clock });
        TimerEvent timer = manager.CreateTimerEvent(_clock.GetUtcNow().AddHours(1), Timeout.InfiniteTimeSpan, (_, _) => { });
        RunOnce();
        timer.Cancel();
        RunOnce();
        _clock.StepWallClock(TimeSpan.FromHours(2));
        RunOnce();
        List<ClockStep> steps = [];
        manager.WallClockStepped += (_, step) => steps.Add(step);

        RunOnce();
        Assert.Empty(steps);
        _clock.StepWallClock(TimeSpan.FromHours(3));
        RunOnce();
        Assert.Equal(TimeSpan.FromHours(3), Assert.Single(steps).Offset);

        void RunOnce()
        {
            manager.RemoteEndpoint.Kick();
            manager.RunOnce();
        }
    }

    [Fact]
    public void A_timer_that_is_disposed_or_stopped_does_not_fire()
    {
        int fired = 0;
        ITimer disposed = _clock.CreateTimer(_ => fired++, state: null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        using ITimer stopped = _clock.CreateTimer(_ => fired++, state: null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        disposed.Dispose();
        Assert.False(disposed.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        Assert.True(stopped.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));

        _clock.Advance(TimeSpan.FromDays(1));

        Assert.Equal(0, fired);
        Assert.Equal(0, _clock.TimerCount);
    }

    [Fact]
    public void Random_starts_and_stops_fire_as_a_sorted_list_says()
    {
        var random = new Random(11);
        SortedDictionary<(long Due, int Order), int> expected = [];
        Dictionary<int, (long Due, int Order)> started = [];
        List<int> fired = [];
        ITimer[] timers = [.. Enumerable.Range(0, 50).Select(i => _clock.CreateTimer(
            _ => fired.Add(i), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan))];
        long now = 0;
        for (int order = 0; order < 20_000; order++)
        {
            int i = random.Next(timers.Length);
            if (random.Next(10) < 7)
            {
                long due = now + random.Next(100);
                timers[i].Change(TimeSpan.FromMilliseconds(due - now), Timeout.InfiniteTimeSpan);
                bool isSame = started.TryGetValue(i, out (long Due, int Order) before) && before.Due == due;
                if (!isSame)
                {
                    expected.Remove(before);
                    expected[started[i] = (due, order)] = i;
                }
            }
            else if (random.Next(2) == 0)
            {
                timers[i].Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                if (started.Remove(i, out (long Due, int Order) key))
                {
                    expected.Remove(key);
                }
            }
            else
            {
                now += random.Next(20);
                _clock.Advance(TimeSpan.FromMilliseconds(now) - _clock.Elapsed);
                int[] due = [.. expected.TakeWhile(entry => entry.Key.Due <= now).Select(entry => entry.Value)];
                Assert.Equal(due, fired);
                fired.Clear();
                foreach (int taken in due)
                {
                    expected.Remove(started[taken]);
                    started.Remove(taken);
                }
            }
        }
    }

    [Fact]
    public void A_timer_that_another_thread_starts_for_the_end_of_a_move_fires_in_that_move()
    {
        // The other thread starts it for a millisecond later, at some time after it has fired, so it is due in the present move, or after
        // its end. None may stay behind that is due when the move has ended.
        int fired = 0;
        using ITimer timer = _clock.CreateTimer(
            _ => Volatile.Write(ref fired, fired + 1), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        bool isOver = false;
        var starter = new Thread(() =>
        {
            var random = new Random(7);
            for (int seen = -1; !Volatile.Read(ref isOver);)
            {
                if (seen == Volatile.Read(ref fired))
                {
                    Thread.Yield();
                    continue;
                }

                seen = Volatile.Read(ref fired);
                Thread.SpinWait(random.Next(50));
                timer.Change(TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
            }
        });
        starter.Start();
        int late = 0;
        for (int i = 0; i < 1_000_000 || Volatile.Read(ref fired) == 0; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            late += _clock.UntilNextTimer == TimeSpan.Zero ? 1 : 0;
        }

        Volatile.Write(ref isOver, true);
        starter.Join();
        Assert.Equal(0, late);
    }
}
