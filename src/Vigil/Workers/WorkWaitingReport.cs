using System.Globalization;

namespace Vigil;

/// <summary>Work that waited longer than <see cref="WorkerPoolOptions.WaitLimit"/>, and what the threads were running.</summary>
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

    /// <summary>Whether it has left the queue: a thread took it, or the pool was drained. Otherwise it still waits.</summary>
    public bool IsOver { get; internal init; }

    /// <summary>How urgent it is.</summary>
    public WorkPriority Priority { get; internal init; }

    /// <summary>The number of the thread in whose queue it waits.</summary>
    public int Thread { get; internal init; }

    /// <summary>Whether only that thread may run it.</summary>
    public bool IsPinned { get; internal init; }

    /// <summary>
    /// How long it has waited. If it is over, the time until it was last seen waiting. That is short by up to a quarter of the limit, or by
    /// up to a millisecond if that is more.
    /// </summary>
    public TimeSpan Waited { get; internal init; }

    /// <summary>The limit that was exceeded.</summary>
    public TimeSpan Limit { get; internal init; }

    /// <summary>How much work waits in all queues together.</summary>
    public int Queued { get; internal init; }

    /// <summary>How many items of this queue exceeded the limit since its last report without being reported.</summary>
    public long Suppressed { get; internal init; }

    /// <summary>What the threads are running now, by number.</summary>
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
            $"{PoolName}: {Work} ({Priority}) {waits} {Waited.TotalMilliseconds:0.###} ms (limit {Limit.TotalMilliseconds:0.###} ms)" +
            $" in the queue of thread {Thread}{pinned}{suppressed}{rest}");
    }
}

/// <summary>What a thread of a pool is doing.</summary>
public sealed record WorkerActivity
{
    /// <summary>Its number.</summary>
    public int Thread { get; init; }

    /// <summary>The method it runs, as <c>Type.Method</c>; null if it is idle.</summary>
    public string? Work { get; init; }

    /// <summary>For how long; zero if it is idle.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>For logs.</summary>
    public override string ToString() => Work is null
        ? $"thread {Thread} is free"
        : string.Create(CultureInfo.InvariantCulture, $"thread {Thread} runs {Work} for {Elapsed.TotalMilliseconds:0.###} ms");
}
