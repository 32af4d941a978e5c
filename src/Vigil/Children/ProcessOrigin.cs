using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Vigil;

/// <summary>Where the processes come from that a loop watches. For the holder of the loop's claim.</summary>
internal abstract class ProcessOrigin
{
    /// <summary>Opens a process of the runtime's.</summary>
    /// <exception cref="EventManagerException">It cannot be watched.</exception>
    /// <exception cref="InvalidOperationException">The object has no process.</exception>
    public abstract OpenedProcess Open(Process process);

    /// <summary>Opens a process by its id.</summary>
    /// <exception cref="EventManagerException">There is none, or it cannot be watched.</exception>
    public abstract OpenedProcess Open(int processId);

    /// <summary>Opens a process by a descriptor, which the caller keeps.</summary>
    /// <exception cref="EventManagerException">It is no process's, or it cannot be watched.</exception>
    public abstract OpenedProcess Open(SafeHandle pidFd);
}
