using System.Globalization;

namespace Vigil;

/// <summary>Where work runs: on any thread of a pool, or on one of them. A <see cref="WorkPriority"/> or a thread's number converts to it.</summary>
public readonly record struct WorkTarget
{
    // The complement, so that default(WorkTarget) means any thread.
    private readonly int _complement;

    private WorkTarget(WorkPriority priority, int thread)
    {
        Priority = priority;
        _complement = ~thread;
    }

    /// <summary>How urgent it is.</summary>
    public WorkPriority Priority { get; }

    /// <summary>The number of the thread that alone may run it; −1 for any.</summary>
    public int Thread => ~_complement;

    /// <summary>Any thread.</summary>
    /// <param name="priority">How urgent it is.</param>
    public static implicit operator WorkTarget(WorkPriority priority) => Any(priority);

    /// <summary>One thread, with normal priority.</summary>
    /// <param name="thread">Its number, from 0.</param>
    public static implicit operator WorkTarget(int thread) => On(thread);

    /// <summary>Any thread.</summary>
    /// <param name="priority">How urgent it is.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="priority"/> is undefined.</exception>
    public static WorkTarget Any(WorkPriority priority) => new(Defined(priority), -1);

    /// <summary>One thread. Work of the same thread and priority runs in the order in which it was sent.</summary>
    /// <param name="thread">Its number, from 0.</param>
    /// <param name="priority">How urgent it is, among what waits for that thread.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="thread"/> is negative, or <paramref name="priority"/> undefined.</exception>
    public static WorkTarget On(int thread, WorkPriority priority = WorkPriority.Normal)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(thread);
        return new WorkTarget(Defined(priority), thread);
    }

    /// <summary>For messages.</summary>
    public override string ToString() => Thread < 0 ? $"{Priority}" : string.Create(CultureInfo.InvariantCulture, $"thread {Thread}, {Priority}");

    private static WorkPriority Defined(WorkPriority priority) => Enum.IsDefined(priority)
        ? priority
        : throw new ArgumentOutOfRangeException(nameof(priority), priority, "A work priority is High, Normal or Low.");
}
