using Vigil.Diagnostics;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// Samples the queues of a pool. Reports work that waits too long, with what the threads are running, and reports it again when it has left
/// the queue.
/// </summary>
internal sealed class PoolWatchdog : Sampled
{
    // In nanoseconds. Each queue's oldest work is reported at most this often.
    private const long ReportInterval = 1_000_000_000;
    private const long IdleBeforeParking = 1_000_000_000;
    private const long ShortestPeriod = 1_000_000;
    private const long LongestPeriod = 100_000_000;

    private readonly string _pool;
    private readonly Worker[] _team;
    private readonly Line[] _lines;
    private readonly long _limit;
    private readonly long _period;
    private readonly Action<WorkWaitingReport> _tell;
    private long _quietSince;
    private volatile bool _isParked;

    public PoolWatchdog(string pool, Worker[] team, long limit, Action<WorkWaitingReport> tell)
    {
        _pool = pool;
        _team = team;
        _lines = new Line[team.Length];
        _limit = limit;
        _period = Math.Clamp(limit / 4, ShortestPeriod, LongestPeriod);
        _tell = tell;
    }

    public void Start() => Sampler.Add(this);

    public void End() => Sampler.Remove(this);

    /// <summary>Work was placed. Any thread, after a full fence that follows the placing.</summary>
    public void OnPlaced()
    {
        if (_isParked)
        {
            _isParked = false;
            Sampler.Wake();
        }
    }

    public override void Park(bool isParked) => _isParked = isParked;

    public override bool IsQuiet => Array.TrueForAll(_team, worker => worker.Queue.Count == 0);

    protected override long Sample(long now)
    {
        for (int thread = 0; thread < _team.Length; thread++)
        {
            Look(thread, ref _lines[thread], now);
        }

        if (!IsQuiet)
        {
            _quietSince = now;
        }

        IsIdle = now - _quietSince >= IdleBeforeParking;
        return now + _period;
    }

    private void Look(int thread, ref Line line, long now)
    {
        bool waits = _team[thread].Queue.TryPeekOldest(out QueuedWork oldest);
        if (line.IsFlagged)
        {
            if (waits && oldest.Since == line.Flagged.Since && ReferenceEquals(oldest.Item.Action, line.Flagged.Item.Action))
            {
                line.SeenAt = now;
                if (!line.IsTold)
                {
                    ReportWhenDue(thread, ref line, now);
                }

                return;
            }

            if (line.IsTold)
            {
                _tell(Describe(thread, in line, line.SeenAt, isOver: true));
            }

            line.IsFlagged = false;
            line.Flagged = default;
        }

        // Signed: work sent after this thread read the clock has a negative waiting time.
        if (waits && now - oldest.Since > _limit)
        {
            Flag(thread, ref line, oldest, now);
        }
    }

    private void Flag(int thread, ref Line line, QueuedWork work, long now)
    {
        line.IsFlagged = true;
        line.Flagged = work;
        line.SeenAt = now;
        line.Suppressed++;
        ReportWhenDue(thread, ref line, now);
    }

    // Work that keeps waiting is reported eventually, however recent the last report.
    private void ReportWhenDue(int thread, ref Line line, long now)
    {
        line.IsTold = !line.HasReported || now - line.ReportedAt >= ReportInterval;
        if (!line.IsTold)
        {
            return;
        }

        line.Suppressed--;
        _tell(Describe(thread, in line, now, isOver: false));
        line.HasReported = true;
        line.ReportedAt = now;
        line.Suppressed = 0;
    }

    private WorkWaitingReport Describe(int thread, in Line line, long until, bool isOver) => new(_pool, $"{line.Flagged.Item}")
    {
        IsOver = isOver,
        Priority = line.Flagged.Item.Priority,
        Thread = thread,
        IsPinned = line.Flagged.Item.Thread >= 0,
        Waited = Nanoseconds.ToTimeSpan(until - line.Flagged.Since),
        Limit = Nanoseconds.ToTimeSpan(_limit),
        Queued = _team.Sum(worker => worker.Queue.Count),
        Suppressed = line.Suppressed,
        Threads = [.. _team.Select(Activity)],
    };

    private static WorkerActivity Activity(Worker worker, int thread)
    {
        (object? action, long since) = worker.Running;
        return action is null
            ? new WorkerActivity { Thread = thread, Work = null, Elapsed = TimeSpan.Zero }
            : new WorkerActivity
            {
                Thread = thread,
                Work = WorkItem.NameOf(action),
                Elapsed = Nanoseconds.ToTimeSpan(Math.Max(MonotonicClock.NowNanoseconds - since, 0)),
            };
    }

    /// <summary>What is known of a thread's queue.</summary>
    private struct Line
    {
        public QueuedWork Flagged;
        public bool IsFlagged;
        public bool IsTold;
        public bool HasReported;
        public long SeenAt;
        public long ReportedAt;
        public long Suppressed;
    }
}
