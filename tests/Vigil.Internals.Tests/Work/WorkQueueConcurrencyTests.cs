using Vigil.Internals.Tests.Support;
using Vigil.Work;

namespace Vigil.Internals.Tests.Work;

/// <summary>A queue between several senders, its owner and those who steal from it.</summary>
public class WorkQueueConcurrencyTests
{
    private const int Senders = 4;
    private const int ItemsEach = 50_000;

    [Fact]
    public void What_several_send_is_taken_once_each_by_owner_and_thieves_and_by_one_taker_in_the_order_of_its_sender()
    {
        var queue = new WorkQueue(long.MaxValue);
        BackgroundThread<int>[] senders = [.. Enumerable.Range(0, Senders).Select(sender => Send(queue, sender, ItemsEach))];
        int taken = 0;
        BackgroundThread<List<Sent>>[] takers = [.. new[] { true, false, false }.Select(isOwner => new BackgroundThread<List<Sent>>(() =>
        {
            List<Sent> mine = [];
            var spin = default(PatientSpin);
            while (Volatile.Read(ref taken) < Senders * ItemsEach)
            {
                if (!queue.TryTake(now: 0, isOwner, out QueuedWork work))
                {
                    spin.Once("Work was lost.");
                    continue;
                }

                spin = default;
                Interlocked.Increment(ref taken);
                mine.Add((Sent)work.Item.Action);
            }

            return mine;
        }))];

        List<Sent>[] all = [.. takers.Select(taker => taker.Result())];
        Assert.All(senders, sender => Assert.Equal(ItemsEach, sender.Result()));
        Assert.Equal(Senders * ItemsEach, all.SelectMany(mine => mine).Distinct().Count());
        Assert.All(all, mine => Assert.All(mine.GroupBy(sent => (sent.Sender, sent.IsPinned)), line => Assert.Equal(line.OrderBy(sent => sent.Number), line)));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void Closing_among_senders_gives_back_what_was_accepted_and_nothing_else()
    {
        for (int round = 0; round < 200; round++)
        {
            var queue = new WorkQueue(long.MaxValue);
            using var begun = new CountdownEvent(Senders);
            BackgroundThread<int>[] senders = [.. Enumerable.Range(0, Senders).Select(sender => Send(queue, sender, int.MaxValue, begun))];
            Assert.True(begun.Wait(Patience.Limit));
            List<WorkItem> left = queue.CloseAndTakeAll(now: 0);
            int accepted = senders.Sum(sender => sender.Result());
            Assert.Equal(accepted, left.Count);
            Assert.Equal(accepted, left.Select(item => (Sent)item.Action).Distinct().Count());
            Assert.Equal(0, queue.Count);
            Assert.False(queue.HasWork(isOwner: true));
        }
    }

    // As long as the queue takes it. Every third is pinned.
    private static BackgroundThread<int> Send(WorkQueue queue, int sender, int most, CountdownEvent? begun = null) => new(() =>
    {
        for (int i = 0; i < most; i++)
        {
            var sent = new Sent(sender, i, i % 3 == 0);
            var item = new WorkItem(static (_, _) => WorkOutcome.Done, drop: null, sent, state: null, static _ => { }, WorkPriority.Normal, sent.IsPinned ? 0 : -1);
            if (!queue.TryAdd(in item, now: 0))
            {
                return i;
            }

            if (i == 0)
            {
                begun?.Signal();
            }
        }

        return most;
    });

    private sealed record Sent(int Sender, int Number, bool IsPinned);
}
