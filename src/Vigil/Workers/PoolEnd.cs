namespace Vigil;

/// <summary>The end of a pool. It comes once: when the last of its threads has ended, or when a time is over.</summary>
/// <remarks>
/// <para>The thread that ends last does what is left to do, so the end of a pool waits for the pool's work and for nothing else. A thread of the runtime's own pool is needed only where the time is over
/// first. Whoever blocks those threads to wait for the ends of pools would otherwise wait for ever.</para>
/// <para>What no thread came to is whose who asked first, to run or drop; or it is dropped, which runs no foreign code.</para>
/// </remarks>
internal sealed class PoolEnd
{
    // What the framework's timers can count in milliseconds; longer is for ever.
    private static readonly TimeSpan LongestTime = TimeSpan.FromMilliseconds(int.MaxValue);

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<IReadOnlyList<WorkItem>> _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<IReadOnlyList<WorkItem>> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action _close;
    private readonly Func<IReadOnlyList<WorkItem>> _takeLeft;
    private ITimer? _timer;
    private int _threads;
    private bool _hasBegun;
    private bool _isLeftAskedFor;
    private int _isOver;

    /// <param name="threads">How many there are, each of which calls <see cref="OnThreadEnded"/>.</param>
    /// <param name="close">Lets no more work in, and lets the threads end when they have done what there is.</param>
    /// <param name="takeLeft">After that: takes what they have not come to, also where they go on.</param>
    public PoolEnd(int threads, Action close, Func<IReadOnlyList<WorkItem>> takeLeft)
    {
        _threads = threads;
        _close = close;
        _takeLeft = takeLeft;
    }

    /// <summary>Ends the pool, if that has not begun yet. Any thread.</summary>
    /// <returns>What no thread came to; nothing for whoever is not the first.</returns>
    public Task<IReadOnlyList<WorkItem>> Drain(TimeSpan timeout) => Begin(timeout, asksForLeft: true) ? _left.Task : _over.Task;

    /// <summary>Ends the pool, if that has not begun yet, and drops what no thread came to. Any thread.</summary>
    public Task Dispose(TimeSpan timeout)
    {
        _ = Begin(timeout, asksForLeft: false);
        return _over.Task;
    }

    /// <summary>The end does not wait any longer. After it has begun; any thread.</summary>
    public void EndNow() => Finish();

    /// <summary>A thread has run its last work. On that thread.</summary>
    public void OnThreadEnded()
    {
        if (Interlocked.Decrement(ref _threads) == 0)
        {
            Finish();
        }
    }

    private bool Begin(TimeSpan timeout, bool asksForLeft)
    {
        lock (_gate)
        {
            if (_hasBegun)
            {
                return false;
            }

            if (timeout > TimeSpan.Zero && timeout < LongestTime)
            {
                // First of all, since it alone can fail, for want of a thread that counts the time. It may be over before the threads know.
                _timer = TimeProvider.System.CreateTimer(static end => ((PoolEnd)end!).Finish(), this, timeout, Timeout.InfiniteTimeSpan);
            }

            _isLeftAskedFor = asksForLeft;
            _hasBegun = true;
        }

        _close();
        if (timeout == TimeSpan.Zero)
        {
            Finish();
        }

        return true;
    }

    // On a thread of the pool, which nobody would catch anything on.
    private void Finish()
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
        {
            return;
        }

        try
        {
            bool isLeftAskedFor;
            lock (_gate)
            {
                isLeftAskedFor = _isLeftAskedFor;
                _timer?.Dispose();
            }

            IReadOnlyList<WorkItem> left = _takeLeft();
            if (isLeftAskedFor)
            {
                _left.SetResult(left);
            }
            else
            {
                foreach (WorkItem item in left)
                {
                    item.Drop();
                }
            }

            _over.SetResult([]);
        }
        catch (Exception exception)
        {
            _left.TrySetException(exception);
            _over.TrySetException(exception);
        }
    }
}
