namespace MetricsGateway.Flushing;

/// <summary>Counts and times of the flushes so far.</summary>
internal sealed record FlushStatus
{
    public required long Count { get; init; }

    /// <summary>Flushes that were skipped, because the loop was busy when they were due, or another one was being computed.</summary>
    public required long Missed { get; init; }

    /// <summary>Flushes that could not be computed or written. The data of their intervals is lost.</summary>
    public required long Failed { get; init; }

    /// <summary>Whether the last flush is being computed or reported: a flush that comes due meanwhile is skipped.</summary>
    public required bool IsComputing { get; init; }

    /// <summary>Whether the console is still writing a report. A flush that is due meanwhile is not reported there.</summary>
    public required bool IsReporting { get; init; }

    /// <summary>Since the last flush; null before the first one.</summary>
    public required TimeSpan? SinceLast { get; init; }

    /// <summary>How long after its due time the last flush began.</summary>
    public required TimeSpan LastLateness { get; init; }

    /// <summary>How long the last flush occupied the loop, all its turns together.</summary>
    public required TimeSpan LastDuration { get; init; }

    /// <summary>How long it took a worker to compute and write it.</summary>
    public required TimeSpan LastComputing { get; init; }

    /// <summary>Reports that were not written, because the previous one had not been read, or the console is gone.</summary>
    public required long LostReports { get; init; }
}
