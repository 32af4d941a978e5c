using Vigil;
using Vigil.Testing;

namespace Planted.Driver;

/// <summary>Timers: order, missed ticks, cancellation, tolerance, steps of the wall clock.</summary>
internal static class TimerScenarios
{
    public static readonly (string Name, Action<World> Program)[] All =
    [
        ("ticks-and-missed-ticks", TicksAndMissedTicksAddUp),
        ("equal-due-times", EqualDueTimesFireInOrderOfTheirStart),
        ("cancelled-timers", CancelledTimersDoNotFire),
        ("tolerances", NoTimerIsEarlyNorLaterThanItsTolerance),
        ("wall-clock-steps", TimersWithADateFollowTheWallClock),
    ];

    private static void TicksAndMissedTicksAddUp(World world)
    {
        var period = TimeSpan.FromMilliseconds(10);
        SimulatedLoop loop = world.CreateLoop("loop");
        foreach (MissedTickPolicy policy in new[] { MissedTickPolicy.Skip, MissedTickPolicy.Burst })
        {
            long seen = 0;
            loop.Manager.CreateTimerEvent(
                period,
                period,
                (_, tick) =>
                {
                    seen += policy == MissedTickPolicy.Skip ? 1 + tick.Missed : 1;
                    long due = world.Clock.Elapsed.Ticks / period.Ticks;
                    long known = policy == MissedTickPolicy.Skip ? seen : seen + tick.Missed;
                    world.Assert(known == due, $"{policy}: {known} ticks are known of, and {due} were due");
                },
                new TimerEventOptions { MissedTicks = policy });
        }

        for (int i = 0; i < 10; i++)
        {
            world.Advance(TimeSpan.FromMilliseconds(world.Random.Next(40)));
            loop.Stall(TimeSpan.FromMilliseconds(world.Random.Next(60)));
            world.Advance(TimeSpan.FromMilliseconds(60));
        }
    }

    private static void EqualDueTimesFireInOrderOfTheirStart(World world)
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        List<(TimeSpan Due, int Start)> fired = [];
        Dictionary<int, (TimeSpan Due, int Start)> started = [];
        List<TimerEvent> timers = [];
        int starts = 0;
        int count = world.Random.Next(5, 60);
        for (int i = 0; i < count; i++)
        {
            int number = i;
            (TimeSpan Due, int Start) key = (RandomDue(), starts++);
            started[number] = key;
            timers.Add(manager.CreateTimerEvent(key.Due, (_, _) =>
            {
                world.Assert(
                    started[number].Due == world.Clock.Elapsed, $"a timer of {started[number].Due} fires at {world.Clock.Elapsed}");
                fired.Add(started[number]);
            }));
            if (world.Random.OneIn(4))
            {
                int again = world.Random.Next(timers.Count);
                started[again] = (RandomDue(), starts++);
                timers[again].Change(started[again].Due);
            }
        }

        world.Advance(TimeSpan.FromMilliseconds(5));
        world.Assert(fired.Count == count, $"{fired.Count} timers of {count} have fired");
        world.Assert(
            fired.SequenceEqual(fired.OrderBy(key => key.Due).ThenBy(key => key.Start)),
            "timers fire in another order than they were started");

        TimeSpan RandomDue() => TimeSpan.FromMicroseconds(1_000 + (10 * world.Random.Next(8)));
    }

    private static void CancelledTimersDoNotFire(World world)
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        TimerEvent[] timers = new TimerEvent[20];
        bool[] isOver = new bool[timers.Length];
        int fired = 0;
        for (int i = 0; i < timers.Length; i++)
        {
            int number = i;
            timers[i] = manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1 + world.Random.Next(3)), (_, _) =>
            {
                world.Assert(!isOver[number], "a timer fires after it was cancelled, or twice");
                isOver[number] = true;
                fired++;
                if (world.Random.OneIn(2))
                {
                    int victim = world.Random.Next(timers.Length);
                    timers[victim].Cancel();
                    fired += isOver[victim] ? 0 : 1;
                    isOver[victim] = true;
                }
            });
        }

        world.Advance(TimeSpan.FromMilliseconds(10));
        world.Assert(fired == timers.Length, "a timer that nobody has cancelled has not fired");
    }

    private static void NoTimerIsEarlyNorLaterThanItsTolerance(World world)
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        int left = 20;
        for (int i = 0; i < 20; i++)
        {
            TimeSpan due = world.Random.Next(TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
            TimeSpan tolerance = world.Random.OneIn(2) ? TimeSpan.Zero : world.Random.Next(TimeSpan.Zero, TimeSpan.FromMilliseconds(30));
            manager.CreateTimerEvent(
                due,
                (_, _) =>
                {
                    left--;
                    world.Assert(world.Clock.Elapsed >= due, $"a timer of {due} fires at {world.Clock.Elapsed}");
                    world.Assert(
                        world.Clock.Elapsed <= due + tolerance,
                        $"a timer of {due} with a tolerance of {tolerance} fires at {world.Clock.Elapsed}");
                },
                new TimerEventOptions { Tolerance = tolerance });
        }

        world.Advance(TimeSpan.FromMilliseconds(200));
        world.Assert(left == 0, $"{left} timers have not fired");
    }

    // The clock is set by another loop, while the first one may sleep.
    private static void TimersWithADateFollowTheWallClock(World world)
    {
        EventManager manager = world.CreateLoop("alarms").Manager;
        EventManager other = world.CreateLoop("clock setter").Manager;
        List<DateTimeOffset> waiting = [];
        for (int i = 0; i < 10; i++)
        {
            DateTimeOffset date = world.Clock.GetUtcNow() + world.Random.Next(TimeSpan.Zero, TimeSpan.FromHours(1));
            waiting.Add(date);
            manager.CreateTimerEvent(date, Timeout.InfiniteTimeSpan, (_, _) =>
            {
                world.Assert(date <= world.Clock.GetUtcNow(), "an alarm rings before its date");
                waiting.Remove(date);
            });
        }

        for (int i = 0; i < 6; i++)
        {
            world.Advance(TimeSpan.FromMinutes(world.Random.Next(5)));
            other.Defer(_ => world.Clock.StepWallClock(TimeSpan.FromMinutes(world.Random.Next(-10, 20))));
            manager.Defer(static _ => { });
            world.RunUntilIdle();
            world.Assert(!waiting.Exists(date => date <= world.Clock.GetUtcNow()), "an alarm is late");
        }

        world.Advance(TimeSpan.FromHours(3));
        world.Assert(waiting.Count == 0, "an alarm has not rung");
    }
}
