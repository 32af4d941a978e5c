namespace MetricsGateway.Flushing;

/// <summary>What became of the flushes so far.</summary>
internal sealed record FlushStatus
{
    public required long Count { get; init; }

    /// <summary>Flushes that fell out, because the loop was busy when they were due, or another one was being computed.</summary>
    public required long Missed { get; init; }

    /// <summary>Flushes that could not be computed or written. What their intervals had brought is lost.</summary>
    public required long Failed { get; init; }

    /// <summary>Whether a worker has the last one, or it is being told: one that is due meanwhile falls out.</summary>
    public required bool IsComputing { get; init; }

    /// <summary>Since the last flush; null before the first one.</summary>
    public required TimeSpan? SinceLast { get; init; }

    /// <summary>How long after it was due the last flush began.</summary>
    public required TimeSpan LastLateness { get; init; }

    /// <summary>How long the last flush kept the loop, all its turns together.</summary>
    public required TimeSpan LastDuration { get; init; }

    /// <summary>How long it took a worker to compute and write it.</summary>
    public required TimeSpan LastComputing { get; init; }

    /// <summary>Reports that were not written, because the one before had not been read, or the console is gone.</summary>
    public required long LostReports { get; init; }
}
