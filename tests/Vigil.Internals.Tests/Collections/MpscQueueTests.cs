using System.Runtime.CompilerServices;
using FsCheck;
using FsCheck.Fluent;
using Vigil.Collections;

namespace Vigil.Internals.Tests.Collections;

/// <summary>The queue used by one thread.</summary>
public class MpscQueueTests
{
    private const int LongestRing = 1 << 11;

    [Theory]
    [InlineData(2)]
    [InlineData(64)]
    public void Any_sequence_of_operations_agrees_with_a_queue(int initialLength)
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int[]>(), bursts =>
        {
            var queue = new MpscQueue<int>(initialLength);
            Queue<int> model = new();
            int next = 0;
            foreach (int burst in bursts)
            {
                // A positive burst adds, a negative one takes; a burst may be longer than the queue.
                for (int i = 0; i < burst; i++)
                {
                    queue.TryEnqueue(next);
                    model.Enqueue(next++);
                }

                for (int i = 0; i > burst; i--)
                {
                    AssertDequeuesTheSame(model, queue);
                }

                Assert.Equal(model.Count == 0, queue.IsEmpty);
                Assert.InRange(queue.CountInHead, Math.Min(model.Count, 1), model.Count);
            }

            while (model.Count > 0)
            {
                AssertDequeuesTheSame(model, queue);
            }

            AssertDequeuesTheSame(model, queue);
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(100).WithEndSize(400));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20_000)]
    [InlineData(100_000)]
    public void A_backlog_of_many_rings_comes_out_in_order_again_and_again(int backlog)
    {
        var queue = new MpscQueue<int>();
        int taken = 0;
        int put = 0;
        for (int round = 0; round < 4; round++)
        {
            for (; put < taken + backlog; put++)
            {
                queue.TryEnqueue(put);
            }

            // Half of it stays, so that rings are left and entered in the middle of a round.
            for (; taken < put - (backlog / 2); taken++)
            {
                Assert.True(queue.TryDequeue(out int item));
                Assert.Equal(taken, item);
            }
        }

        for (; taken < put; taken++)
        {
            Assert.True(queue.TryDequeue(out int item));
            Assert.Equal(taken, item);
        }

        Assert.True(queue.IsEmpty);
        Assert.False(queue.TryDequeue(out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(LongestRing)]
    [InlineData(LongestRing + (LongestRing / 4))]
    [InlineData(20 * LongestRing)]
    public void A_steady_backlog_allocates_nothing_also_where_it_spans_rings(int backlog)
    {
        var queue = new MpscQueue<long>();
        for (int i = 0; i < backlog; i++)
        {
            queue.TryEnqueue(i);
        }

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 10 * LongestRing; i++)
            {
                queue.TryEnqueue(i);
                Assert.True(queue.TryDequeue(out _));
            }
        });
    }

    [Theory]
    [InlineData(LongestRing + 1)]
    [InlineData(30 * LongestRing)]
    public void Bursts_that_are_drained_wholly_allocate_nothing_once_there_was_one(int burst)
    {
        var queue = new MpscQueue<long>();

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < burst; i++)
            {
                queue.TryEnqueue(i);
            }

            while (queue.TryDequeue(out _))
            {
            }
        });
    }

    [Fact]
    public void What_was_taken_is_not_kept_alive()
    {
        var queue = new MpscQueue<object>();
        WeakReference taken = PutAndTake(queue);

        GC.Collect();

        Assert.False(taken.IsAlive);
        GC.KeepAlive(queue);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference PutAndTake(MpscQueue<object> queue)
    {
        queue.TryEnqueue(new object());
        Assert.True(queue.TryDequeue(out object? item));
        return new WeakReference(item);
    }

    private static void AssertDequeuesTheSame(Queue<int> model, MpscQueue<int> queue)
    {
        bool isThere = model.TryPeek(out int head);
        Assert.Equal(isThere, queue.TryPeek(out int peeked));
        Assert.Equal(head, peeked);
        _ = model.TryDequeue(out int expected);
        Assert.Equal(isThere, queue.TryDequeue(out int item));
        Assert.Equal(expected, item);
    }
}
