namespace Vigil;

/// <summary>The workers of a pool, and how many of them are searching: awake, without work, and looking at all queues again and again.</summary>
/// <remarks>
/// <para>A system call to wake a thread costs more than most work. So whoever sends work wakes nobody while somebody searches, and whoever runs out of work searches for a moment before it sleeps.
/// Not more than half of the workers search at a time, since they keep processors busy.</para>
/// <para>No work is overlooked. A sender adds, then looks at the number of searchers, with a full fence in between. Whoever lowers the number does so by an atomic operation, and then
/// looks at the queues: before it sleeps, or, if it has found work and was the last, to wake another one if there is more. So either the sender finds nobody searching and wakes somebody, or the last of those that
/// it has seen finds the work.</para>
/// <para>Several may have left their work to the same searcher, which takes one. So nobody takes work after a sleep, or after the attempt, without counting as searching until then, and so passing the rest on: a worker that is woken counts
/// from that moment on by its waker's doing, so that others need not be woken until it has looked, and one that finds work in its last look before it sleeps counts itself again.</para>
/// </remarks>
internal sealed class Team
{
    // Where a sender began to look last, so that of equal ones it does not always take the same. Whichever pool that was.
    [ThreadStatic]
    private static int _turn;

    private readonly Worker[] _workers;
    private readonly int _mostSearching;
    private int _searching;

    public Team(int size)
    {
        _workers = new Worker[size];
        _mostSearching = Math.Max(size / 2, 1);
    }

    /// <summary>All of them, as soon as they are made.</summary>
    public Worker[] Workers => _workers;

    /// <summary>Whether somebody searches. After a full fence that follows the adding of work.</summary>
    public bool IsSearching => Volatile.Read(ref _searching) > 0;

    /// <summary>Whether somebody waits for a thread who could have any. Any thread.</summary>
    public bool HasSharedWork
    {
        get
        {
            foreach (Worker worker in _workers)
            {
                if (worker.Queue.HasWork(isOwner: false))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Counts a worker as searching, unless enough are.</summary>
    public bool TryBeginSearch()
    {
        if (Interlocked.Increment(ref _searching) <= _mostSearching)
        {
            return true;
        }

        // While this was counted, others may have left their work to it.
        EndSearch();
        return false;
    }

    /// <summary>Counts a worker as searching that was woken, or has woken itself.</summary>
    public void CountWoken() => Interlocked.Increment(ref _searching);

    /// <summary>A searcher has found work. If it was the last, and there is more, another one is woken.</summary>
    public void EndSearch()
    {
        if (Interlocked.Decrement(ref _searching) == 0 && HasSharedWork)
        {
            WakeOne();
        }
    }

    /// <summary>A searcher has found nothing, and is going to look once more.</summary>
    public void EndSearchBeforeSleep() => Interlocked.Decrement(ref _searching);

    /// <summary>Wakes a worker that sleeps, if there is one.</summary>
    public void WakeOne()
    {
        foreach (Worker worker in _workers)
        {
            if (worker.TryWake())
            {
                return;
            }
        }
    }

    /// <summary>The worker where work that is added now would have its turn first.</summary>
    public Worker LeastLoaded()
    {
        Worker[] workers = _workers;
        int index = NextAfter(_turn);
        _turn = index;
        Worker best = workers[index];
        long least = best.Queue.Load;
        for (int left = workers.Length - 1; left > 0 && least > 0; left--)
        {
            index = NextAfter(index);
            long load = workers[index].Queue.Load;
            if (load < least)
            {
                (best, least) = (workers[index], load);
            }
        }

        return best;
    }

    private int NextAfter(int index) => index + 1 < _workers.Length ? index + 1 : 0;
}
