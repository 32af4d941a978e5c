namespace Vigil;

/// <summary>
/// The processes of a simulated system. A poller that stands for the kernel (<see cref="EventManagerOptions.PollerFactory"/>) may implement
/// it; then the child events of the manager watch its processes, and none of the system's.
/// </summary>
/// <remarks>The contract is stable: a later version adds only members that have an implementation here.</remarks>
public interface IVirtualProcesses
{
    /// <summary>Opens a process. Called on the loop's thread.</summary>
    /// <param name="processId">Its id.</param>
    /// <returns>A descriptor of its own for each call, which the caller disposes; null if there is no such process.</returns>
    VirtualProcess? Open(int processId);
}
