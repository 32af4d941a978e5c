using Vigil.Collections;
using Vigil.Internals.Tests.Support;

namespace Vigil.Internals.Tests.Collections;

/// <summary>The queue with eight producers and one consumer.</summary>
public class MpscQueueConcurrencyTests
{
    private const int Producers = 8;
    private const int LongestRing = 1 << 11;

    [Theory]
    [Trait("Duration", "Scaled")]
    [InlineData(0, 2)]
    [InlineData(0, 64)]
    [InlineData(1000, 64)]
    [InlineData(LongestRing + 500, 64)]
    [InlineData(45 * LongestRing, 64)]
    public void Nothing_is_lost_doubled_torn_or_overtaken_by_its_own_producers_later_items(int lag, int initialLength)
    {
        int itemsEach = Scale.Times(15_000);
        var queue = new MpscQueue<Item>(initialLength);
        int put = 0;
        BackgroundThread<int>[] producers = [.. Enumerable.Range(0, Producers).Select(producer => new BackgroundThread<int>(() =>
        {
            for (int i = 0; i < itemsEach; i++)
            {
                queue.TryEnqueue(new Item(producer, i));
                Interlocked.Increment(ref put);
            }

            return itemsEach;
        }))];

        // The consumer lags behind until the producers are done, so that several rings are chained.
        var next = new int[Producers];
        for (int taken = 0; taken < Producers * itemsEach; taken++)
        {
            Patience.Until(() => Volatile.Read(ref put) is var count && (count > taken + lag || count == Producers * itemsEach), "an item");
            Assert.False(queue.IsEmpty);
            Item item = Take(queue);
            Assert.True(item.IsWhole, "An item was read that was not written whole.");
            Assert.Equal(next[item.Producer]++, item.Sequence);
        }

        Assert.All(producers, producer => Assert.Equal(itemsEach, producer.Result()));
        Assert.True(queue.IsEmpty);
        Assert.False(queue.TryDequeue(out _));
    }

    // Adding a ring takes a lock. A thread with a pending interrupt would leave without its item.
    [Fact]
    public void A_producer_that_is_interrupted_adds_its_items_all_the_same_and_its_interrupt_stays_pending()
    {
        const int ItemsEach = 60_000;
        var queue = new MpscQueue<Item>(2);
        BackgroundThread<int>[] producers = [.. Enumerable.Range(0, Producers).Select(producer => new BackgroundThread<int>(() =>
        {
            Thread.CurrentThread.Interrupt();
            for (int i = 0; i < ItemsEach; i++)
            {
                Assert.True(queue.TryEnqueue(new Item(producer, i)));
            }

            Assert.Throws<ThreadInterruptedException>(() => Thread.Sleep(0));
            return ItemsEach;
        }))];
        Assert.All(producers, producer => Assert.Equal(ItemsEach, producer.Result()));
        int taken = 0;
        while (queue.TryDequeue(out _))
        {
            taken++;
        }

        Assert.Equal(Producers * ItemsEach, taken);
    }

    [Fact]
    public void What_is_peeked_at_the_moment_of_its_publication_was_written_and_is_what_is_taken_next()
    {
        // On one processor both sides take turns by yielding, which is slow, and the interesting moment never occurs: a limited time is
        // enough.
        const int Items = 200_000;
        const int LooksWithoutYielding = 2000;
        long end = Environment.TickCount64 + 1000;
        var queue = new MpscQueue<Item>();
        int taken = 0;
        int wanted = Items;
        var producer = new BackgroundThread<int>(() =>
        {
            int put = 0;
            for (; put < Volatile.Read(ref wanted); put++)
            {
                queue.TryEnqueue(new Item(0, put));

                // Only when the consumer has found nothing and polls repeatedly.
                var wait = default(PatientSpin);
                while (Volatile.Read(ref taken) <= put)
                {
                    wait.Once("The consumer does not take.");
                }
            }

            return put;
        });

        while (taken < Items && Environment.TickCount64 < end)
        {
            var wait = default(PatientSpin);
            Item peeked;
            for (int looks = 0; !queue.TryPeek(out peeked); looks++)
            {
                if (looks >= LooksWithoutYielding)
                {
                    wait.Once("An item was lost.");
                }
            }

            Assert.True(peeked.IsWhole, "An item was read that was not written whole.");
            Assert.Equal(taken, peeked.Sequence);
            Assert.Equal(taken, Take(queue).Sequence);

            // Before the producer is released.
            if (Environment.TickCount64 >= end)
            {
                Volatile.Write(ref wanted, 0);
            }

            Volatile.Write(ref taken, taken + 1);
        }

        Assert.Equal(taken, producer.Result());
    }

    [Fact]
    public void Neither_side_allocates_where_the_producer_is_ahead_by_many_rings_again_and_again()
    {
        const int ItemsPerRound = (8 * LongestRing) + 1000;
        var queue = new MpscQueue<Item>();
        using var rounds = new MeasuredRounds();
        var producer = new BackgroundThread<int>(() => rounds.Put(() => Put(queue, ItemsPerRound)));

        int allocatingByConsumer = rounds.Take(() => TakeAll(queue, ItemsPerRound));

        Assert.InRange(allocatingByConsumer, 0, MeasuredRounds.Allowed);
        Assert.InRange(producer.Result(), 0, MeasuredRounds.Allowed);
    }

    private static void Put(MpscQueue<Item> queue, int count)
    {
        for (int i = 0; i < count; i++)
        {
            queue.TryEnqueue(new Item(0, i));
        }
    }

    private static void TakeAll(MpscQueue<Item> queue, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Take(queue);
        }
    }

    // A claimed item is not there yet, but about to be.
    private static Item Take(MpscQueue<Item> queue)
    {
        var spin = default(PatientSpin);
        Item item;
        while (!queue.TryDequeue(out item))
        {
            spin.Once("An item was lost.");
        }

        return item;
    }

    /// <summary>Larger than a processor's atomic writes.</summary>
    private readonly struct Item
    {
        private readonly long _check;
        private readonly long _checkAgain;

        public Item(int producer, int sequence)
        {
            Producer = producer;
            Sequence = sequence;
            _check = CheckOf(producer, sequence);
            _checkAgain = ~_check;
        }

        public int Producer { get; }

        public int Sequence { get; }

        public bool IsWhole => _check == CheckOf(Producer, Sequence) && _checkAgain == ~_check;

        private static long CheckOf(int producer, int sequence) => ((long)sequence << 8) + producer + 1;
    }
}
