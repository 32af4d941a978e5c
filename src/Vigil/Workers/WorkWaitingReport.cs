using System.Globalization;

namespace Vigil;

/// <summary>Work that waited longer than <see cref="WorkerPoolOptions.WaitLimit"/>, and what occupied the threads.</summary>
public sealed class WorkWaitingReport
{
    internal WorkWaitingReport(string pool, string work)
    {
        PoolName = pool;
        Work = work;
    }

    /// <summary>The name of the pool.</summary>
    public string PoolName { get; }

    /// <summary>The method that waits to be called, as <c>Type.Method</c>.</summary>
    public string Work { get; }

    /// <summary>Whether it has left the queue: it was taken by a thread, or by whoever drained the pool. Otherwise it still waits.</summary>
    public bool IsOver { get; internal init; }

    /// <summary>How urgent it is.</summary>
    public WorkPriority Priority { get; internal init; }

    /// <summary>The number of the thread in whose queue it waits.</summary>
    public int Thread { get; internal init; }

    /// <summary>Whether only that thread may run it.</summary>
    public bool IsPinned { get; internal init; }

    /// <summary>How long it has waited. Where it is over, until it was last seen waiting: less than the truth by up to a quarter of the limit, or a millisecond where that is more.</summary>
    public TimeSpan Waited { get; internal init; }

    /// <summary>What it has exceeded.</summary>
    public TimeSpan Limit { get; internal init; }

    /// <summary>How much work waits in all queues together.</summary>
    public int Queued { get; internal init; }

    /// <summary>How much work of this queue exceeded the limit since its last report without being told.</summary>
    public long Suppressed { get; internal init; }

    /// <summary>What the threads are running at this moment, by their numbers.</summary>
    public IReadOnlyList<WorkerActivity> Threads { get; internal init; } = [];

    /// <summary>One line for a log.</summary>
    public override string ToString()
    {
        string waits = IsOver ? "waited" : "has been waiting for";
        string pinned = IsPinned ? ", pinned to it" : "";
        string suppressed = Suppressed == 0 ? "" : $", {Suppressed} not reported";
        string rest = IsOver ? "" : $"; {Queued} wait; {string.Join(", ", Threads)}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{PoolName}: {Work} ({Priority}) {waits} {Waited.TotalMilliseconds:0.###} ms (limit {Limit.TotalMilliseconds:0.###} ms) in the queue of thread {Thread}{pinned}{suppressed}{rest}");
    }
}

/// <summary>What a thread of a pool is doing.</summary>
public sealed record WorkerActivity
{
    /// <summary>Its number.</summary>
    public int Thread { get; init; }

    /// <summary>The method that it runs, as <c>Type.Method</c>; null where it runs none.</summary>
    public string? Work { get; init; }

    /// <summary>For how long; zero where it runs none.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>For logs.</summary>
    public override string ToString() => Work is null
        ? $"thread {Thread} is free"
        : string.Create(CultureInfo.InvariantCulture, $"thread {Thread} runs {Work} for {Elapsed.TotalMilliseconds:0.###} ms");
}
