using System.Runtime.CompilerServices;
using Vigil.Collections;
using Vigil.Diagnostics;
using Vigil.Interop;
using Vigil.Threading;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// Named threads for work that is too long for a loop. Each thread has a queue. Work goes to the queue where it would run first; idle
/// threads take work from other queues; work may be pinned to one thread. Any number of managers may share a pool. Any thread may use it.
/// </summary>
/// <remarks>
/// Work is sent by the managers' <c>ExecuteWork</c>, or by <see cref="TryExecute(in WorkItem)"/>. A pool that a manager made for itself
/// ends with the manager. Any other must be ended by its creator, with <see cref="DrainAsync"/> or <see cref="DisposeAsync"/>. Its threads
/// do not keep the program from ending.
/// </remarks>
public sealed class WorkerPool : IWorkExecutor, IDisposable, IAsyncDisposable
{
    private readonly WorkerPoolOptions _options;
    private readonly Team _team;
    private readonly Worker[] _workers;
    private readonly QueueRoom _room;
    private readonly PoolEnd _end;
    private readonly PoolWatchdog? _watchdog;

    // The meter holds it weakly, so the pool keeps it alive.
    private readonly Func<PoolFigure, long> _figures;
    private long _rejected;
    private long _runByCallers;

    /// <summary>Starts the threads, with default options.</summary>
    public WorkerPool()
        : this(new WorkerPoolOptions())
    {
    }

    /// <summary>Starts the threads.</summary>
    /// <param name="options">The settings. They are copied: later changes have no effect.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">An option is out of range; the message names it and the allowed values.</exception>
    /// <exception cref="EventManagerException">A thread could not be bound to its processor, or the kernel gave no more threads
    /// (<see cref="EventManagerError.LimitReached"/>: <c>ulimit -u</c>, <c>pids.max</c>, memory). The threads already started
    /// end.</exception>
    public WorkerPool(WorkerPoolOptions options)
        : this(options, publishes: true)
    {
    }

    /// <summary>Starts the threads.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="publishes">Whether it makes the pools' instruments if it is the first. If not, it runs no foreign code, and its maker
    /// calls <see cref="PoolMeter.Publish"/>.</param>
    internal WorkerPool(WorkerPoolOptions options, bool publishes)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.ToChecked();
        _room = new QueueRoom(_options.QueueCapacity);
        _team = new Team(_options.ThreadCount);
        _workers = _team.Workers;
        _end = new PoolEnd(_workers.Length, Close, TakeLeft, TimeProvider.System);
        long ageing = Nanoseconds.Of(_options.Ageing);
        long spin = Nanoseconds.Of(_options.SpinBeforeSleep);
        for (int i = 0; i < _workers.Length; i++)
        {
            int? processor = _options.Processors is { } processors ? processors[i % processors.Count] : null;
            _workers[i] = new Worker(_options.Name, i, _team, spin, ageing, processor, _room.Leave, _end.OnThreadEnded);
        }

        try
        {
            Array.ForEach(_workers, worker => worker.Start());
            if (_options.Processors is not null)
            {
                RequireBound();
            }

            if (_options.WaitLimit != Timeout.InfiniteTimeSpan)
            {
                _watchdog = new PoolWatchdog(Name, _workers, Nanoseconds.Of(_options.WaitLimit), OnWaiting);
                _watchdog.Start();
            }
        }
        catch
        {
            // The threads already started would wait for work for ever. For the others this has no effect.
            Array.ForEach(_workers, worker => worker.End());
            throw;
        }

        _figures = Read;
        PoolMeter.Add(_figures, Name);
        if (publishes)
        {
            VigilEventSource.Publish();
            PoolMeter.Publish();
        }
    }

    /// <summary>
    /// Raised on the watchdog's thread when work has waited longer than <see cref="WorkerPoolOptions.WaitLimit"/>, and again when it has
    /// left the queue. Only the oldest work of each thread's queue is reported, at most once a second. Without a handler, reports are
    /// written to standard error. Nothing is watched while a handler runs; exceptions of handlers are written to standard error. Any thread
    /// may add and remove handlers.
    /// </summary>
    public event EventHandler<WorkWaitingReport>? WorkWaiting;

    /// <summary>The name given in the options.</summary>
    public string Name => _options.Name;

    /// <inheritdoc/>
    public int ThreadCount => _workers.Length;

    /// <summary>Accepts work. If the queue is full, <see cref="WorkerPoolOptions.WhenFull"/> decides.</summary>
    /// <param name="item">The work.</param>
    /// <returns>False if it was refused: the queue is full, or the pool is ending.</returns>
    /// <exception cref="ArgumentException">It is <c>default</c>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">It is pinned to a thread that the pool does not have.</exception>
    /// <exception cref="EventManagerException">The sender would have to wait, and is a loop or a thread of this pool.</exception>
    public bool TryExecute(in WorkItem item) => TryExecute(in item, CancellationToken.None);

    /// <summary>
    /// Accepts work. If the queue is full, <see cref="WorkerPoolOptions.WhenFull"/> decides; under <see cref="QueueFullPolicy.Block"/> the
    /// token ends the wait.
    /// </summary>
    /// <param name="item">The work.</param>
    /// <param name="cancellationToken">Ends the wait for room. It has no effect once the work is accepted.</param>
    /// <returns>False if it was refused: the queue is full, or the pool is ending.</returns>
    /// <exception cref="ArgumentException">It is <c>default</c>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">It is pinned to a thread that the pool does not have.</exception>
    /// <exception cref="EventManagerException">The sender would have to wait, and is a loop or a thread of this pool.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled while the sender waited. The work was not accepted.</exception>
    public bool TryExecute(in WorkItem item, CancellationToken cancellationToken)
    {
        if (item.IsDefault)
        {
            throw new ArgumentException("default(WorkItem) contains no work to run.", nameof(item));
        }

        if (item.Thread >= _workers.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(item), item.Thread, $"{Name} has the threads 0 to {_workers.Length - 1}.");
        }

        if (item.IsUnbounded)
        {
            return _room.EnterRegardless() && Place(in item);
        }

        return _room.TryEnter() ? Place(in item) : OnFull(in item, cancellationToken);
    }

    /// <summary>What the pool has done and is doing. The figures of different threads are not from the same instant.</summary>
    public WorkerPoolStatistics GetStatistics()
    {
        var waitTimes = new DurationHistogram();
        var runTimes = new DurationHistogram();
        Array.ForEach(_workers, worker => waitTimes.Add(worker.WaitTimes));
        Array.ForEach(_workers, worker => runTimes.Add(worker.RunTimes));
        return new WorkerPoolStatistics
        {
            Queued = (int)Read(PoolFigure.Queued),
            Running = (int)Read(PoolFigure.Running),
            Done = Read(PoolFigure.Done),
            Failed = Read(PoolFigure.Failed),
            Stolen = Read(PoolFigure.Stolen),
            Cancelled = Read(PoolFigure.Cancelled),
            Rejected = Read(PoolFigure.Rejected),
            RunByCallers = Read(PoolFigure.RunByCallers),
            WaitTimes = Durations.Summary(waitTimes),
            RunTimes = Durations.Summary(runTimes),
        };
    }

    /// <summary>
    /// Ends the pool: accepts no more work, and waits until its work is done or the timeout expires. Work still queued then does not run.
    /// Running work is not interrupted; its thread ends when it returns. Further calls wait for the same drain.
    /// </summary>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="cancellationToken">Ends the wait as if the timeout had expired. It causes no error, and the work that did not run is
    /// returned.</param>
    /// <returns>The work that did not run, for the caller to run or drop. Empty for all calls but the first, since work is run or dropped
    /// once.</returns>
    /// <remarks>
    /// Work must not drain the pool it runs on, since it would wait for itself. Let another thread end the pool, for instance by
    /// <c>Task.Run(pool.DisposeAsync)</c>, and do not wait for that.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    /// <exception cref="EventManagerException">The caller is a thread of this pool (<see cref="EventManagerError.Reentrant"/>).</exception>
    public Task<IReadOnlyList<WorkItem>> DrainAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        if (timeout < TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A timeout is zero or more, or Timeout.InfiniteTimeSpan.");
        }

        if (IsOwnThread)
        {
            throw new EventManagerException(
                EventManagerError.Reentrant,
                $"{Name} is drained by work on a thread of its own, which would wait for itself." +
                " Drain it from another thread, for instance by Task.Run, and do not wait for that.");
        }

        Task<IReadOnlyList<WorkItem>> left = _end.Drain(timeout);
        return cancellationToken.CanBeCanceled ? EndBy(left, cancellationToken) : left;
    }

    /// <summary>
    /// For a manager that ends: its pool ends when its queued work is done. No one waits for that, so any thread may call this.
    /// </summary>
    internal void EndUnawaited() => _ = _end.Dispose(Timeout.InfiniteTimeSpan);

    /// <summary>
    /// Ends the pool as <see cref="DrainAsync"/> does, within <see cref="WorkerPoolOptions.DrainTimeout"/>, and blocks until it has ended.
    /// Work that has not run by then is dropped, and its tasks are cancelled. Never throws. On a thread of the pool it does not wait, since
    /// the drain includes the work that called it. On a loop prefer <see cref="DisposeAsync"/>.
    /// </summary>
    public void Dispose()
    {
        Task end = _end.Dispose(_options.DrainTimeout);
        if (!IsOwnThread)
        {
            Uninterrupted.Wait(end, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>As <see cref="Dispose"/>, without blocking.</summary>
    /// <returns>A task that completes when the pool has ended; on a thread of the pool, a completed one.</returns>
    public ValueTask DisposeAsync()
    {
        Task end = _end.Dispose(_options.DrainTimeout);
        return IsOwnThread ? ValueTask.CompletedTask : new ValueTask(end);
    }

    /// <summary>For logs.</summary>
    public override string ToString() => $"{Name} ({_workers.Length} threads, {_workers.Sum(worker => worker.Queue.Count)} waiting)";

    private long Read(PoolFigure figure) => figure switch
    {
        PoolFigure.Queued => _workers.Sum(worker => worker.Queue.Count),
        PoolFigure.Running => _workers.Count(worker => worker.Queue.IsRunning),
        PoolFigure.Done => _workers.Sum(worker => worker.Done),
        PoolFigure.Failed => _workers.Sum(worker => worker.Failed),
        PoolFigure.Stolen => _workers.Sum(worker => worker.Stolen),
        PoolFigure.Cancelled => _workers.Sum(worker => worker.Cancelled),
        PoolFigure.Rejected => Interlocked.Read(ref _rejected),
        _ => Interlocked.Read(ref _runByCallers),
    };

    private void OnWaiting(WorkWaitingReport report)
    {
        if (VigilEventSource.Log is { } log && log.IsEnabled())
        {
            log.WorkWaiting(Name, report.ToString());
        }

        Observers.Notify(WorkWaiting, this, report);
    }

    private bool OnFull(in WorkItem item, CancellationToken cancellationToken)
    {
        if (_room.IsClosed)
        {
            return false;
        }

        bool isPinned = item.Thread >= 0;
        if (_options.WhenFull == QueueFullPolicy.Block)
        {
            bool isWorker = IsOwnThread;
            if (isWorker || EventManager.Current is not null)
            {
                Interlocked.Increment(ref _rejected);
                throw new EventManagerException(
                    EventManagerError.WorkQueueFull,
                    $"{Name} is full ({_options.QueueCapacity} waiting), and {(isWorker ? "a thread of the pool itself" : "a loop")} must" +
                    " not wait for it. Raise QueueCapacity, or use QueueFullPolicy.Reject.");
            }

            return _room.WaitAndEnter(cancellationToken) && Place(in item);
        }

        // Work run by its sender may send more work, and so on: refused before the stack overflows and ends the process.
        if (_options.WhenFull == QueueFullPolicy.RunByCaller && !isPinned && RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            Interlocked.Increment(ref _runByCallers);
            item.Run();
            return true;
        }

        Interlocked.Increment(ref _rejected);
        return false;
    }

    private bool Place(in WorkItem item)
    {
        Worker worker = item.Thread >= 0 ? _workers[item.Thread] : _team.LeastLoaded();
        bool isAdded = false;
        try
        {
            isAdded = worker.Queue.TryAdd(in item, MonotonicClock.NowNanoseconds);
        }
        finally
        {
            // Also if memory for it ran out.
            if (!isAdded)
            {
                _room.Leave();
            }
        }

        if (!isAdded)
        {
            return false;
        }

        Interlocked.MemoryBarrier();
        _watchdog?.OnPlaced();
        if (item.Thread >= 0)
        {
            worker.TryWake();
        }
        else if (!_team.IsSearching && !worker.TryWake())
        {
            // The worker is busy, perhaps for long. A sleeping one takes the work over.
            _team.WakeOne();
        }

        return true;
    }

    private void Close()
    {
        _room.Close();
        Array.ForEach(_workers, worker => worker.End());
    }

    // Also needed if all threads have ended: a sender that took room before the pool was closed may have added work after them.
    private WorkItem[] TakeLeft()
    {
        long now = MonotonicClock.NowNanoseconds;
        WorkItem[] left = [.. _workers.SelectMany(worker => worker.Queue.CloseAndTakeAll(now))];
        PoolMeter.Remove(_figures, Name);

        // After the queues are empty, so that the last sample reports overdue work as having left them.
        _watchdog?.End();
        return left;
    }

    private bool IsOwnThread => Worker.Current?.IsOf(_team) == true;

    private async Task<IReadOnlyList<WorkItem>> EndBy(Task<IReadOnlyList<WorkItem>> left, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration ending = cancellationToken.UnsafeRegister(static end => ((PoolEnd)end!).EndNow(), _end);
        return await left.ConfigureAwait(false);
    }

    private void RequireBound()
    {
        for (int i = 0; i < _workers.Length; i++)
        {
            int errno = _workers[i].Bound.GetAwaiter().GetResult();
            if (errno != Errno.Success)
            {
                throw new EventManagerException(
                    EventManagerError.System,
                    $"Thread {_workers[i].Name} could not be bound to processor {_options.Processors![i % _options.Processors.Count]}:" +
                    $" {Errno.Describe(errno)}. Does the machine have it, and may this process use it (taskset, cpuset)?",
                    errno: errno);
            }
        }
    }
}
