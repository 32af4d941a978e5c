using Vigil;
using Vigil.Testing;

namespace Planted.Driver;

/// <summary>What reaches a loop from elsewhere: posts, triggers, stops.</summary>
internal static class MessageScenarios
{
    public static readonly (string Name, Action<World> Program)[] All =
    [
        ("posts", PostsRunOnceAndInOrder),
        ("triggers", TriggersAddUp),
        ("stop", AStopEndsASleepingLoop),
        ("calls", CallsAreAnswered),
    ];

    private static void PostsRunOnceAndInOrder(World world)
    {
        const int Senders = 3;
        EventManager receiver = world.CreateLoop("receiver", options => options.MailboxBudget = 4).Manager;
        EventManager sender = world.CreateLoop("sender").Manager;
        int[] next = new int[Senders];
        int[] sent = new int[Senders];
        for (int i = 0; i < Senders; i++)
        {
            int number = i;
            int count = sent[i] = world.Random.Next(1, 30);
            void Send()
            {
                for (int post = 0; post < count; post++)
                {
                    receiver.RemoteEndpoint.Fire((_, received) => Receive(number, received), post);
                    if (world.Random.OneIn(3))
                    {
                        world.Yield();
                    }
                }
            }

            if (i == 0)
            {
                sender.Defer(_ => Send());
            }
            else
            {
                sender.ExecuteWork(WorkPriority.Normal, Send);
            }
        }

        world.RunUntil(() => next.SequenceEqual(sent));

        void Receive(int number, int received)
        {
            world.Assert(next[number] == received, $"sender {number}: post {received} runs where post {next[number]} is the next");
            next[number]++;
        }
    }

    private static void TriggersAddUp(World world)
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        long delivered = 0;
        long triggered = 0;
        UserEvent counter = manager.CreateUserEvent(UserEventMerge.Add, (_, value) => delivered += value);
        for (int i = 0; i < 10; i++)
        {
            int value = world.Random.Next(1, 100);
            manager.ExecuteWork(WorkPriority.Normal, () =>
            {
                triggered += value;
                counter.Trigger(value);
                world.Yield();
                triggered++;
                counter.Trigger();
            });
        }

        world.RunUntilIdle();
        world.Assert(delivered == triggered, $"{triggered} were triggered, and {delivered} delivered");
    }

    private static void AStopEndsASleepingLoop(World world)
    {
        SimulatedLoop stopped = world.CreateLoop("stopped");
        EventManager other = world.CreateLoop("other").Manager;
        int ended = 0;
        stopped.Manager.AddExitCallback(_ => ended++);
        if (world.Random.OneIn(2))
        {
            stopped.Manager.Defer(static _ => { });
        }

        other.Defer(_ => stopped.Manager.Stop());
        world.RunUntil(() => stopped.HasEnded);
        world.Assert(ended == 1, $"the exit callback has run {ended} times");
        world.Assert(!stopped.Manager.IsStopRequested, "the stop is left for the next run");
    }

    private static void CallsAreAnswered(World world)
    {
        EventManager one = world.CreateLoop("one").Manager;
        EventManager other = world.CreateLoop("other").Manager;
        int left = 0;
        Task[] calls = [.. Enumerable.Range(0, 5).Select(i => (i % 2 == 0 ? one : other).RemoteEndpoint.CallAsync(async manager =>
        {
            EventManager peer = manager == one ? other : one;
            for (int turn = 0; turn < 3; turn++)
            {
                await manager.Delay(TimeSpan.FromMilliseconds(world.Random.Next(3)));
                int answer = await peer.RemoteEndpoint.CallAsync(_ => 10 * i);
                world.Assert(answer == 10 * i && EventManager.Current == manager, "an answer is another call's, or comes to another loop");
            }

            left++;
        }))];
        foreach (Task call in calls)
        {
            world.RunUntilEnded(call, TimeSpan.FromSeconds(1));
        }

        world.Assert(left == calls.Length, "a call has ended before its closure");
    }
}
