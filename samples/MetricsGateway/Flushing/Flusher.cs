using MetricsGateway.Metrics;

namespace MetricsGateway.Flushing;

/// <summary>Ends intervals: reports what an interval brought, and begins the next one.</summary>
/// <param name="store">What is flushed.</param>
/// <param name="report">The first <see cref="Report"/>.</param>
/// <param name="console">The first <see cref="Console"/>.</param>
/// <param name="time">Measures the intervals.</param>
internal sealed class Flusher(MetricStore store, FlushReport report, ReportConsole? console, TimeProvider time)
{
    private long _begin = time.GetTimestamp();
    private long _count;
    private long _missed;
    private long _lostReports;
    private TimeSpan _lastLateness;
    private TimeSpan _lastDuration;

    /// <summary>How an interval is told.</summary>
    public FlushReport Report { get; set; } = report;

    /// <summary>Where it is told; null for nowhere.</summary>
    public ReportConsole? Console { get; set; } = console;

    public FlushStatus Status => new()
    {
        Count = _count,
        Missed = _missed,
        SinceLast = _count > 0 ? time.GetElapsedTime(_begin) : null,
        LastLateness = _lastLateness,
        LastDuration = _lastDuration,
        LostReports = _lostReports,
    };

    /// <summary>Ends the interval and begins the next one.</summary>
    /// <param name="lateness">How long after it was due.</param>
    /// <param name="missed">How many flushes were due meanwhile, and fall out.</param>
    public void Flush(TimeSpan lateness, long missed)
    {
        _missed += missed;
        _lastLateness = lateness;
        End(lateness, missed, isLast: false);
    }

    /// <summary>Flushes what came since the last flush, because the gateway stops.</summary>
    public void FlushLast() => End(TimeSpan.Zero, missed: 0, isLast: true);

    private void End(TimeSpan lateness, long missed, bool isLast)
    {
        long now = time.GetTimestamp();
        FlushInterval interval = new(++_count, time.GetUtcNow(), time.GetElapsedTime(_begin, now), lateness, missed, isLast);

        // The next interval begins here and not when this is done, so that none of the time is lost.
        _begin = now;
        Tell(interval);
        store.BeginInterval();
        _lastDuration = time.GetElapsedTime(now);
    }

    private void Tell(in FlushInterval interval)
    {
        if (Console is not { } console)
        {
            return;
        }

        if (console.IsReady)
        {
            console.Write(Report.Create(interval, store));
        }
        else
        {
            _lostReports++;
        }
    }
}
