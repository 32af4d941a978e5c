using Vigil.Internals.Tests.Support;

namespace Vigil.Internals.Tests.Work;

/// <summary>A queue with several senders, its owner and stealing threads.</summary>
public class WorkQueueConcurrencyTests
{
    private const int Senders = 4;
    private static readonly int ItemsEach = Scale.Times(15_000);

    [Fact]
    [Trait("Duration", "Scaled")]
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
        Assert.All(
            all,
            mine => Assert.All(
                mine.GroupBy(sent => (sent.Sender, sent.IsPinned)),
                line => Assert.Equal(line.OrderBy(sent => sent.Number), line)));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void The_oldest_is_told_as_it_was_sent_while_others_send_and_take()
    {
        const long Since = 1000;
        var queue = new WorkQueue(long.MaxValue);
        BackgroundThread<int> sender = Send(queue, 0, Senders * ItemsEach, since: Since);
        bool isOver = false;
        var watch = new BackgroundThread<long>(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                if (queue.TryPeekOldest(out QueuedWork oldest))
                {
                    Assert.Equal(Since, oldest.Since);
                    Assert.IsType<Sent>(oldest.Item.Action);
                }

                Assert.InRange(queue.Count, 0, Senders * ItemsEach);
            }

            return 0;
        });

        var spin = default(PatientSpin);
        for (int taken = 0; taken < Senders * ItemsEach;)
        {
            if (queue.TryTake(Since, isOwner: true, out QueuedWork work))
            {
                taken++;
                spin = default;
                Assert.Equal(Since, work.Since);
            }
            else
            {
                spin.Once("Work was lost.");
            }
        }

        Volatile.Write(ref isOver, true);
        Assert.Equal(0, watch.Result());
        Assert.Equal(Senders * ItemsEach, sender.Result());
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Closing_among_senders_gives_back_what_was_accepted_and_nothing_else()
    {
        // More than are sent before it is closed, unless this thread is not running for long: then no more are sent.
        const int Most = 10_000;
        for (int round = 0; round < Scale.Times(50); round++)
        {
            var queue = new WorkQueue(long.MaxValue);
            using var begun = new CountdownEvent(Senders);
            BackgroundThread<int>[] senders = [.. Enumerable.Range(0, Senders).Select(sender => Send(queue, sender, Most, begun))];
            Assert.True(begun.Wait(Patience.Limit));
            List<WorkItem> left = queue.CloseAndTakeAll(now: 0);
            int accepted = senders.Sum(sender => sender.Result());
            Assert.Equal(accepted, left.Count);
            Assert.Equal(accepted, left.Select(item => (Sent)item.Action).Distinct().Count());
            Assert.Equal(0, queue.Count);
            Assert.False(queue.HasWork(isOwner: true));
        }
    }

    // As long as the queue accepts it. Every third item is pinned.
    private static BackgroundThread<int> Send(
        WorkQueue queue,
        int sender,
        int most,
        CountdownEvent? begun = null,
        long since = 0) => new(() =>
    {
        for (int i = 0; i < most; i++)
        {
            var sent = new Sent(sender, i, i % 3 == 0);
            var item = new WorkItem(
                static (_, _) => WorkOutcome.Done,
                drop: null,
                sent,
                state: null,
                new WorkContext(static _ => { }),
                context: null,
                sent.IsPinned ? WorkTarget.Thread(0) : WorkTarget.Worker(WorkPriority.Normal));
            if (!queue.TryAdd(in item, since))
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
