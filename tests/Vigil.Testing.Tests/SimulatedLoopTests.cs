using System.Net;
using Vigil.IO;

namespace Vigil.Testing.Tests;

/// <summary>What a loop of a world waits for, and the options that a world replaces.</summary>
public sealed class SimulatedLoopTests
{
    private static readonly SimulationOptions Few = new() { Runs = 20 };

    [Fact]
    public void A_listener_that_was_closed_is_waited_for_by_nobody() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            FdHandle listener = world.Listen(new IPEndPoint(IPAddress.Loopback, 1));
            manager.CreateSocketEvent(listener, EventSet.In, (_, _) => { });
            world.RunUntilIdle();
            listener.Dispose();

            SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => world.RunUntil(() => false));

            Assert.Contains("loop loop waits for posted work only", failure.Message, StringComparison.Ordinal);
        },
        Few);

    [Fact]
    public void With_a_buffer_of_one_all_of_the_kernels_descriptors_have_their_turn() => Simulation.Run(
        world =>
        {
            const int Turns = 5;
            EventManager manager = world.CreateLoop("loop", options => options.ReadyCapacity = 1).Manager;
            EventFd[] ready = [new(1), new(1), new(1)];
            int[] turns = new int[ready.Length];
            SocketEvent[] events = [.. ready.Select((fd, i) => manager.CreateSocketEvent(fd, EventSet.In, (_, _) => turns[i]++))];

            world.RunUntil(() => turns.Sum() == Turns * ready.Length);

            Assert.All(turns, count => Assert.Equal(Turns, count));
            Array.ForEach(events, registered => registered.Cancel());
            Array.ForEach(ready, fd => fd.Dispose());
        },
        Few);

    [Fact]
    public void A_stalled_loop_finds_a_ready_descriptor_of_the_kernel_when_it_goes_on() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            using EventFd ready = new(1);
            TimeSpan? calledAt = null;
            SocketEvent once = loop.Manager.CreateSocketEvent(
                ready, EventSet.In | EventSet.OneShot, (_, _) => calledAt = world.Clock.Elapsed);
            loop.Stall(TimeSpan.FromSeconds(3));

            world.RunUntil(() => calledAt is not null);

            Assert.Equal(TimeSpan.FromSeconds(3), calledAt);
            once.Cancel();
        },
        Few);

    [Fact]
    public void A_callback_that_waits_in_the_world_for_its_own_ready_descriptor_is_a_failure()
    {
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                EventManager manager = world.CreateLoop("loop").Manager;
                using EventFd ready = new();
                bool isReady = false;
                manager.CreateSocketEvent(ready, EventSet.In | EventSet.OneShot, (_, _) => isReady = true);
                manager.CreateTimerEvent(
                    TimeSpan.Zero,
                    (_, _) =>
                    {
                        Assert.True(ready.TryAdd());
                        world.RunUntil(() => isReady);
                    });

                world.RunUntil(() => isReady);
            },
            new SimulationOptions { Runs = 1 }));

        Assert.Contains("the clock did not move", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_repeats_though_the_kernel_gives_its_descriptors_other_numbers()
    {
        List<EventFd> others = [];
        Simulation.Run(
            world =>
            {
                others.Add(new EventFd());
                using EventFd real = new(1);
                int calls = 0;
                SocketEvent once = world.CreateLoop("loop").Manager.CreateSocketEvent(
                    real, EventSet.In | EventSet.OneShot, (_, _) => calls++);

                world.RunUntil(() => calls == 1);

                once.Cancel();
            },
            new SimulationOptions { Runs = 1 });

        Assert.Equal(2, others.Count);
        others.ForEach(other => other.Dispose());
    }

    [Fact]
    public void A_loop_that_spins_before_it_sleeps_or_has_a_watchdog_is_simulated_without_them() => Simulation.Run(
        world =>
        {
            EventManagerOptions? set = null;
            EventManager manager = world.CreateLoop("loop", options =>
            {
                options.SpinBeforeSleep = TimeSpan.FromSeconds(1);
                options.Watchdog = new WatchdogOptions { CallbackBudget = TimeSpan.FromTicks(1), ExactTiming = true };
                set = options;
            }).Manager;
            manager.SlowCallbackReported += (_, report) => Assert.Fail($"It is reported: {report}");
            manager.CreateTimerEvent(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), (_, _) => { });

            world.Advance(TimeSpan.FromSeconds(5));

            Assert.Equal(TimeSpan.Zero, set!.SpinBeforeSleep);
            Assert.Null(set.Watchdog);
            Assert.Equal(0, manager.GetSlowCallbackStatistics().Callbacks);
        },
        Few);
}
