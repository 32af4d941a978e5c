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
