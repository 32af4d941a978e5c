using System.Diagnostics;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using Vigil;

namespace MetricsGateway.Flushing;

/// <summary>
/// Ends intervals. The loop takes the interval's data, in the same short time for any number of names, and begins the next interval. A
/// worker computes and writes the texts. The loop then hands them to the targets. One flush is computed at a time: a flush that comes due
/// before that is done is skipped, and the next one reports its data.
/// </summary>
internal sealed class Flusher
{
    // Names that are deleted per turn of the loop. One takes a fraction of a microsecond.
    private const int DeletionsPerTurn = 1_000;

    private readonly EventManager _manager;
    private readonly MetricStore _store;
    private readonly Func<TrafficCounts> _countTraffic;
    private readonly FlushTargets _targets;
    private readonly TimeProvider _time;
    private TrafficCounts _counted;
    private long _begin;
    private long _count;
    private long _missed;
    private long _overrun;
    private TimeSpan _lastLateness;
    private TimeSpan _onLoop;
    private TimeSpan _lastDuration;
    private TimeSpan _lastComputing;
    private TaskCompletionSource? _computing;
    private long _failed;

    /// <param name="manager">Owns the workers.</param>
    /// <param name="store">The metrics to flush.</param>
    /// <param name="countTraffic">Counts the traffic received so far.</param>
    /// <param name="texts">The first <see cref="Texts"/>.</param>
    /// <param name="targets">The targets of flushes.</param>
    /// <param name="time">Measures the intervals.</param>
    public Flusher(
        EventManager manager,
        MetricStore store,
        Func<TrafficCounts> countTraffic,
        FlushTexts texts,
        FlushTargets targets,
        TimeProvider time)
    {
        _manager = manager;
        _store = store;
        _countTraffic = countTraffic;
        _targets = targets;
        _time = time;
        _begin = time.GetTimestamp();
        Texts = texts;
    }

    /// <summary>The texts that the next flush is written to.</summary>
    public FlushTexts Texts { get; set; }

    /// <summary>The timestamps of flushes.</summary>
    public FlushTimes Times { get; } = new();

    /// <summary>The flush interval, whose multiples are the timestamps; null if it is not known.</summary>
    public TimeSpan? Interval { get; set; }

    public FlushStatus Status => new()
    {
        Count = _count,
        Missed = _missed,
        Failed = _failed,
        IsComputing = _computing is not null,
        IsReporting = _targets.IsReporting,
        SinceLast = _count > 0 ? _time.GetElapsedTime(_begin) : null,
        LastLateness = _lastLateness,
        LastDuration = _lastDuration,
        LastComputing = _lastComputing,
        LostReports = _targets.LostByConsole,
    };

    /// <summary>Ends the interval and begins the next one.</summary>
    /// <param name="lateness">How long after its due time.</param>
    /// <param name="missed">The number of flushes that came due meanwhile and are skipped.</param>
    public void Flush(TimeSpan lateness, long missed)
    {
        if (_computing is not null)
        {
            FallOut(missed + 1);
            return;
        }

        try
        {
            DateTimeOffset now = _time.GetUtcNow();
            End(
                Interval is { } interval ? Times.ForDue(now - lateness + (missed * interval), interval) : now,
                lateness,
                missed + _overrun,
                isLast: false);
        }
        catch
        {
            FallOut(missed + 1);
            throw;
        }

        _missed += missed;
        _lastLateness = lateness;
    }

    /// <summary>Flushes everything since the last flush, because the gateway stops.</summary>
    /// <returns>Completes when the flush was handed to its targets.</returns>
    public async Task FlushLast()
    {
        await WhenComputed();
        DateTimeOffset now = _time.GetUtcNow();
        End(Interval is { } interval ? Times.ForLast(now, interval) : now, TimeSpan.Zero, _overrun, isLast: true);
        await WhenComputed();
    }

    /// <summary>Completes when no flush is being computed.</summary>
    public Task WhenComputed() => _computing?.Task ?? Task.CompletedTask;

    private void FallOut(long flushes)
    {
        _overrun += flushes;
        _missed += flushes;
    }

    private void End(DateTimeOffset stamp, TimeSpan lateness, long missed, bool isLast)
    {
        long start = Stopwatch.GetTimestamp();
        long now = _time.GetTimestamp();
        TimeSpan duration = _time.GetElapsedTime(_begin, now);
        FlushInterval interval = new(_count + 1, _time.GetUtcNow(), duration, lateness, missed, isLast)
        {
            Stamp = stamp,
            UntilNext = Interval ?? duration,
        };

        TrafficCounts counts = _countTraffic();
        FlushTelling telling = _targets.Prepare(Texts, isLast);
        FlushJob job = new(interval, _store.BeginInterval(), counts - _counted, Texts.Timer, telling.Writers);
        try
        {
            _manager.ExecuteWork(WorkPriority.Normal, job.Run, (_, result) => OnComputed(result, telling));
        }
        catch
        {
            // No worker takes it, so the interval continues.
            _store.ResumeInterval();
            throw;
        }

        // The next interval begins here, not when the flush is done, so that no time is lost.
        _count++;
        _targets.CountLost(telling);
        _begin = now;
        _overrun = 0;
        _counted = counts;
        _computing = new TaskCompletionSource();
        _onLoop = Stopwatch.GetElapsedTime(start);
    }

    private void OnComputed(FlushResult result, FlushTelling telling)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            _lastComputing = result.Duration;
            _store.EndSnapshot();
            if (result.Failure is null)
            {
                _targets.Tell(telling);
            }
            else
            {
                _failed++;
                _targets.CountFailed(telling);
            }
        }
        finally
        {
            // Exceptions are reported by the loop, and must not prevent the next flush.
            _onLoop += Stopwatch.GetElapsedTime(start);
            DeleteIdle(result.Job.Snapshot.DeleteIdle(_store).GetEnumerator());
        }

        result.Failure?.Throw();
    }

    // Deletes the names for which nothing arrived. There may be as many as there are names, so they are deleted in parts.
    private void DeleteIdle(IEnumerator<int> deletions)
    {
        long start = Stopwatch.GetTimestamp();
        bool hasMore = false;
        try
        {
            int count = 0;
            do
            {
                hasMore = deletions.MoveNext();
            }
            while (hasMore && ++count < DeletionsPerTurn);
        }
        finally
        {
            _onLoop += Stopwatch.GetElapsedTime(start);
            GoOn(hasMore ? deletions : null);
        }
    }

    private void GoOn(IEnumerator<int>? deletions)
    {
        if (deletions is not null)
        {
            _manager.Defer((_, rest) => DeleteIdle(rest), deletions);
            return;
        }

        _lastDuration = _onLoop;
        TaskCompletionSource? computing = _computing;
        _computing = null;
        computing?.SetResult();
    }
}
