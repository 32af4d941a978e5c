namespace Vigil.Testing.Tests;

/// <summary>Programs that await what happens in their world.</summary>
public sealed class AsyncProgramTests
{
    private static readonly SimulationOptions Once = new() { Runs = 1 };

    [Fact]
    public void A_program_awaits_calls_work_and_time_and_the_clock_moves_only_where_nothing_can_run()
    {
        int runs = 0;
        Simulation.Run(async world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;

            Assert.Equal(3, await manager.RemoteEndpoint.CallAsync(_ => 3));
            Assert.Equal(4, await manager.ExecuteWorkAsync(WorkPriority.Normal, () => 4));
            Assert.Equal(TimeSpan.Zero, world.Clock.Elapsed);

            await Task.Delay(TimeSpan.FromHours(2), world.Clock);
            Assert.Equal(TimeSpan.FromHours(2), world.Clock.Elapsed);
            runs++;
        });

        // One in ten is run twice.
        Assert.Equal(110, runs);
    }

    [Fact]
    public void What_two_parts_of_a_program_do_comes_in_orders_that_the_seed_decides()
    {
        HashSet<string> orders = [];
        Simulation.Run(async world =>
        {
            List<string> order = [];
            RemoteEndpoint one = world.CreateLoop("one").Manager.RemoteEndpoint;
            RemoteEndpoint other = world.CreateLoop("other").Manager.RemoteEndpoint;

            await Task.WhenAll(Part("a", one), Part("b", other));
            orders.Add(string.Join(' ', order));

            async Task Part(string name, RemoteEndpoint endpoint)
            {
                for (int i = 0; i < 2; i++)
                {
                    await endpoint.CallAsync(_ => { });
                    order.Add(name);
                }
            }
        });

        Assert.Contains("a b a b", orders);
        Assert.Contains("b b a a", orders);
        Assert.All(orders, order => Assert.Equal(4, order.Split(' ').Length));
    }

    [Fact]
    public void A_program_awaits_several_calls_and_work_at_once() => Simulation.Run(async world =>
    {
        EventManager one = world.CreateLoop("one").Manager;
        EventManager other = world.CreateLoop("other").Manager;

        int[] results = await Task.WhenAll(
            one.RemoteEndpoint.CallAsync(_ => 1),
            other.RemoteEndpoint.CallAsync(async _ =>
            {
                await other.Delay(TimeSpan.FromSeconds(1));
                return 2;
            }),
            one.ExecuteWorkAsync(WorkPriority.Normal, () => 3),
            other.ExecuteWorkAsync(WorkPriority.Normal, async () => await one.RemoteEndpoint.CallAsync(_ => 4)));
        Assert.Equal([1, 2, 3, 4], results);

        using var late = new CancellationTokenSource();
        Task call = one.RemoteEndpoint.CallAsync(_ => { });
        Assert.Same(call, await Task.WhenAny(call, Task.Delay(TimeSpan.FromSeconds(1), world.Clock, late.Token)));
#pragma warning disable CA1849, MA0042 // CancelAsync leaves the simulation: it runs on the thread pool.
        late.Cancel();
#pragma warning restore CA1849, MA0042
        await other.RemoteEndpoint.CallAsync(_ => { }).WaitAsync(TimeSpan.FromSeconds(1), world.Clock);
        Assert.Equal(TimeSpan.FromSeconds(1), world.Clock.Elapsed);
    });

    [Fact]
    public void The_asynchronous_parts_of_a_program_that_is_not_go_on_in_the_world() => Simulation.Run(world =>
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        Task<int> sum = SumAsync();
        Assert.False(sum.IsCompleted);
        Assert.Equal(3, world.RunUntilEnded(sum));

        async Task<int> SumAsync()
        {
            SynchronizationContext? context = SynchronizationContext.Current;
            int[] parts = await Task.WhenAll(
                manager.RemoteEndpoint.CallAsync(_ => 1), manager.ExecuteWorkAsync(WorkPriority.Normal, () => 2));

            // On the program's turn, not in the loop's or the worker's.
            Assert.NotNull(context);
            Assert.Same(context, SynchronizationContext.Current);
            return parts.Sum();
        }
    });

    [Fact]
    public void What_a_program_throws_after_an_await_is_the_failure()
    {
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            async world =>
            {
                await Task.Delay(TimeSpan.FromSeconds(1), world.Clock);
                throw new InvalidOperationException("after a second");
            },
            Once));

        Assert.Contains("after a second", failure.Message, StringComparison.Ordinal);
        Assert.Contains("VIGIL_SEED=1", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_that_awaits_what_never_ends_is_a_failure()
    {
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            async _ => await new TaskCompletionSource().Task,
            Once));

        Assert.Contains("Nothing can run", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_has_the_time_that_the_options_give_it()
    {
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            async world => await Task.Delay(TimeSpan.FromSeconds(61), world.Clock),
            new SimulationOptions { Runs = 1, TimeLimit = TimeSpan.FromMinutes(1) }));
        Assert.Contains("within 00:01:00", failure.Message, StringComparison.Ordinal);

        Simulation.Run(
            async world => await Task.Delay(TimeSpan.FromDays(40), world.Clock),
            new SimulationOptions { Runs = 1, TimeLimit = Timeout.InfiniteTimeSpan });
        Assert.Throws<ArgumentOutOfRangeException>(() => Simulation.Run(
            async _ => await Task.CompletedTask,
            new SimulationOptions { TimeLimit = TimeSpan.FromTicks(-1) }));
    }

    [Fact]
    public void A_program_that_another_thread_continues_has_left_the_simulation()
    {
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            async world =>
            {
                world.CreateLoop("loop").Manager.CreateTimerEvent(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), (_, _) => { });
                var ended = new TaskCompletionSource();
#pragma warning disable VIGILT001, VIGILT004 // A thread outside of the world is what the test is about.
                var thread = new Thread(ended.SetResult);
                world.At(TimeSpan.FromSeconds(1), () =>
                {
                    thread.Start();
                    thread.Join();
                });
#pragma warning restore VIGILT001, VIGILT004
                await ended.Task;
            },
            Once));

        Assert.Contains("Another thread has ended what the program awaits", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_may_run_the_world_itself_between_two_awaits() => Simulation.Run(async world =>
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        int ticks = 0;
        manager.CreateTimerEvent(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), (_, _) => ticks++);

        world.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(3, ticks);
        await manager.RemoteEndpoint.CallAsync(_ => ticks = 0);
        world.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(2, ticks);
    });
}
