using Vigil.Collections;

namespace Vigil.Work;

/// <summary>
/// What waits for one thread of a pool: work pinned to it, and work that others may take away when they are idle, each by priority.
/// </summary>
/// <remarks>
/// Among the heads of its lines the one with the lowest rank is next: its priority, less one for each ageing time that it has waited; of equal
/// ones the older. So within a line order is kept, high comes before low, and low work is overtaken only by what was sent until a few ageing
/// times after it: under an endless flood of high work it still has its turn.
/// </remarks>
internal sealed class WorkQueue
{
    private const int Priorities = 3;
    private const int RoomKept = 256;

    private readonly SpinGate _gate = new();
    private readonly long _ageing;
    private readonly Queue<QueuedWork>[] _shared = Lines();
    private readonly Queue<QueuedWork>[] _pinned = Lines();
    private bool _isClosed;
    private int _count;
    private int _sharedCount;

    /// <param name="ageing">After how many nanoseconds work counts as one priority higher.</param>
    public WorkQueue(long ageing) => _ageing = ageing;

    /// <summary>How much waits. Any thread, without the lock.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How much of it others may take. Any thread, without the lock.</summary>
    public int SharedCount => Volatile.Read(ref _sharedCount);

    /// <summary>Adds work; false where the queue is closed.</summary>
    public bool TryAdd(in WorkItem item, long now)
    {
        _gate.Enter();
        try
        {
            if (_isClosed)
            {
                return false;
            }

            Queue<QueuedWork>[] lines = item.Thread < 0 ? _shared : _pinned;
            lines[(int)item.Priority].Enqueue(new QueuedWork(item, now));
            Volatile.Write(ref _count, _count + 1);
            Volatile.Write(ref _sharedCount, _sharedCount + (item.Thread < 0 ? 1 : 0));
            return true;
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Takes the next work: for its own thread of everything, for others only of what is not pinned.</summary>
    public bool TryTake(long now, bool isOwner, out QueuedWork work)
    {
        work = default;
        if ((isOwner ? Count : SharedCount) == 0)
        {
            return false;
        }

        _gate.Enter();
        try
        {
            Queue<QueuedWork>? best = null;
            long bestRank = long.MaxValue;
            Choose(_shared, now, ref best, ref bestRank);
            if (isOwner)
            {
                Choose(_pinned, now, ref best, ref bestRank);
            }

            if (best is null)
            {
                return false;
            }

            work = Take(best);
            return true;
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>What has waited longest, which stays; false where nothing waits. Any thread.</summary>
    public bool TryPeekOldest(out QueuedWork oldest)
    {
        oldest = default;
        if (Count == 0)
        {
            return false;
        }

        bool isFound = false;
        _gate.Enter();
        try
        {
            PeekOldest(_shared, ref oldest, ref isFound);
            PeekOldest(_pinned, ref oldest, ref isFound);
        }
        finally
        {
            _gate.Exit();
        }

        return isFound;
    }

    /// <summary>Takes no more work from now on, and gives back what waits, in the order in which it would have been taken.</summary>
    public List<WorkItem> CloseAndTakeAll(long now)
    {
        _gate.Enter();
        try
        {
            _isClosed = true;
        }
        finally
        {
            _gate.Exit();
        }

        List<WorkItem> left = [];
        while (TryTake(now, isOwner: true, out QueuedWork work))
        {
            left.Add(work.Item);
        }

        return left;
    }

    private static Queue<QueuedWork>[] Lines() => [.. Enumerable.Range(0, Priorities).Select(_ => new Queue<QueuedWork>())];

    // Each line is in the order in which work was sent, so the oldest is a head.
    private static void PeekOldest(Queue<QueuedWork>[] lines, ref QueuedWork oldest, ref bool isFound)
    {
        foreach (Queue<QueuedWork> line in lines)
        {
            if (line.TryPeek(out QueuedWork head) && (!isFound || head.Since < oldest.Since))
            {
                oldest = head;
                isFound = true;
            }
        }
    }

    private void Choose(Queue<QueuedWork>[] lines, long now, ref Queue<QueuedWork>? best, ref long bestRank)
    {
        for (int priority = 0; priority < Priorities; priority++)
        {
            if (!lines[priority].TryPeek(out QueuedWork head))
            {
                continue;
            }

            long rank = priority - ((now - head.Since) / _ageing);
            if (best is null || rank < bestRank || (rank == bestRank && head.Since < best.Peek().Since))
            {
                best = lines[priority];
                bestRank = rank;
            }
        }
    }

    // A line that was long gives its memory back when it is empty: not sooner, since it would be copied for that.
    private QueuedWork Take(Queue<QueuedWork> line)
    {
        QueuedWork work = line.Dequeue();
        Volatile.Write(ref _count, _count - 1);
        Volatile.Write(ref _sharedCount, _sharedCount - (work.Item.Thread < 0 ? 1 : 0));
        if (line.Count == 0 && line.Capacity > RoomKept)
        {
            line.TrimExcess(RoomKept);
        }

        return work;
    }
}
