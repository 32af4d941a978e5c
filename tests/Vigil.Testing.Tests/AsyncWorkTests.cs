namespace Vigil.Testing.Tests;

/// <summary>Asynchronous work in a world: it may wait for a loop without blocking the one thread that there is.</summary>
public sealed class AsyncWorkTests
{
    private static readonly SimulationOptions AllTwice = new() { Runs = 50, RepeatOneIn = 1 };

    [Fact]
    public void Asynchronous_work_awaits_its_loop_and_its_result_is_there_when_the_seed_says() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            List<int> results = [];
            for (int i = 0; i < 3; i++)
            {
                int number = i;
                manager.RemoteEndpoint.Fire(async loop => results.Add(await loop.ExecuteWorkAsync(
                    WorkPriority.Normal,
                    async () =>
                    {
                        world.Yield();
                        int answer = await manager.RemoteEndpoint.CallAsync(_ => number);
                        world.Yield();
                        return answer;
                    })));
            }

            world.RunUntil(() => results.Count == 3);

            Assert.Equal([0, 1, 2], results.Order());
            Assert.Equal(TimeSpan.Zero, world.Clock.Elapsed);
        },
        AllTwice);

    [Fact]
    public void Work_that_completes_or_fails_at_once_has_ended_when_its_item_has() => Simulation.Run(
        world =>
        {
            SimulatedPool pool = world.CreatePool("workers");
            EventManager manager = world.CreateLoop("loop", options => options.Workers = pool).Manager;
            Task<int> completed = manager.ExecuteWorkAsync(WorkPriority.Normal, () => Task.FromResult(1));
            Task failed = manager.ExecuteWorkAsync(WorkPriority.Normal, Task () => throw new FormatException("at once"));
            Task faulted = manager.ExecuteWorkAsync(WorkPriority.Normal, () => Task.FromException(new FormatException("its task")));

            world.RunUntil(() => pool.Done == 3);

            Assert.True(completed.IsCompletedSuccessfully);
            Assert.Equal("at once", failed.Exception?.InnerException?.Message);
            Assert.Equal("its task", faulted.Exception?.InnerException?.Message);
        },
        AllTwice);

    [Fact]
    public void A_call_of_asynchronous_work_times_out_in_the_worlds_time() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            loop.Stall(TimeSpan.FromSeconds(10));
            Task<int> call = loop.Manager.ExecuteWorkAsync(
                WorkPriority.Normal,
                async () => await loop.Manager.RemoteEndpoint.CallAsync(_ => 1, TimeSpan.FromSeconds(3)));

            Assert.Throws<TimeoutException>(() => world.RunUntilEnded(call));

            Assert.Equal(TimeSpan.FromSeconds(3), world.Clock.Elapsed);
        },
        AllTwice);

    [Fact]
    public void A_full_pool_takes_the_rest_of_work_that_it_has_begun() => Simulation.Run(
        world =>
        {
            SimulatedPool pool = world.CreatePool("workers", threads: 1, capacity: 1);
            EventManager manager = world.CreateLoop("loop", options => options.Workers = pool).Manager;
            int thread = Environment.CurrentManagedThreadId;
            Task<int> began = manager.ExecuteWorkAsync(
                WorkPriority.Normal,
                async () =>
                {
                    manager.ExecuteWork(WorkPriority.Normal, () => { });
                    await Task.Yield();
                    return Environment.CurrentManagedThreadId;
                });

            Assert.Equal(thread, world.RunUntilEnded(began));
            world.RunUntilIdle();
        },
        AllTwice);
}
