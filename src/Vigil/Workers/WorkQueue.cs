using Vigil.Collections;
using Vigil.Threading;

namespace Vigil;

/// <summary>
/// What waits for one thread of a pool: work pinned to it, and work that others may take away when they are idle, each by priority.
/// </summary>
/// <remarks>
/// <para>Among the heads of its lines the one with the lowest rank is next: its priority, less one for each ageing time that it has waited; of equal
/// ones the older. So within a line order is kept, high comes before low, and low work is overtaken only by what was sent until a few ageing
/// times after it: under an endless flood of high work it still has its turn.</para>
/// <para>Senders wait neither for those who take, who go through the gate one at a time, nor, unless a line has to grow, for each other. Work is counted before it is added, so the count
/// is never too low: where it is zero, what is being added comes from senders who look for sleepers after this. Where it is not, there may yet be nothing to take: of work that a sender
/// is just adding, and of what is behind it in the same line, that sender wakes somebody when it is done. Until then they wait for it.</para>
/// <para>What costs is memory that goes from one processor to another. So those who look for work look where it will be, and not at what senders count; and what senders place work by
/// is what they count themselves, and one other line of memory a queue.</para>
/// <para>Closing seals all lines, and then takes until nothing is counted any more. A sender counts, then adds: so either its line is sealed, and it takes itself back, or its work is waited for.</para>
/// </remarks>
internal sealed class WorkQueue
{
    private const int Priorities = 3;
    private const int AverageShift = 4;

    // Most lines are never used, and few are long for long.
    private const int InitialLength = 8;
    private const int MaxSpares = 2;

    private readonly SpinGate _gate = new();
    private readonly long _ageing;
    private readonly MpscQueue<QueuedWork>[] _shared = Lines();
    private readonly MpscQueue<QueuedWork>[] _pinned = Lines();
    private WorkCounts _counts;

    /// <param name="ageing">After how many nanoseconds work counts as one priority higher.</param>
    public WorkQueue(long ageing) => _ageing = ageing;

    /// <summary>How much waits, what is just being added included. Any thread.</summary>
    public int Count => Difference(ref _counts.PinnedTaken, ref _counts.PinnedAdded) + SharedCount;

    /// <summary>How much of it others may take. Any thread.</summary>
    public int SharedCount => Difference(ref _counts.SharedTaken, ref _counts.SharedAdded);

    /// <summary>Whether the thread whose queue this is runs work, or has just done so and looks for more. Set by that thread; any may ask.</summary>
    public bool IsRunning
    {
        get => Volatile.Read(ref _counts.IsRunning) != 0;
        set => Volatile.Write(ref _counts.IsRunning, value ? 1 : 0);
    }

    /// <summary>How long it would take until work that is added now has its turn, by the run times so far, in nanoseconds. Any thread.</summary>
    public long Load => (Count + Volatile.Read(ref _counts.IsRunning)) * Math.Max(Volatile.Read(ref _counts.AverageRun), 1);

    /// <summary>Adds work; false where the queue is closed. Any thread.</summary>
    public bool TryAdd(in WorkItem item, long now)
    {
        bool isShared = item.Thread < 0;
        ref long added = ref isShared ? ref _counts.SharedAdded : ref _counts.PinnedAdded;
        Interlocked.Increment(ref added);
        bool isAdded = false;
        try
        {
            isAdded = (isShared ? _shared : _pinned)[LineOf(item.Priority)].TryEnqueue(new QueuedWork(item, now));
            return isAdded;
        }
        finally
        {
            // Also where there was no memory for it. What is counted is waited for.
            if (!isAdded)
            {
                Interlocked.Decrement(ref added);
            }
        }
    }

    /// <summary>Takes the next work: for its own thread of everything, for others only of what is not pinned.</summary>
    public bool TryTake(long now, bool isOwner, out QueuedWork work)
    {
        if (!IsReady(_shared) && !(isOwner && IsReady(_pinned)))
        {
            work = default;
            return false;
        }

        _gate.Enter();
        try
        {
            return TryTakeBest(now, isOwner, out work);
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Takes the next work of what is not pinned, if that was sent before a time. For other threads than its own.</summary>
    /// <param name="now">The time.</param>
    /// <param name="limit">The time before which it must have been sent.</param>
    /// <param name="work">The work.</param>
    public bool TryTakeOlder(long now, long limit, out QueuedWork work)
    {
        work = default;
        if (!IsReady(_shared))
        {
            return false;
        }

        _gate.Enter();
        try
        {
            MpscQueue<QueuedWork>? best = null;
            (long Rank, long Since) least = (long.MaxValue, long.MaxValue);
            Choose(_shared, now, ref best, ref least);
            return least.Since < limit && TryTakeBest(now, isOwner: false, out work);
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Whether there is something to take: for its own thread of everything, for others of what is not pinned. Any thread.</summary>
    public bool HasWork(bool isOwner)
    {
        if ((isOwner ? Count : SharedCount) == 0)
        {
            return false;
        }

        _gate.Enter();
        try
        {
            return HasHead(_shared) || (isOwner && HasHead(_pinned));
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Counts a run into the average of the owner's, of which the last one makes a sixteenth. For the owner.</summary>
    /// <param name="nanoseconds">How long it took.</param>
    public void CountRun(long nanoseconds)
    {
        long change = (nanoseconds - _counts.AverageRun) >> AverageShift;
        if (change != 0)
        {
            Volatile.Write(ref _counts.AverageRun, _counts.AverageRun + change);
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
        Array.ForEach(_shared, line => line.Seal());
        Array.ForEach(_pinned, line => line.Seal());
        List<WorkItem> left = [];
        using var senders = default(UninterruptedSpin);
        while (true)
        {
            while (TryTake(now, isOwner: true, out QueuedWork work))
            {
                left.Add(work.Item);
            }

            if (Count == 0)
            {
                return left;
            }

            senders.Once();
        }
    }

    // The most urgent first.
    private static int LineOf(WorkPriority priority) => priority switch
    {
        WorkPriority.High => 0,
        WorkPriority.Normal => 1,
        _ => 2,
    };

    private static MpscQueue<QueuedWork>[] Lines() => [.. Enumerable.Range(0, Priorities).Select(_ => new MpscQueue<QueuedWork>(InitialLength, MaxSpares))];

    // What is taken was added before, and is read first: the difference is not below zero. Read again, so that it is not of two different times.
    private static int Difference(ref long taken, ref long added)
    {
        while (true)
        {
            long before = Volatile.Read(ref taken);
            long difference = Volatile.Read(ref added) - before;
            if (Volatile.Read(ref taken) == before)
            {
                return (int)difference;
            }
        }
    }

    // Without the gate, and so what was true a moment ago.
    private static bool IsReady(MpscQueue<QueuedWork>[] lines)
    {
        foreach (MpscQueue<QueuedWork> line in lines)
        {
            if (line.IsReady)
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasHead(MpscQueue<QueuedWork>[] lines)
    {
        foreach (MpscQueue<QueuedWork> line in lines)
        {
            if (line.TryPeek(out _))
            {
                return true;
            }
        }

        return false;
    }

    // Each line is in the order in which work was sent, but for the moment between a sender's look at the clock and its adding: the oldest is a head.
    private static void PeekOldest(MpscQueue<QueuedWork>[] lines, ref QueuedWork oldest, ref bool isFound)
    {
        foreach (MpscQueue<QueuedWork> line in lines)
        {
            if (line.TryPeek(out QueuedWork head) && (!isFound || head.Since < oldest.Since))
            {
                oldest = head;
                isFound = true;
            }
        }
    }

    private bool TryTakeBest(long now, bool isOwner, out QueuedWork work)
    {
        MpscQueue<QueuedWork>? best = null;
        (long Rank, long Since) least = (long.MaxValue, long.MaxValue);
        Choose(_shared, now, ref best, ref least);
        bool isShared = true;
        if (isOwner)
        {
            MpscQueue<QueuedWork>? bestShared = best;
            Choose(_pinned, now, ref best, ref least);
            isShared = best == bestShared;
        }

        if (best is null || !best.TryDequeue(out work))
        {
            work = default;
            return false;
        }

        ref long taken = ref isShared ? ref _counts.SharedTaken : ref _counts.PinnedTaken;
        Volatile.Write(ref taken, taken + 1);
        return true;
    }

    private void Choose(MpscQueue<QueuedWork>[] lines, long now, ref MpscQueue<QueuedWork>? best, ref (long Rank, long Since) least)
    {
        for (int priority = 0; priority < lines.Length; priority++)
        {
            if (!lines[priority].TryPeek(out QueuedWork head))
            {
                continue;
            }

            // Nearly always, and a division costs more than the rest of the look.
            long waited = now - head.Since;
            long rank = waited < _ageing ? priority : priority - (waited / _ageing);
            if (rank < least.Rank || (rank == least.Rank && head.Since < least.Since))
            {
                best = lines[priority];
                least = (rank, head.Since);
            }
        }
    }
}
