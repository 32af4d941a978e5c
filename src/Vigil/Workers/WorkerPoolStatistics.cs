namespace Vigil;

/// <summary>What a <see cref="WorkerPool"/> has done, and is doing at this moment.</summary>
public sealed record WorkerPoolStatistics
{
    /// <summary>How much work waits.</summary>
    public int Queued { get; init; }

    /// <summary>How many threads are running work.</summary>
    public int Running { get; init; }

    /// <summary>How much was run, without what threw.</summary>
    public long Done { get; init; }

    /// <summary>How much threw.</summary>
    public long Failed { get; init; }

    /// <summary>How much was run by another thread than the one that it was placed on.</summary>
    public long Stolen { get; init; }

    /// <summary>How much was cancelled before it began.</summary>
    public long Cancelled { get; init; }

    /// <summary>How much was refused because the queue was full.</summary>
    public long Rejected { get; init; }

    /// <summary>How much its senders ran because the queue was full (<see cref="QueueFullPolicy.RunByCaller"/>). They are counted here alone.</summary>
    public long RunByCallers { get; init; }

    /// <summary>How long work waited.</summary>
    public DurationSummary WaitTimes { get; init; }

    /// <summary>How long it ran.</summary>
    public DurationSummary RunTimes { get; init; }
}
