using Vigil;
using Vigil.Testing;

namespace Planted.Driver;

/// <summary>Calls that block work items and loops. Their simulations allow it.</summary>
internal static class BlockingScenarios
{
    public static readonly (string Name, Action<World> Program)[] All =
    [
        ("calls-at-disposal", EveryCallEndsWhenItsLoopIsDisposed),
        ("abandoned-calls", ACallThatWasGivenUpDoesNotBegin),
        ("disposals", EveryDisposalWaitsForTheEnd),
    ];

    // Some calls have run before the disposal, some wait in the mailbox, and some have begun and never end by themselves.
    private static void EveryCallEndsWhenItsLoopIsDisposed(World world)
    {
        EventManager service = world.CreateLoop("service").Manager;
        SimulatedPool workers = world.CreatePool("workers", threads: 4);
        EventManager supervisor = world.CreateLoop("supervisor", options => options.Workers = workers).Manager;
        int ended = 0;
        for (int i = 0; i < 4; i++)
        {
            int number = i;
            bool isEndless = world.Random.OneIn(2);
            world.At(TimeSpan.FromMilliseconds(world.Random.Next(0, 3)), () => supervisor.ExecuteWork(WorkPriority.Normal, () =>
            {
                try
                {
                    int result = isEndless
                        ? service.RemoteEndpoint.CallBlocking(_ => new TaskCompletionSource<int>().Task)
                        : service.RemoteEndpoint.CallBlocking(_ => number);
                    world.Assert(!isEndless && result == number, "a call has another one's result");
                }
                catch (ObjectDisposedException)
                {
                    // The service ended first.
                }

                ended++;
            }));
        }

        world.At(TimeSpan.FromMilliseconds(world.Random.Next(0, 3)), service.Dispose);
        world.RunUntil(() => ended == 4, TimeSpan.FromSeconds(1));
    }

    private static void ACallThatWasGivenUpDoesNotBegin(World world)
    {
        SimulatedLoop service = world.CreateLoop("service");
        SimulatedPool workers = world.CreatePool("workers", threads: 4);
        EventManager supervisor = world.CreateLoop("supervisor", options => options.Workers = workers).Manager;
        int ended = 0;
        bool hasBegunLate = false;
        service.Stall(TimeSpan.FromMilliseconds(world.Random.Next(1, 5)));
        for (int i = 0; i < 4; i++)
        {
            var timeout = TimeSpan.FromMilliseconds(world.Random.Next(0, 5));
            supervisor.ExecuteWork(WorkPriority.Normal, () =>
            {
                bool isGivenUp = false;
                try
                {
                    service.Manager.RemoteEndpoint.CallBlocking(_ => hasBegunLate |= isGivenUp, timeout);
                }
                catch (TimeoutException)
                {
                    isGivenUp = true;
                }

                ended++;
            });
        }

        world.RunUntil(() => ended == 4);
        world.Advance(TimeSpan.FromMilliseconds(10));
        world.Assert(!hasBegunLate, "a call begins whose sender has given it up");
    }

    private static void EveryDisposalWaitsForTheEnd(World world)
    {
        SimulatedLoop slow = world.CreateLoop("slow");
        EventManager service = world.CreateLoop("service").Manager;
        EventManager supervisor = world.CreateLoop("supervisor").Manager;
        slow.Stall(TimeSpan.FromMilliseconds(world.Random.Next(1, 3)));
        bool isUnderWay = false;
        _ = service.RemoteEndpoint.CallAsync(_ =>
        {
            isUnderWay = true;
            slow.Manager.RemoteEndpoint.CallBlocking(_ => { });
            isUnderWay = false;
        });
        int ended = 0;
        bool hasWaited = true;
        for (int i = 0; i < 2; i++)
        {
            supervisor.ExecuteWork(WorkPriority.Normal, () =>
            {
                world.Yield();
                service.Dispose();
                hasWaited &= !isUnderWay;
                ended++;
            });
        }

        world.RunUntil(() => ended == 2);
        world.Assert(hasWaited, "a disposal does not wait for a callback that is under way");
    }
}
