namespace Vigil;

/// <summary>What becomes of work for a pool whose queue is full.</summary>
public enum QueueFullPolicy
{
    /// <summary>It is refused.</summary>
    Reject,

    /// <summary>Its sender waits until there is room. Refused with an exception on a thread that runs a loop, and on the pool's own: they must not wait for it.</summary>
    Block,

    /// <summary>
    /// Its sender runs it, at once. Work that is pinned to a thread is refused, and work that is sent by work that its sender runs, when that has gone so deep that the stack is nearly used up.
    /// </summary>
    RunByCaller,
}
