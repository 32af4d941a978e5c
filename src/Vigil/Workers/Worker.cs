using System.Runtime.CompilerServices;
using Vigil.Collections;
using Vigil.Diagnostics;
using Vigil.Interop;
using Vigil.Threading;
using Vigil.Timing;

namespace Vigil;

/// <summary>One thread of a pool: runs the work in its queue, then what it can take from others, then sleeps.</summary>
/// <remarks>
/// <para>A worker that always has work of its own would never look at other queues, which may wait behind work that hangs. So once per
/// ageing time it looks there, and runs work that has waited longer than that time and longer than any of its own.</para>
/// <para>Sleeping is Dekker's protocol. The worker marks itself asleep, looks at all queues once more, then parks. A sender adds work, then
/// looks for sleepers. Full fences separate both steps, so either the worker finds the work or the sender finds the worker asleep. Exactly
/// one thread changes asleep to awake, and unparks it if it is another. <see cref="Team"/> explains when no one needs to be woken.</para>
/// </remarks>
internal sealed class Worker
{
    // A few hundred nanoseconds between two looks.
    private const int SpinsBetweenLooks = 10;

    [ThreadStatic]
    private static Worker? _current;

    private readonly string _pool;
    private readonly int _index;
    private readonly Team _team;
    private readonly long _spin;
    private readonly long _ageing;
    private readonly Action _tookWork;
    private readonly Action _ended;
    private readonly LibraryThread _thread;
    private readonly int? _processor;
    private readonly TaskCompletionSource<int> _bound = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Parker? _parker;
    private int _isAsleep;
    private WorkerFigures _figures;
    private volatile bool _isEnding;

    /// <param name="pool">The pool's name, the prefix of the thread's. The kernel shows 15 bytes of it.</param>
    /// <param name="index">The worker's index in the team.</param>
    /// <param name="team">The workers of the pool, including this one.</param>
    /// <param name="spin">How long it searches before it sleeps, in nanoseconds.</param>
    /// <param name="ageing">See <see cref="WorkQueue"/>.</param>
    /// <param name="processor">The processor it is bound to, or null.</param>
    /// <param name="tookWork">Called when work has left a queue.</param>
    /// <param name="ended">Called when the thread has run its last work. An exception ends the process.</param>
    public Worker(string pool, int index, Team team, long spin, long ageing, int? processor, Action tookWork, Action ended)
    {
        _pool = pool;
        _index = index;
        _team = team;
        _spin = spin;
        _ageing = ageing;
        _tookWork = tookWork;
        _ended = ended;
        _processor = processor;
        Queue = new WorkQueue(ageing);
        _thread = new LibraryThread($"{pool}-{index}", Run);
    }

    /// <summary>The worker whose thread is calling, or null.</summary>
    public static Worker? Current => _current;

    public string Name => _thread.Name;

    public WorkQueue Queue { get; }

    /// <summary>
    /// What it runs, and since when, in nanoseconds. Any thread; during a change the time may belong to the previous or next work.
    /// </summary>
    public (object? Action, long Since) Running => (Volatile.Read(ref _figures.Running), Volatile.Read(ref _figures.RunningSince));

    public long Done => Volatile.Read(ref _figures.Done);

    public long Failed => Volatile.Read(ref _figures.Failed);

    public long Cancelled => Volatile.Read(ref _figures.Cancelled);

    /// <summary>How much work it took from other queues.</summary>
    public long Stolen => Volatile.Read(ref _figures.Stolen);

    public DurationHistogram WaitTimes { get; } = new();

    public DurationHistogram RunTimes { get; } = new();

    /// <summary>The result of binding the thread to its processor, as an errno.</summary>
    public Task<int> Bound => _bound.Task;

    public bool IsOf(Team team) => _team == team;

    /// <exception cref="EventManagerException">No thread could be started.</exception>
    public void Start() => _thread.Start();

    /// <summary>Ends the thread once nothing is left that it could run.</summary>
    public void End()
    {
        _isEnding = true;
        Interlocked.MemoryBarrier();
        TryWake();
    }

    /// <summary>Wakes the worker if it sleeps. Any thread, after a full fence that follows the change it is to see.</summary>
    public bool TryWake()
    {
        if (Volatile.Read(ref _isAsleep) == 0 || Interlocked.Exchange(ref _isAsleep, 0) == 0)
        {
            return false;
        }

        _team.CountWoken();
        _parker!.Unpark();
        return true;
    }

    private void Run()
    {
        _current = this;
        _bound.SetResult(_processor is { } processor ? SchedulerNative.BindToProcessor(processor) : Errno.Success);
        long now = MonotonicClock.NowNanoseconds;
        long searchEnd = 0;
        long looksAroundAt = Nanoseconds.Add(now, _ageing);
        bool isSearching = false;
        bool isRunning = false;

        // Not disposed: an interrupt of a thread that is ending can be forgotten.
        UninterruptedSpin senders = default;
        while (true)
        {
            if ((now >= looksAroundAt && TryFindOverdue(now, ref looksAroundAt, out QueuedWork work)) || TryFind(now, out work))
            {
                if (isSearching)
                {
                    isSearching = false;
                    _team.EndSearch();
                }

                if (!isRunning)
                {
                    Queue.IsRunning = isRunning = true;
                }

                now = Run(in work, now);
            }
            else if (isRunning)
            {
                Queue.IsRunning = isRunning = false;
            }
            else if (_isEnding && Queue.Count == 0)
            {
                break;
            }
            else if (_isEnding)
            {
                // A sender is still adding work, and more may be behind it.
                senders.Once();
                now = MonotonicClock.NowNanoseconds;
            }
            else if (isSearching && now < searchEnd)
            {
                Thread.SpinWait(SpinsBetweenLooks);
                now = MonotonicClock.NowNanoseconds;
            }
            else if (!isSearching && _spin > 0 && _team.TryBeginSearch())
            {
                isSearching = true;
                searchEnd = now + _spin;
            }
            else
            {
                Sleep(isSearching);
                isSearching = true;
                now = MonotonicClock.NowNanoseconds;
                searchEnd = now + _spin;
            }
        }

        if (isSearching)
        {
            _team.EndSearch();
        }

        LibraryThread.ForgetInterrupt();
        _ended();
    }

    /// <summary>
    /// Marks the worker asleep and looks once more. False if there is something to do: then it is awake and counts as searching. For its
    /// own thread.
    /// </summary>
    /// <param name="isSearching">Whether it counts as searching on entry.</param>
    public bool TryFallAsleep(bool isSearching)
    {
        _parker ??= Parker.OfThisThread;
        _parker.Prepare();
        Interlocked.Exchange(ref _isAsleep, 1);
        if (isSearching)
        {
            _team.EndSearchBeforeSleep();
        }

        bool isWanted = Queue.HasWork(isOwner: true) || _team.HasSharedWork || _isEnding;
        if (isWanted && Interlocked.Exchange(ref _isAsleep, 0) == 1)
        {
            // As if woken: senders may have left it more than it is going to take.
            _team.CountWoken();
            return false;
        }

        return true;
    }

    // On return it counts as searching, by its waker or by itself.
    private void Sleep(bool isSearching)
    {
        _thread.Restore();
        if (TryFallAsleep(isSearching))
        {
            while (Volatile.Read(ref _isAsleep) == 1)
            {
                _parker!.Park(-1);
                _parker.Prepare();
            }
        }
    }

    private bool TryFind(long now, out QueuedWork work)
    {
        if (Queue.TryTake(now, isOwner: true, out work))
        {
            return true;
        }

        // Starts at the next worker, so that idle workers do not all go to the same queue.
        Worker[] workers = _team.Workers;
        for (int i = 1; i < workers.Length; i++)
        {
            if (workers[(_index + i) % workers.Length].Queue.TryTake(now, isOwner: false, out work))
            {
                CountStolen();
                return true;
            }
        }

        return false;
    }

    // Finds overdue work of other queues. While there is some, the worker looks again after each item.
    private bool TryFindOverdue(long now, ref long looksAgainAt, out QueuedWork work)
    {
        long limit = now - _ageing;
        if (Queue.TryPeekOldest(out QueuedWork own))
        {
            limit = Math.Min(limit, own.Since);
        }

        Worker[] workers = _team.Workers;
        for (int i = 1; i < workers.Length; i++)
        {
            if (workers[(_index + i) % workers.Length].Queue.TryTakeOlder(now, limit, out work))
            {
                CountStolen();
                return true;
            }
        }

        looksAgainAt = Nanoseconds.Add(now, _ageing);
        work = default;
        return false;
    }

    private void CountStolen() => Volatile.Write(ref _figures.Stolen, _figures.Stolen + 1);

    // The end of one run is the start of the next, so each item takes two clock readings: the sender's and this one. Never inlined into the
    // loop: the frame of a sleeping thread would keep alive the work it ran last, and its sender's context.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private long Run(in QueuedWork work, long now)
    {
        _tookWork();
        long start = Math.Max(now, work.Since);
        WaitTimes.Record(start - work.Since);
        PoolMeter.RecordWait(_pool, start - work.Since);
        _figures.RunningSince = start;
        Volatile.Write(ref _figures.Running, work.Item.Action);
        VigilEventSource? trace = VigilEventSource.Log is { TracesWork: true } log ? log : null;
        trace?.WorkStart(Name, work.Item.ToString(), start - work.Since);
        WorkOutcome outcome = work.Item.Run();
        trace?.WorkStop(Name, outcome.ToString());

        _figures.Running = null;
        long end = MonotonicClock.NowNanoseconds;
        Count(outcome, end - start);
        return end;
    }

    private void Count(WorkOutcome outcome, long runTime)
    {
        switch (outcome)
        {
            case WorkOutcome.Cancelled:
                Volatile.Write(ref _figures.Cancelled, _figures.Cancelled + 1);
                return;
            case WorkOutcome.Failed:
                Volatile.Write(ref _figures.Failed, _figures.Failed + 1);
                break;
            default:
                Volatile.Write(ref _figures.Done, _figures.Done + 1);
                break;
        }

        RunTimes.Record(runTime);
        PoolMeter.RecordRun(_pool, runTime);
        Queue.CountRun(runTime);
    }
}
