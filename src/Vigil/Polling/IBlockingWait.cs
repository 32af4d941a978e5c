namespace Vigil.Polling;

/// <summary>
/// How a thread waits for a loop: in <see cref="RemoteEndpoint.CallBlocking(Action{EventManager}, CancellationToken)"/>, and in
/// <see cref="EventManager.Dispose()"/> while another thread runs the loop. Programs need it only for a simulation, where the waiting
/// thread must let the loop run. A loop's <see cref="IPoller.BlockingWait"/> gives it.
/// </summary>
/// <remarks>The contract is stable: a later version adds only members that have an implementation here.</remarks>
public interface IBlockingWait
{
    /// <summary>
    /// Why the calling thread cannot wait for the loop now, as a sentence; null if it can. Asked before a call is sent: if there is an
    /// obstacle, the call is refused with an <see cref="EventManagerException"/> that contains it, and has no effect. A call in a loop's
    /// own callback is refused without it.
    /// </summary>
    string? Obstacle { get; }

    /// <summary>
    /// Waits until a condition holds. An exception from here ends the wait, too: a call is given up, and its caller gets the exception.
    /// </summary>
    /// <param name="isOver">
    /// The condition. It has no effects, and once true it stays so. Any thread may ask it until this method returns.
    /// </param>
    /// <param name="timeout">How long to wait; zero or more, or <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <returns>Whether the condition holds. False if the timeout expired.</returns>
    bool Until(Func<bool> isOver, TimeSpan timeout);
}
