namespace Vigil;

/// <summary>What a <see cref="WorkerPool"/> has done and is doing.</summary>
public sealed record WorkerPoolStatistics
{
    /// <summary>How much work waits.</summary>
    public int Queued { get; init; }

    /// <summary>How many threads are running work.</summary>
    public int Running { get; init; }

    /// <summary>How many items ran without an exception.</summary>
    public long Done { get; init; }

    /// <summary>How many items threw.</summary>
    public long Failed { get; init; }

    /// <summary>How many items ran on a thread other than the one they were queued on.</summary>
    public long Stolen { get; init; }

    /// <summary>How many items were cancelled before they began.</summary>
    public long Cancelled { get; init; }

    /// <summary>How many items were refused because the queue was full.</summary>
    public long Rejected { get; init; }

    /// <summary>
    /// How many items their senders ran because the queue was full (<see cref="QueueFullPolicy.RunByCaller"/>). The other figures do not
    /// include them.
    /// </summary>
    public long RunByCallers { get; init; }

    /// <summary>How long work waited.</summary>
    public DurationSummary WaitTimes { get; init; }

    /// <summary>How long work ran.</summary>
    public DurationSummary RunTimes { get; init; }
}
