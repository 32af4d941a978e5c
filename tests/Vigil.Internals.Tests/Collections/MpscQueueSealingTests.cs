using Vigil.Collections;

namespace Vigil.Internals.Tests.Collections;

/// <summary>
/// The queue's end, step by step: producers between claiming and publishing, a consumer, and a seal at any moment. A model gives the
/// expected result of each read.
/// </summary>
public class MpscQueueSealingTests
{
    private const int Producers = 4;

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void In_any_interleaving_every_item_is_taken_once_and_in_order_or_refused(int initialLength)
    {
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var run = new Interleaving(initialLength);
            int steps = random.Next(10, 300);
            int sealAt = random.Next(steps);
            for (int step = 0; step < steps; step++)
            {
                if (step == sealAt)
                {
                    run.Seal();
                }

                switch (random.Next(5))
                {
                    case 0 or 1:
                        run.ClaimOrAdd(random.Next(Producers));
                        break;
                    case 2:
                        run.Publish(random.Next(Producers));
                        break;
                    case 3:
                        run.Take();
                        break;
                    default:
                        run.Look();
                        break;
                }
            }

            run.DrainAsTheLastConsumer(random);
            run.CheckNothingIsLeft();
        }
    }

    [Fact]
    public void An_item_that_is_claimed_and_not_published_is_not_ready_also_where_more_rings_follow()
    {
        var queue = new MpscQueue<int>(initialLength: 2);
        StalledSender<int> stalled = StalledSender<int>.TryClaim(queue, 0)!;
        for (int i = 1; i < 10; i++)
        {
            Assert.True(queue.TryEnqueue(i));
        }

        Assert.False(queue.IsReady);
        Assert.False(queue.IsEmpty);
        Assert.False(queue.TryDequeue(out _));
        stalled.Publish();
        Assert.True(queue.IsReady);
        for (int i = 0; i < 10; i++)
        {
            Assert.True(queue.TryDequeue(out int item));
            Assert.Equal(i, item);
        }
    }

    /// <summary>The queue and its model.</summary>
    private sealed class Interleaving(int initialLength)
    {
        private readonly MpscQueue<int> _queue = new(initialLength);
        private readonly Queue<Entry> _model = new();
        private readonly (StalledSender<int> Sender, Entry Entry)?[] _stalled = new (StalledSender<int>, Entry)?[Producers];
        private int _next;
        private bool _isSealed;

        private bool IsPublishedAtHead => _model.TryPeek(out Entry? head) && head.IsPublished;

        public void ClaimOrAdd(int producer)
        {
            if (_stalled[producer] is not null)
            {
                return;
            }

            int item = _next++;
            if (StalledSender<int>.TryClaim(_queue, item) is { } sender)
            {
                Assert.False(_isSealed, "A position was claimed after the seal.");
                var entry = new Entry(item);
                _model.Enqueue(entry);
                _stalled[producer] = (sender, entry);
            }
            else
            {
                Assert.Equal(!_isSealed, _queue.TryEnqueue(item));
                if (!_isSealed)
                {
                    _model.Enqueue(new Entry(item) { IsPublished = true });
                }
            }
        }

        public void Publish(int producer)
        {
            if (_stalled[producer] is var (sender, entry))
            {
                sender.Publish();
                entry.IsPublished = true;
                _stalled[producer] = null;
            }
        }

        public void Take()
        {
            bool isThere = IsPublishedAtHead;
            Assert.Equal(isThere, _queue.TryDequeue(out int item));
            if (isThere)
            {
                Assert.Equal(_model.Dequeue().Item, item);
            }
        }

        public void Look()
        {
            Assert.Equal(_model.Count == 0, _queue.IsEmpty);

            // That read has left the drained rings.
            Assert.Equal(IsPublishedAtHead, _queue.IsReady);
        }

        public void Seal()
        {
            _queue.Seal();
            _isSealed = true;
        }

        /// <summary>Takes until the queue reports that it is empty; producers continue meanwhile, and try to add more.</summary>
        public void DrainAsTheLastConsumer(Random random)
        {
            while (!_queue.IsEmpty)
            {
                Take();
                ClaimOrAdd(random.Next(Producers));
                Publish(random.Next(Producers));
            }
        }

        public void CheckNothingIsLeft()
        {
            Assert.Empty(_model);
            Assert.All(_stalled, Assert.Null);
            Assert.False(_queue.TryEnqueue(-1));
            Assert.True(_queue.IsEmpty);
        }
    }

    private sealed class Entry(int item)
    {
        public int Item => item;

        public bool IsPublished { get; set; }
    }
}
