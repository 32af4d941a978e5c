using System.Globalization;

namespace Vigil;

/// <summary>
/// Where work runs: on any worker, or on one thread of a pool. A <see cref="WorkPriority"/> converts to it. <c>default</c> means any
/// worker, with normal priority.
/// </summary>
public readonly record struct WorkTarget
{
    private WorkTarget(WorkPriority priority, int? thread)
    {
        Priority = priority;
        ThreadNumber = thread;
    }

    /// <summary>How urgent it is.</summary>
    public WorkPriority Priority { get; }

    /// <summary>The number of the only thread that may run it; null for any.</summary>
    public int? ThreadNumber { get; }

    /// <summary>Any worker.</summary>
    /// <param name="priority">How urgent it is.</param>
    public static implicit operator WorkTarget(WorkPriority priority) => Worker(priority);

    /// <summary>Any worker.</summary>
    /// <param name="priority">How urgent it is.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="priority"/> is undefined.</exception>
    public static WorkTarget Worker(WorkPriority priority = WorkPriority.Normal) => new(Defined(priority), thread: null);

    /// <summary>One thread. Work for the same thread with the same priority runs in sending order.</summary>
    /// <param name="thread">Its number, from 0.</param>
    /// <param name="priority">How urgent it is, among the work for that thread.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="thread"/> is negative, or <paramref name="priority"/>
    /// is undefined.</exception>
    public static WorkTarget Thread(int thread, WorkPriority priority = WorkPriority.Normal)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(thread);
        return new WorkTarget(Defined(priority), thread);
    }

    /// <summary>For messages.</summary>
    public override string ToString() => ThreadNumber is { } thread
        ? string.Create(CultureInfo.InvariantCulture, $"thread {thread}, {Priority}")
        : $"{Priority}";

    private static WorkPriority Defined(WorkPriority priority) => Enum.IsDefined(priority)
        ? priority
        : throw new ArgumentOutOfRangeException(nameof(priority), priority, "A work priority is High, Normal or Low.");
}
