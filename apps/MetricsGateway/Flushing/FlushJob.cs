using System.Diagnostics;
using System.Runtime.ExceptionServices;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;

namespace MetricsGateway.Flushing;

/// <summary>A worker's part of a flush: everything whose cost grows with the number of series.</summary>
/// <param name="interval">The interval that has ended.</param>
/// <param name="snapshot">The metrics of the interval.</param>
/// <param name="traffic">The traffic of the interval.</param>
/// <param name="timer">Computes the figures of timers.</param>
/// <param name="writers">Write the flush for each target.</param>
internal sealed class FlushJob(
    FlushInterval interval, StoreSnapshot snapshot, TrafficCounts traffic, TimerFigures timer, IReadOnlyList<IFlushWriter> writers)
{
    public FlushInterval Interval => interval;

    public StoreSnapshot Snapshot => snapshot;

    /// <summary>Writes the interval, and empties its half of the store, even if writing fails.</summary>
    public FlushResult Run()
    {
        long begin = Stopwatch.GetTimestamp();
        ExceptionDispatchInfo? telling = Try(() => TellAll(begin));
        ExceptionDispatchInfo? emptying = Try(snapshot.Empty);
        return new FlushResult(this, Stopwatch.GetElapsedTime(begin), telling ?? emptying);
    }

    // An exception is rethrown on the loop after the loop has made itself ready for the next flush: it waits for a result.
    private static ExceptionDispatchInfo? Try(Action part)
    {
        try
        {
            part();
            return null;
        }
        catch (Exception exception)
        {
            return ExceptionDispatchInfo.Capture(exception);
        }
    }

    private void TellAll(long begin)
    {
        foreach (IFlushWriter writer in writers)
        {
            writer.Begin(interval);
        }

        long series = Tell();
        foreach (IFlushWriter writer in writers)
        {
            writer.End(new OwnFigures(series, Stopwatch.GetElapsedTime(begin).TotalMilliseconds, traffic));
        }
    }

    private long Tell()
    {
        long told = 0;
        foreach (Counter counter in snapshot.Counters.Told())
        {
            double count = counter.ValueIn(snapshot.Counters.Half);
            double rate = interval.PerSecond(count);
            foreach (IFlushWriter writer in writers)
            {
                writer.WriteCounter(counter.Key, count, rate);
            }

            told++;
        }

        foreach (Gauge gauge in snapshot.Gauges.Told())
        {
            double value = gauge.ValueIn(snapshot.Gauges.Half);
            foreach (IFlushWriter writer in writers)
            {
                writer.WriteGauge(gauge.Key, value);
            }

            told++;
        }

        return told + TellTimers() + TellSets();
    }

    private long TellTimers()
    {
        long told = 0;
        foreach (TimerSummary series in snapshot.Timers.Told())
        {
            // Without a target nothing need be computed.
            if (writers.Count > 0)
            {
                series.TryGetInterval(snapshot.Timers.Half, out TimerInterval? samples);
                timer.Compute(series.Key, samples, interval.Duration.TotalSeconds);
            }

            foreach (IFlushWriter writer in writers)
            {
                writer.WriteTimer(series.Key, timer);
            }

            told++;
        }

        return told;
    }

    private long TellSets()
    {
        long told = 0;
        foreach (UniqueSet set in snapshot.Sets.Told())
        {
            int count = set.CountIn(snapshot.Sets.Half);
            foreach (IFlushWriter writer in writers)
            {
                writer.WriteSet(set.Key, count);
            }

            told++;
        }

        return told;
    }
}

/// <param name="Job">The job.</param>
/// <param name="Duration">How long it took the worker.</param>
/// <param name="Failure">Why it failed; null if it did not.</param>
internal sealed record FlushResult(FlushJob Job, TimeSpan Duration, ExceptionDispatchInfo? Failure);
