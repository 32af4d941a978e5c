using Vigil.IO;

namespace Vigil;

/// <summary>A process that is about to be watched, or that has ended already.</summary>
/// <param name="ProcessId">Its id; null if only its descriptor was given.</param>
/// <param name="End">Determines how it ends; null if it has ended.</param>
/// <param name="PidFd">Its descriptor, which the event owns; null if it has ended.</param>
/// <param name="Exit">How it has ended.</param>
internal readonly record struct OpenedProcess(int? ProcessId, ProcessEnd? End, FdHandle? PidFd, ChildExit Exit = default)
{
    /// <summary>A process that has ended.</summary>
    public static OpenedProcess Ended(int? processId, ChildExit exit) => new(processId, null, null, exit);
}
