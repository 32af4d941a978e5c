namespace Vigil;

/// <summary>The workers of a pool, and how many of them are searching: awake, without work, and polling all queues.</summary>
/// <remarks>
/// <para>A system call to wake a thread costs more than most work. So a sender wakes no one while a worker is searching, and a worker that
/// runs out of work searches for a moment before it sleeps. At most half of the workers search at a time, since searching keeps processors
/// busy.</para>
/// <para>No work is overlooked. A sender adds work, then reads the number of searchers, with a full fence in between. A worker lowers the
/// number atomically, then looks at the queues: before it sleeps, or, if it found work and was the last searcher, to wake another if more
/// is queued. So either the sender sees no searcher and wakes a worker, or the last of the searchers it saw finds the work.</para>
/// <para>Several senders may rely on the same searcher, which takes one item. So a worker that is woken, or that finds work in its last
/// look before sleeping, counts as searching until it takes work, and then passes the rest on as above. The waker counts it, from the
/// moment of the wake-up, so that no other needs to be woken until it has looked.</para>
/// </remarks>
internal sealed class Team
{
    // Where this sender's last search began, so that it does not always choose the same of equal workers. Shared by all pools.
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

    /// <summary>All workers, once they are made.</summary>
    public Worker[] Workers => _workers;

    /// <summary>Whether a worker is searching. Read after a full fence that follows the adding of work.</summary>
    public bool IsSearching => Volatile.Read(ref _searching) > 0;

    /// <summary>Whether work is waiting that any thread may run. Any thread.</summary>
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

    /// <summary>Counts a worker as searching, unless enough are searching already.</summary>
    public bool TryBeginSearch()
    {
        if (Interlocked.Increment(ref _searching) <= _mostSearching)
        {
            return true;
        }

        // While this worker was counted, senders may have relied on it.
        EndSearch();
        return false;
    }

    /// <summary>Counts a worker as searching that was woken or woke itself.</summary>
    public void CountWoken() => Interlocked.Increment(ref _searching);

    /// <summary>A searcher has found work. If it was the last, and more is queued, another worker is woken.</summary>
    public void EndSearch()
    {
        if (Interlocked.Decrement(ref _searching) == 0 && HasSharedWork)
        {
            WakeOne();
        }
    }

    /// <summary>A searcher has found nothing and is about to look once more.</summary>
    public void EndSearchBeforeSleep() => Interlocked.Decrement(ref _searching);

    /// <summary>Wakes a sleeping worker, if there is one.</summary>
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

    /// <summary>The worker on which work added now would run soonest.</summary>
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
