using Exploration;

namespace Vigil.Protocols.Scenarios;

/// <summary>
/// The queue of a worker and its gate: the owner and others take at the same time as senders add. Each item that was accepted is taken
/// once, or is left at the end; what one thread takes of one sender it takes in the order in which it was sent.
/// </summary>
internal sealed class WorkQueueTakers(int items, int takers, int takes) : Scenario
{
    private readonly WorkQueue _queue = new(long.MaxValue);
    private readonly List<int>[] _taken = [.. Enumerable.Range(0, takers).Select(_ => new List<int>())];

    public override IReadOnlyList<Action> Threads =>
        [Send, .. Enumerable.Range(0, takers).Select(taker => (Action)(() => Take(taker)))];

    public override void Check()
    {
        int[] left = [.. _queue.CloseAndTakeAll(now: 100).Select(item => (int)item.Action)];
        int[] all = [.. _taken.SelectMany(taken => taken).Concat(left).Order()];
        if (!all.SequenceEqual(Enumerable.Range(0, items)))
        {
            throw new InvalidOperationException($"Of {items} items {string.Join(' ', all)} were taken or left.");
        }

        if (_taken.Any(taken => !taken.SequenceEqual(taken.Order())))
        {
            throw new InvalidOperationException("Items were taken out of order.");
        }
    }

    private void Send()
    {
        for (int i = 0; i < items; i++)
        {
            Memory.Rest((UInt128)(uint)i);
            if (!_queue.TryAdd(Work.Item(i), now: i))
            {
                throw new InvalidOperationException("The queue is closed.");
            }
        }
    }

    private void Take(int taker)
    {
        for (int i = 0; i < takes; i++)
        {
            Memory.Rest(_taken[taker].Aggregate((UInt128)(uint)i, (digest, number) => (digest * 16) + (UInt128)(uint)number + 1));
            if (_queue.TryTake(now: 100, isOwner: taker == 0, out QueuedWork work))
            {
                _taken[taker].Add((int)work.Item.Action);
            }
        }
    }
}

/// <summary>
/// The end of a queue: while one thread adds and another takes, a third closes it and takes the rest. Each item that was accepted is taken
/// by one of the two, each that was refused by none, and the closer comes to an end.
/// </summary>
internal sealed class WorkQueueClosing(int items, int takes) : Scenario
{
    private readonly WorkQueue _queue = new(long.MaxValue);
    private readonly List<int> _accepted = [];
    private readonly List<int> _taken = [];
    private List<WorkItem> _left = [];

    public override IReadOnlyList<Action> Threads => takes == 0 ? [Send, Close] : [Send, Close, Take];

    public override void Check()
    {
        int[] all = [.. _taken.Concat(_left.Select(item => (int)item.Action)).Order()];
        if (!all.SequenceEqual(_accepted))
        {
            throw new InvalidOperationException(
                $"{string.Join(' ', _accepted)} were accepted; {string.Join(' ', all)} were taken or left.");
        }
    }

    private void Send()
    {
        for (int i = 0; i < items; i++)
        {
            if (_queue.TryAdd(Work.Item(i), now: i))
            {
                _accepted.Add(i);
            }
        }
    }

    private void Take()
    {
        for (int i = 0; i < takes; i++)
        {
            if (_queue.TryTake(now: 100, isOwner: true, out QueuedWork work))
            {
                _taken.Add((int)work.Item.Action);
            }
        }
    }

    private void Close() => _left = _queue.CloseAndTakeAll(now: 100);
}

/// <summary>Work that is not run.</summary>
internal static class Work
{
    public static WorkItem Item(int number) =>
        new(static (_, _) => WorkOutcome.Done, drop: null, number, state: null, sender: null, context: null, WorkPriority.Normal);
}
