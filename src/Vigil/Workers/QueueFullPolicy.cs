namespace Vigil;

/// <summary>How a pool whose queue is full treats further work.</summary>
public enum QueueFullPolicy
{
    /// <summary>It is refused.</summary>
    Reject,

    /// <summary>
    /// The sender waits until there is room. Threads that run a loop and the pool's own threads must not wait: they get an exception.
    /// </summary>
    Block,

    /// <summary>
    /// The sender runs the work at once. Refused: pinned work, and work sent from inside such work once the stack is nearly used up.
    /// </summary>
    RunByCaller,
}
