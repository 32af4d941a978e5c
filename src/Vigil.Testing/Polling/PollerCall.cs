namespace Vigil.Testing;

/// <summary>A call of a poller that can fail (<see cref="Polling.IPoller"/>).</summary>
public enum PollerCall
{
    /// <summary>
    /// A descriptor is registered. The kernel: ENOSPC (28, too many watches of the user), ENOMEM (12), EPERM (1, not pollable).
    /// </summary>
    Add,

    /// <summary>A registration's interest is replaced, or a one-shot armed again. The kernel: ENOMEM (12), EBADF (9), ENOENT (2).</summary>
    Modify,

    /// <summary>A registration ends. The kernel: EBADF (9), ENOENT (2).</summary>
    Remove,

    /// <summary>The loop waits. The kernel: EBADF (9, foreign code closed the poller's number); the loop's run ends by it.</summary>
    Wait,

    /// <summary>A rebuild begins. The kernel: EMFILE (24), ENFILE (23), ENOMEM (12).</summary>
    BeginRebuild,

    /// <summary>A registration moves to the fresh instance. The kernel: ENOSPC (28), ENOMEM (12), ENOENT (2).</summary>
    Transfer,
}
