using Vigil.Internals.Tests.Support;

namespace Vigil.Internals.Tests;

public sealed class LoopLifetimeTests
{
    // A disposal that takes no time, so that one thread often ends it between another's check for it and its claim.
    [Fact]
    [Trait("Duration", "Scaled")]
    public async Task Threads_that_dispose_at_once_all_return_and_one_of_them_has_torn_down()
    {
        int rounds = Scale.Times(3_000);
        using var manager = new EventManager();
        int tornDown = 0;
        LoopLifetime[] lifetimes = [.. Enumerable.Range(0, rounds).Select(
            _ => new LoopLifetime(manager, manager.Name, () => Interlocked.Increment(ref tornDown)))];
        int arrivals = 0;
        await Task.WhenAll(OnThread(DisposeAll), OnThread(DisposeAll));
        Assert.Equal(rounds, tornDown);

        void DisposeAll()
        {
            try
            {
                for (int round = 0; round < rounds; round++)
                {
                    AwaitOther(Interlocked.Increment(ref arrivals), 2 * (round + 1));
                    lifetimes[round].RequestDisposal();
                    lifetimes[round].AwaitDisposal(Timeout.InfiniteTimeSpan);
                }
            }
            finally
            {
                // The other thread does not wait for one that failed.
                Interlocked.Add(ref arrivals, 2 * rounds);
            }
        }

        // Without a SpinWait, whose yields would let the two begin far apart; but they may have to share a processor.
        void AwaitOther(int here, int both)
        {
            for (int looks = 0; here < both; looks++)
            {
                if (looks > 10_000)
                {
                    Thread.Yield();
                }

                here = Volatile.Read(ref arrivals);
            }
        }
    }

    // The end of an event, without the event: one thread often asks between another's request to dispose and its beginning.
    [Fact]
    [Trait("Duration", "Scaled")]
    public async Task A_thread_that_ends_something_while_another_disposes_either_has_the_claim_alone_or_has_nothing_to_do()
    {
        int rounds = Scale.Times(3_000);
        using var manager = new EventManager();
        int inside = 0;
        int together = 0;
        LoopLifetime[] lifetimes = [.. Enumerable.Range(0, rounds).Select(_ => new LoopLifetime(manager, manager.Name, Visit))];
        using var both = new Barrier(2);
        await Task.WhenAll(OnThread(DisposeAll), OnThread(EndAll));
        Assert.Equal(0, together);

        void Visit()
        {
            together += Interlocked.Increment(ref inside) == 1 ? 0 : 1;
            Thread.SpinWait(10);
            Interlocked.Decrement(ref inside);
        }

        void DisposeAll()
        {
            foreach (LoopLifetime lifetime in lifetimes)
            {
                both.SignalAndWait(Patience.Limit);
                lifetime.RequestDisposal();
                lifetime.AwaitDisposal(Timeout.InfiniteTimeSpan);
            }
        }

        void EndAll()
        {
            for (int round = 0; round < rounds; round++)
            {
                both.SignalAndWait(Patience.Limit);
                Thread.SpinWait(round % 50);
                using ThreadClaim.Scope claim = lifetimes[round].ClaimToEnd(out bool isOver);
                if (!isOver)
                {
                    Visit();
                }
            }
        }
    }

    private static Task OnThread(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
