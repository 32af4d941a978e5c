namespace Vigil;

/// <summary>Where an event's callback runs: on the loop, which is the default, or on a <see cref="WorkTarget"/>.</summary>
/// <remarks>
/// Until a callback on a worker has ended, its event delivers nothing more: the callback never runs twice at once. The calls that it makes
/// on its event are carried out by the loop, in their order. See docs/workers.md.
/// </remarks>
public readonly record struct CallbackTarget
{
    private CallbackTarget(WorkTarget work)
    {
        IsWorker = true;
        Work = work;
    }

    /// <summary>On the loop's thread: the default.</summary>
    public static CallbackTarget Loop => default;

    /// <summary>Whether it is a worker.</summary>
    public bool IsWorker { get; }

    /// <summary>Which worker; meaningless for the loop.</summary>
    internal WorkTarget Work { get; }

    /// <summary>On any worker.</summary>
    /// <param name="priority">How urgent it is among the waiting work.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="priority"/> is undefined.</exception>
    public static CallbackTarget Worker(WorkPriority priority = WorkPriority.Normal) => new(WorkTarget.Worker(priority));

    /// <summary>On one worker's thread, in order with other work sent there.</summary>
    /// <param name="thread">Its number, from 0.</param>
    /// <param name="priority">How urgent it is among the work for that thread.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="thread"/> is negative, or <paramref name="priority"/>
    /// is undefined.</exception>
    public static CallbackTarget Thread(int thread, WorkPriority priority = WorkPriority.Normal) =>
        new(WorkTarget.Thread(thread, priority));

    /// <summary>For messages.</summary>
    public override string ToString() => IsWorker ? $"{Work}" : nameof(Loop);
}
