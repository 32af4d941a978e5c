namespace Vigil.Testing.Tests;

/// <summary>What is posted to a loop that has found nothing to do: it runs at once, before the clock moves.</summary>
public sealed class IdleLoopTests
{
    private static readonly SimulationOptions Few = new() { Runs = 20, FailOnLeaks = false };

    public static TheoryData<string> WhatATestDoes => ["fire", "call", "defer", "trigger", "stop", "step the wall clock"];

    [Theory]
    [MemberData(nameof(WhatATestDoes))]
    public void What_the_test_does_to_an_idle_loop_has_its_effect_at_once(string what) => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            bool hasStepped = false;
            loop.Manager.WallClockStepped += (_, _) => hasStepped = true;
            bool hasRun = false;
            UserEvent triggered = loop.Manager.CreateUserEvent(UserEventMerge.Add, (_, _) => hasRun = true);
            world.RunUntilIdle();

            switch (what)
            {
                case "fire":
                    loop.Manager.RemoteEndpoint.Fire(_ => hasRun = true);
                    world.RunUntil(() => hasRun);
                    break;
                case "call":
                    Assert.Equal(42, world.RunUntilEnded(loop.Manager.RemoteEndpoint.CallAsync(_ => 42)));
                    break;
                case "defer":
                    loop.Manager.Defer(_ => hasRun = true);
                    world.RunUntil(() => hasRun);
                    break;
                case "trigger":
                    triggered.Trigger(1);
                    world.RunUntil(() => hasRun);
                    break;
                case "stop":
                    loop.Manager.Stop();
                    world.RunUntil(() => loop.HasEnded);
                    break;
                default:
                    world.Clock.StepWallClock(TimeSpan.FromMinutes(5));
                    world.RunUntil(() => hasStepped);
                    break;
            }
        },
        Few);

    [Fact]
    public void What_the_test_posts_runs_before_the_clock_moves_to_the_next_timer() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            manager.CreateTimerEvent(TimeSpan.FromMinutes(30), (_, _) => { });
            world.RunUntilIdle();

            bool hasRun = false;
            manager.RemoteEndpoint.Fire(_ => hasRun = true);
            world.RunUntil(() => hasRun, TimeSpan.FromMinutes(1));

            Assert.Equal(TimeSpan.Zero, world.Clock.Elapsed);
        },
        Few);

    [Fact]
    public void What_an_idle_hook_defers_runs_at_once() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            int left = 3;
            manager.AddIdleHook(loop =>
            {
                if (left > 0)
                {
                    loop.Defer(_ => left--);
                }
            });

            world.RunUntilIdle();

            Assert.Equal(0, left);
        },
        Few);

    [Fact]
    public void What_a_hook_posts_to_another_loop_runs_at_the_same_time() => Simulation.Run(
        world =>
        {
            EventManager sender = world.CreateLoop("sender").Manager;
            EventManager receiver = world.CreateLoop("receiver").Manager;
            bool isSent = true;
            TimeSpan received = TimeSpan.Zero;
            sender.AddPrepareHook(_ =>
            {
                if (!isSent)
                {
                    isSent = true;
                    receiver.RemoteEndpoint.Fire(_ => received = world.Clock.Elapsed);
                }
            });
            sender.CreateTimerEvent(TimeSpan.FromSeconds(1), (_, _) => isSent = false);
            sender.CreateTimerEvent(TimeSpan.FromSeconds(2), (_, _) => { });

            world.Advance(TimeSpan.FromSeconds(3));

            Assert.Equal(TimeSpan.FromSeconds(1), received);
        },
        Few);

    [Fact]
    public void What_was_posted_before_a_yield_may_run_in_it()
    {
        int inWork = 0;
        int inCallback = 0;
        int inTest = 0;
        Simulation.Run(
            world =>
            {
                EventManager sender = world.CreateLoop("sender").Manager;
                EventManager receiver = world.CreateLoop("receiver").Manager;
                world.RunUntilIdle();
                inTest += PostAndYield();
                world.RunUntilIdle();
                world.RunUntilEnded(sender.ExecuteWorkAsync(WorkPriority.Normal, () => inWork += PostAndYield()));
                world.RunUntilIdle();
                world.RunUntilEnded(sender.RemoteEndpoint.CallAsync(_ => inCallback += PostAndYield()));

                int PostAndYield()
                {
                    bool hasRun = false;
                    receiver.RemoteEndpoint.Fire(_ => hasRun = true);
                    world.Yield();
                    return hasRun ? 1 : 0;
                }
            },
            new SimulationOptions { Runs = 50, RepeatOneIn = 0 });

        Assert.InRange(inWork, 1, 49);
        Assert.InRange(inCallback, 1, 49);
        Assert.InRange(inTest, 1, 49);
    }

    [Fact]
    public void A_hook_that_yields_lets_the_loops_come_to_rest() => Simulation.Run(
        world =>
        {
            foreach (string name in new[] { "one", "other" })
            {
                world.CreateLoop(name).Manager.AddPrepareHook(_ => world.Yield());
            }

            world.RunUntilIdle();
        },
        Few);

    [Fact]
    public void The_longest_and_the_infinite_limit_are_none_and_a_negative_one_is_refused() => Simulation.Run(
        world =>
        {
            world.CreateLoop("loop");
            world.Advance(TimeSpan.FromSeconds(1));
            foreach (TimeSpan limit in new[] { TimeSpan.MaxValue, Timeout.InfiniteTimeSpan })
            {
                bool isOver = false;
                world.At(TimeSpan.FromHours(2), () => isOver = true);
                world.RunUntil(() => isOver, limit);
            }

            Assert.Throws<ArgumentOutOfRangeException>(() => world.RunUntil(() => true, TimeSpan.FromTicks(-1)));
            Assert.Throws<ArgumentOutOfRangeException>(() => world.RunUntilEnded(Task.CompletedTask, TimeSpan.FromSeconds(-1)));
            world.RunUntil(() => true, TimeSpan.Zero);
        },
        Few);
}
