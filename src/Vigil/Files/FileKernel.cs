using Vigil.IO;
using Vigil.Recording;

namespace Vigil;

/// <summary>
/// Whom a loop's file events ask: for changes (<c>inotify(7)</c>), for what is in directories, and for the list of mounts. It is the kernel
/// (<see cref="RealFiles"/>), or stands for one. For the loop's thread. An errno is 0 for success.
/// </summary>
internal abstract class FileKernel
{
    /// <summary>The one of a loop.</summary>
    /// <param name="directories">The simulated ones that the poller has; null for the kernel's.</param>
    /// <param name="recording">Records or replays; null for neither.</param>
    public static FileKernel Of(IVirtualDirectories? directories, RecordingSession? recording)
    {
        FileKernel kernel = directories is null ? RealFiles.Instance : new SimulatedFiles(directories);
        return recording switch
        {
            LiveSession live => new RecordedFiles(live, kernel),
            ReplaySession replay => new ReplayedFiles(replay),
            _ => kernel,
        };
    }

    /// <summary>Creates an inotify instance; null on failure.</summary>
    public abstract FdHandle? CreateQueue(out int errno);

    /// <summary>
    /// Watches an open file. The same file gives the same watch. Returns the watch's number; −1 on failure. ENOSYS means that there is no
    /// <c>/proc</c>.
    /// </summary>
    /// <param name="queue">The instance.</param>
    /// <param name="file">The file.</param>
    /// <param name="mask">The events to report, and flags.</param>
    /// <param name="errno">The errno.</param>
    public abstract int AddWatch(FdHandle queue, OpenFile file, uint mask, out int errno);

    /// <summary>Ends a watch. EINVAL means that it has ended already.</summary>
    public abstract int RemoveWatch(FdHandle queue, int watch);

    /// <summary>
    /// Queues a unique record of 16 bytes, so that nothing after it is merged with records before it. On failure nothing is queued.
    /// </summary>
    public abstract int Mark(FdHandle queue);

    /// <summary>The number of bytes that are queued; −1 if that is unknown.</summary>
    public abstract int BytesToRead(FdHandle queue);

    /// <summary>Reads as many records as fit; −1 on failure, EAGAIN if there are none.</summary>
    public abstract int Read(FdHandle queue, Span<byte> buffer, out int errno);

    /// <summary>Opens a directory to read its entries; null on failure.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="follows">Whether a symbolic link at the path's end is followed.</param>
    /// <param name="errno">The errno.</param>
    public abstract DirectoryReader? Open(string path, bool follows, out int errno);

    /// <summary>Opens a path of any kind, links not followed, only to name it; null on failure.</summary>
    public abstract OpenFile? OpenPath(string path, out int errno);

    /// <summary>Whether a path names a directory; the errno says if it names nothing accessible.</summary>
    public abstract bool IsDirectory(string path, bool follows, out int errno);

    /// <summary>The number of links of a path's regular file; 0 if it names none.</summary>
    public abstract uint LinkCountOf(string path);

    /// <summary>The state of a path's file, links not followed.</summary>
    public abstract WriterState WritersOf(string path);

    /// <summary>Opens the list of mounts (<c>proc_pid_mountinfo(5)</c>); null if there is none.</summary>
    public abstract FdHandle? OpenMounts(out int errno);

    /// <summary>Reads from a position of the list of mounts; 0 at its end, −1 on failure.</summary>
    public abstract int ReadMounts(FdHandle list, Span<byte> buffer, long position, out int errno);

    /// <summary>A limit of the system, by its path below <c>/proc/sys</c>; <see cref="long.MaxValue"/> if it is unknown.</summary>
    public abstract long ReadLimit(string setting);

    /// <summary>Whether the process can open one more descriptor.</summary>
    public abstract bool HasDescriptors();
}
