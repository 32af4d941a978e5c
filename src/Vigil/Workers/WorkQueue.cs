using Vigil.Collections;
using Vigil.Threading;

namespace Vigil;

/// <summary>The work that waits for one thread of a pool: pinned work, and work that idle threads may take, each by priority.</summary>
/// <remarks>
/// <para>Of the heads of its lines the one with the lowest rank is next: its priority, less one for each ageing time waited; of equals the
/// oldest. So a line keeps its order, high comes before low, and low work is overtaken only by work sent within a few ageing times after
/// it. It does not starve under an endless flood of high work.</para>
/// <para>Takers go through the gate one at a time. Senders wait neither for takers nor, unless a line must grow, for each other. Work is
/// counted before it is added, so the count is never too low: if it is zero, any work being added comes from a sender that will look for
/// sleepers afterwards. If it is not zero, there may still be nothing to take: work that a sender is still adding hides what is behind it
/// in its line. That sender wakes a worker when it is done.</para>
/// <para>The cost is memory moving between processors. So takers read the slot where work will appear, not the senders' counts. Senders
/// choose a queue by the counts that they write themselves and one more cache line per queue.</para>
/// <para>Closing seals all lines, then takes until nothing is counted. A sender counts, then adds: either its line is sealed and it
/// uncounts itself, or the closer waits for its work.</para>
/// </remarks>
internal sealed class WorkQueue
{
    private const int Priorities = 3;
    private const int AverageShift = 4;

    // Most lines are never used, and few stay long.
    private const int InitialLength = 8;
    private const int MaxSpares = 2;

    private readonly SpinGate _gate = new();
    private readonly long _ageing;
    private readonly MpscQueue<QueuedWork>[] _shared = Lines();
    private readonly MpscQueue<QueuedWork>[] _pinned = Lines();
    private WorkCounts _counts;

    /// <param name="ageing">After how many nanoseconds work counts as one priority higher.</param>
    public WorkQueue(long ageing) => _ageing = ageing;

    /// <summary>How much work waits, including what is being added. Any thread.</summary>
    public int Count => Difference(ref _counts.PinnedTaken, ref _counts.PinnedAdded) + SharedCount;

    /// <summary>How much of it other threads may take. Any thread.</summary>
    public int SharedCount => Difference(ref _counts.SharedTaken, ref _counts.SharedAdded);

    /// <summary>
    /// Whether the owner thread is running work, or has just done so and is looking for more. Set by the owner, read by any thread.
    /// </summary>
    public bool IsRunning
    {
        get => Volatile.Read(ref _counts.IsRunning) != 0;
        set => Volatile.Write(ref _counts.IsRunning, value ? 1 : 0);
    }

    /// <summary>The estimated time until work added now would run, from the run times so far, in nanoseconds. Any thread.</summary>
    public long Load => (Count + Volatile.Read(ref _counts.IsRunning)) * Math.Max(Volatile.Read(ref _counts.AverageRun), 1);

    /// <summary>Adds work; false if the queue is closed. Any thread.</summary>
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
            // Also if memory for it ran out: closing waits for what is counted.
            if (!isAdded)
            {
                Interlocked.Decrement(ref added);
            }
        }
    }

    /// <summary>Takes the next work: any of it for the owner thread, only unpinned work for others.</summary>
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

    /// <summary>Takes the next unpinned work, if the oldest of it was sent before a limit. For threads other than the owner.</summary>
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

    /// <summary>Whether there is work to take: any of it for the owner thread, only unpinned work for others. Any thread.</summary>
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

    /// <summary>Adds a run time to the owner's moving average, with weight 1/16. For the owner.</summary>
    /// <param name="nanoseconds">How long it took.</param>
    public void CountRun(long nanoseconds)
    {
        long change = (nanoseconds - _counts.AverageRun) >> AverageShift;
        if (change != 0)
        {
            Volatile.Write(ref _counts.AverageRun, _counts.AverageRun + change);
        }
    }

    /// <summary>Peeks at the work that has waited longest; false if none waits. Any thread.</summary>
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

    /// <summary>Refuses further work and returns the waiting work, in the order in which it would have run.</summary>
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

    // The most urgent line first.
    private static int LineOf(WorkPriority priority) => priority switch
    {
        WorkPriority.High => 0,
        WorkPriority.Normal => 1,
        _ => 2,
    };

    private static MpscQueue<QueuedWork>[] Lines() =>
        [.. Enumerable.Range(0, Priorities).Select(_ => new MpscQueue<QueuedWork>(InitialLength, MaxSpares))];

    // Work is added before it is taken, and the taken count is read first, so the difference is never negative. The count is read again to
    // make sure that both values are of the same moment.
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

    // Reads without the gate, so the answer may be out of date.
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

    // Each line is in sending order, except for the moment between a sender's clock reading and its adding. So the oldest work is a head.
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

            // The usual case. A division costs more than the rest of the look.
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
