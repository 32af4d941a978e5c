namespace Vigil;

/// <summary>What a <see cref="WorkerPool"/> has done, and is doing at this moment.</summary>
/// <param name="Queued">How much work waits.</param>
/// <param name="Running">How many threads are running work.</param>
/// <param name="Done">How much was run, without what threw.</param>
/// <param name="Failed">How much threw.</param>
/// <param name="Stolen">How much was run by another thread than the one that it was placed on.</param>
/// <param name="Cancelled">How much was cancelled before it began.</param>
/// <param name="Rejected">How much was refused because the queue was full.</param>
/// <param name="RunByCallers">How much its senders ran because the queue was full (<see cref="QueueFullPolicy.RunByCaller"/>). They are counted here alone.</param>
/// <param name="WaitTimes">How long work waited.</param>
/// <param name="RunTimes">How long it ran.</param>
public sealed record WorkerPoolStatistics(
    int Queued,
    int Running,
    long Done,
    long Failed,
    long Stolen,
    long Cancelled,
    long Rejected,
    long RunByCallers,
    DurationSummary WaitTimes,
    DurationSummary RunTimes);
