using Vigil.Threading;

namespace Vigil;

/// <summary>The end of a pool. It happens once: when the last of its threads has ended, or when the timeout expires.</summary>
/// <remarks>
/// <para>The last thread to end completes the pool's end, so the end depends on nothing but the pool's work. A thread of the runtime's pool
/// is needed only if the timeout expires first. If every end needed one, code that blocks those threads until pools have ended would
/// deadlock.</para>
/// <para>Work that did not run belongs to the first caller, to run or drop. If the first caller disposed the pool, the work is dropped,
/// which runs no foreign code.</para>
/// </remarks>
internal sealed class PoolEnd
{
    // The longest time the framework's timers accept, in milliseconds; longer means infinite.
    private static readonly TimeSpan LongestTime = TimeSpan.FromMilliseconds(int.MaxValue);

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<IReadOnlyList<WorkItem>> _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<IReadOnlyList<WorkItem>> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action _close;
    private readonly Func<IReadOnlyList<WorkItem>> _takeLeft;
    private readonly TimeProvider _clock;
    private ITimer? _timer;
    private int _threads;
    private bool _hasBegun;
    private bool _isLeftAskedFor;
    private int _isOver;

    /// <param name="threads">The number of threads. Each calls <see cref="OnThreadEnded"/>.</param>
    /// <param name="close">Refuses further work and lets the threads end once the queued work is done.</param>
    /// <param name="takeLeft">Called after <paramref name="close"/>: takes the work that did not run, even while threads are still
    /// running.</param>
    /// <param name="clock">Measures how long the end may take.</param>
    public PoolEnd(int threads, Action close, Func<IReadOnlyList<WorkItem>> takeLeft, TimeProvider clock)
    {
        _threads = threads;
        _close = close;
        _takeLeft = takeLeft;
        _clock = clock;
    }

    /// <summary>Ends the pool, unless its end has begun. Any thread.</summary>
    /// <returns>The work that did not run; empty for all callers but the first.</returns>
    public Task<IReadOnlyList<WorkItem>> Drain(TimeSpan timeout) => Begin(timeout, asksForLeft: true) ? _left.Task : _over.Task;

    /// <summary>Ends the pool, unless its end has begun, and drops the work that did not run. Any thread.</summary>
    public Task Dispose(TimeSpan timeout)
    {
        _ = Begin(timeout, asksForLeft: false);
        return _over.Task;
    }

    /// <summary>Ends the wait. Called after the end has begun; any thread.</summary>
    public void EndNow() => Finish();

    /// <summary>A thread has run its last work. Called on that thread.</summary>
    public void OnThreadEnded()
    {
        if (Interlocked.Decrement(ref _threads) == 0)
        {
            Finish();
        }
    }

    private bool Begin(TimeSpan timeout, bool asksForLeft)
    {
        using (Uninterrupted.Enter(_gate))
        {
            if (_hasBegun)
            {
                return false;
            }

            if (timeout > TimeSpan.Zero && timeout < LongestTime)
            {
                // First, since only this can fail. It may expire before the threads are asked to end.
                _timer = CreateTimer(timeout, isRequired: asksForLeft);
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

    // There may be no thread for the timer. A drain says so and can be called again; a disposal does not throw, and waits without limit.
    private ITimer? CreateTimer(TimeSpan timeout, bool isRequired)
    {
        // The timer would keep the caller's execution context until it expires.
        using AmbientContext.Scope scope = AmbientContext.EnterScope(context: null, SynchronizationContext.Current);
        try
        {
            return _clock.CreateTimer(static end => ((PoolEnd)end!).Finish(), this, timeout, Timeout.InfiniteTimeSpan);
        }
        catch (Exception) when (!isRequired)
        {
            return null;
        }
    }

    // May run on a thread of the pool, where no one would catch an exception.
    private void Finish()
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
        {
            return;
        }

        try
        {
            bool isLeftAskedFor;
            using (Uninterrupted.Enter(_gate))
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
