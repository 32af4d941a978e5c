namespace Vigil.Internals.Tests.Work;

public class WorkQueueTests
{
    private static readonly WorkPriority[] ByUrgency = [WorkPriority.High, WorkPriority.Normal, WorkPriority.Low];

    private const long Ageing = 100;

    [Theory]
    [Trait("Duration", "Scaled")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_operations_give_what_a_list_that_is_searched_gives(int seed)
    {
        var random = new Random(Scale.Seed(seed));
        var queue = new WorkQueue(Ageing);
        var model = new List<(int Number, int Priority, int Thread, long Since)>();
        long now = 0;
        for (int i = 0; i < Scale.Times(60_000); i++)
        {
            now += random.Next(4) == 0 ? random.Next(40) : 0;
            if (random.Next(2) == 0)
            {
                int priority = random.Next(3);
                int thread = random.Next(4) == 0 ? 0 : -1;
                Assert.True(queue.TryAdd(Item(i, priority, thread), now));
                model.Add((i, priority, thread, now));
            }
            else
            {
                bool isOwner = random.Next(2) == 0;
                bool isTaken = queue.TryTake(now, isOwner, out QueuedWork work);
                (int Number, int Priority, int Thread, long Since)[] candidates = [.. model.Where(entry => isOwner || entry.Thread < 0)];
                Assert.Equal(candidates.Length > 0, isTaken);
                if (isTaken)
                {
                    int taken = int.Parse(work.Item.ToString());
                    (int Number, int Priority, int Thread, long Since) entry = model.Single(other => other.Number == taken);
                    long best = candidates.Min(other => Rank(other, now));

                    // The oldest of those with the best rank; two of the same instant in different lines are equal.
                    Assert.Equal(best, Rank(entry, now));
                    Assert.Equal(candidates.Where(other => Rank(other, now) == best).Min(other => other.Since), entry.Since);
                    Assert.Equal(
                        candidates.Where(
                            other => other.Priority == entry.Priority && other.Thread == entry.Thread).Min(other => other.Number),
                        entry.Number);
                    model.Remove(entry);
                }

                while (model.Count > 60)
                {
                    Assert.True(queue.TryTake(now, isOwner: true, out work));
                    model.RemoveAll(other => other.Number == int.Parse(work.Item.ToString()));
                }
            }

            Assert.Equal(model.Count, queue.Count);
            Assert.Equal(model.Count(entry => entry.Thread < 0), queue.SharedCount);
        }
    }

    [Fact]
    public void A_closed_queue_takes_nothing_and_gives_back_what_waited_in_its_order()
    {
        var queue = new WorkQueue(Ageing);
        queue.TryAdd(Item(1, 2, -1), 0);
        queue.TryAdd(Item(2, 0, -1), 0);
        queue.TryAdd(Item(3, 1, 0), 0);
        Assert.Equal(["2", "3", "1"], queue.CloseAndTakeAll(0).Select(item => item.ToString()));
        Assert.False(queue.TryAdd(Item(4, 0, -1), 0));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void What_could_not_be_added_is_not_counted_nor_waited_for()
    {
        var queue = new WorkQueue(Ageing);
        Assert.ThrowsAny<Exception>(() => queue.TryAdd(Item(1, priority: 3, thread: -1), 0));
        Assert.ThrowsAny<Exception>(() => queue.TryAdd(Item(1, priority: 3, thread: 0), 0));
        Assert.Equal(0, queue.Count);
        Assert.Empty(queue.CloseAndTakeAll(0));
    }

    [Fact]
    public void Low_work_overtakes_high_work_that_is_younger_by_two_ageing_times()
    {
        var queue = new WorkQueue(Ageing);
        queue.TryAdd(Item(1, 2, -1), 0);
        queue.TryAdd(Item(2, 0, -1), 2 * Ageing);
        Assert.True(queue.TryTake(2 * Ageing, isOwner: true, out QueuedWork first));
        Assert.Equal("1", first.Item.ToString());
    }

    private static long Rank((int Number, int Priority, int Thread, long Since) entry, long now) =>
        entry.Priority - ((now - entry.Since) / Ageing);

    private static WorkItem Item(int number, int priority, int thread) =>
        new(
            static (_, _) => WorkOutcome.Done,
            drop: null,
            number,
            state: null,
            new WorkContext(_ => { }),
            context: null,
            thread < 0 ? WorkTarget.Worker(ByUrgency[priority]) : WorkTarget.Thread(thread, ByUrgency[priority]));
}
