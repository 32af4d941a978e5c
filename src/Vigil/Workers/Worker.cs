using System.Runtime.CompilerServices;
using Vigil.Collections;
using Vigil.Diagnostics;
using Vigil.Interop;
using Vigil.Threading;
using Vigil.Timing;

namespace Vigil;

/// <summary>One thread of a pool: runs what waits for it, then what it can take from others, then sleeps.</summary>
/// <remarks>
/// <para>One that always has work of its own would never look at what waits for others, behind work that hangs perhaps. So it looks there once in each ageing time, and runs what has waited for
/// longer than that time and longer than anything of its own.</para>
/// <para>Sleeping is Dekker's protocol. The worker says that it sleeps, then looks at all queues once more, then parks. Whoever sends work adds it, then looks
/// who sleeps. Both steps are separated by full fences, so either the worker finds the work or the sender finds the worker asleep; who changes asleep to awake,
/// one alone, unparks it. <see cref="Team"/> says when nobody needs to be woken.</para>
/// </remarks>
internal sealed class Worker
{
    // Some hundred nanoseconds between two looks.
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

    /// <param name="pool">The pool's name, with which the thread's begins. The kernel shows 15 bytes of it.</param>
    /// <param name="index">Its place in the team.</param>
    /// <param name="team">The workers of the pool, this one included.</param>
    /// <param name="spin">For how long it searches before it sleeps, in nanoseconds.</param>
    /// <param name="ageing">As of <see cref="WorkQueue"/>.</param>
    /// <param name="processor">The processor that it is bound to, or null.</param>
    /// <param name="tookWork">Called when work has left a queue.</param>
    /// <param name="ended">Called when the thread has run its last work. What it throws ends the process.</param>
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

    /// <summary>The worker that the calling thread is, or null.</summary>
    public static Worker? Current => _current;

    public string Name => _thread.Name;

    public WorkQueue Queue { get; }

    /// <summary>What it runs, and since when, in nanoseconds. Any thread; in the moment of a change the time may be that of the work before or after.</summary>
    public (object? Action, long Since) Running => (Volatile.Read(ref _figures.Running), Volatile.Read(ref _figures.RunningSince));

    public long Done => Volatile.Read(ref _figures.Done);

    public long Failed => Volatile.Read(ref _figures.Failed);

    public long Cancelled => Volatile.Read(ref _figures.Cancelled);

    /// <summary>How much work it took from others.</summary>
    public long Stolen => Volatile.Read(ref _figures.Stolen);

    public DurationHistogram WaitTimes { get; } = new();

    public DurationHistogram RunTimes { get; } = new();

    /// <summary>Whether the thread could be bound to its processor, as an errno.</summary>
    public Task<int> Bound => _bound.Task;

    public bool IsOf(Team team) => _team == team;

    /// <exception cref="EventManagerException">There is no thread to be had.</exception>
    public void Start() => _thread.Start();

    /// <summary>Ends the thread as soon as nothing is left that it could run.</summary>
    public void End()
    {
        _isEnding = true;
        Interlocked.MemoryBarrier();
        TryWake();
    }

    /// <summary>Wakes the worker if it sleeps. Any thread, after a full fence that follows what it is to see.</summary>
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

        // Not disposed: an interrupt of a thread that ends is forgotten.
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
                // Somebody is just adding work, and more may wait behind it.
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

    /// <summary>Says that it sleeps, and looks once more. False where there is something to do after all: then it is awake, and counts as searching. For its own thread.</summary>
    /// <param name="isSearching">Whether it counts as searching so far.</param>
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
            // As if it had been woken: whoever sent that may have left more to it than it is going to take.
            _team.CountWoken();
            return false;
        }

        return true;
    }

    // Afterwards it counts as searching: by its waker's doing, or by its own.
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

        // The next ones first, so that idle workers do not all go to the same.
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

    // What waits for another one, and has for too long. As long as there is some it is looked for again after each work.
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

    // The end of one run is the beginning of the next: two readings of the clock for each work, the sender's and this one.
    // Never a part of the loop around it: the frame of a thread that sleeps would keep alive what it ran last, and the context of whoever sent that.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private long Run(in QueuedWork work, long now)
    {
        _tookWork();
        long start = Math.Max(now, work.Since);
        WaitTimes.Record(start - work.Since);
        PoolMeter.RecordWait(_pool, start - work.Since);
        _figures.RunningSince = start;
        Volatile.Write(ref _figures.Running, work.Item.Action);
        bool isTraced = VigilEventSource.Log.TracesWork;
        if (isTraced)
        {
            VigilEventSource.Log.WorkStart(Name, work.Item.ToString(), start - work.Since);
        }

        WorkOutcome outcome = work.Item.Run();
        if (isTraced)
        {
            VigilEventSource.Log.WorkStop(Name, outcome.ToString());
        }

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
