namespace Vigil;

/// <summary>
/// The files and directories of a simulated system. A poller that stands for the kernel (<see cref="EventManagerOptions.PollerFactory"/>)
/// may implement it; then the file events of the manager watch these, and none of the system's. Called on the loop's thread.
/// </summary>
/// <remarks>
/// <para>The paths are absolute. The simulated system has no mounts.</para>
/// <para>The contract is stable: a later version adds only members that have an implementation here.</para>
/// </remarks>
public interface IVirtualDirectories
{
    /// <summary>Finds what a path names.</summary>
    /// <param name="path">The path.</param>
    /// <param name="followsLinks">Whether a symbolic link at the path's end is followed; those before it are.</param>
    /// <param name="errno">An errno; 0 for success.</param>
    /// <returns>The file or directory; null if there is an errno.</returns>
    IVirtualFile? Find(string path, bool followsLinks, out int errno);

    /// <summary>Creates a queue of changes (<c>inotify_init1(2)</c>).</summary>
    /// <param name="errno">An errno; 0 for success.</param>
    /// <returns>The queue, which the caller disposes; null if there is an errno.</returns>
    VirtualFileQueue? CreateQueue(out int errno);
}
