using Vigil;
using Vigil.Testing;

namespace Planted.Driver;

/// <summary>Work, and callbacks on workers.</summary>
internal static class WorkScenarios
{
    public static readonly (string Name, Action<World> Program)[] All =
    [
        ("cancelled-callbacks", NothingRunsAfterCancelAsync),
        ("cancelled-work", CancelledWorkDoesNotRun),
        ("results", ResultsComeBack),
    ];

    private static void NothingRunsAfterCancelAsync(World world)
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        EventManager other = world.CreateLoop("other").Manager;
        Task?[] ends = new Task?[4];
        bool[] isRunning = new bool[ends.Length];
        int ended = 0;
        for (int i = 0; i < ends.Length; i++)
        {
            int number = i;
            TimerEvent timer = manager.CreateTimerEvent(
                TimeSpan.FromMilliseconds(1),
                TimeSpan.FromMilliseconds(1),
                (_, _) =>
                {
                    world.Assert(!isRunning[number], "a callback runs twice at once");
                    isRunning[number] = true;
                    RequireNotEnded();
                    world.Yield();
                    RequireNotEnded();
                    isRunning[number] = false;
                },
                new TimerEventOptions { Target = CallbackTarget.Worker() });
            other.CreateTimerEvent(TimeSpan.FromMilliseconds(world.Random.Next(1, 5)), (_, _) => manager.RemoteEndpoint.Fire(_ =>
            {
                ends[number] = timer.CancelAsync();
                ended++;
            }));

            void RequireNotEnded() => world.Assert(
                ends[number] is not { IsCompleted: true }, "a callback runs after CancelAsync has said that there is none");
        }

        world.Advance(TimeSpan.FromMilliseconds(10));
        world.Assert(ended == ends.Length && ends.All(end => end!.IsCompletedSuccessfully), "a CancelAsync does not end");
    }

    private static void CancelledWorkDoesNotRun(World world)
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        Task[] tasks = new Task[8];
        for (int i = 0; i < tasks.Length; i++)
        {
            var source = new CancellationTokenSource();
            Task? mine = null;
            mine = tasks[i] = manager.ExecuteWorkAsync(
                WorkPriority.Normal,
                () =>
                {
                    world.Assert(!source.IsCancellationRequested, "work runs after it was cancelled");
                    world.Yield();
                },
                source.Token);
            if (world.Random.OneIn(2))
            {
                manager.Defer(_ => CancelUnlessBegun(source, mine));
            }
        }

        world.RunUntil(() => tasks.All(task => task.IsCompleted));

        // What runs when the token is cancelled goes on. The assertion above is made when it begins.
        static void CancelUnlessBegun(CancellationTokenSource source, Task task)
        {
            if (!task.IsCompleted)
            {
                source.Cancel();
            }
        }
    }

    private static void ResultsComeBack(World world)
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        List<int> results = [];
        for (int i = 0; i < 10; i++)
        {
            int number = i;
            manager.ExecuteWork(
                WorkPriority.Normal,
                () =>
                {
                    world.Yield();
                    return number;
                },
                (loop, result) =>
                {
                    world.Assert(EventManager.Current == loop, "a result comes to another loop");
                    results.Add(result);
                });
        }

        world.RunUntil(() => results.Count == 10);
        world.Assert(results.Order().SequenceEqual(Enumerable.Range(0, 10)), "a result has come twice");
    }
}
