using Microsoft.Win32.SafeHandles;
using Vigil.Interop;

namespace Vigil.IO;

/// <summary>Owns a file descriptor of any kind and closes it with <c>close(2)</c>, for a connection an orderly shutdown.</summary>
/// <remarks>
/// To pass a descriptor that was received here to <see cref="System.Net.Sockets.Socket"/>, create the socket over a separate
/// <c>SafeSocketHandle</c> and mark this one invalid.
/// </remarks>
public class FdHandle : SafeHandleMinusOneIsInvalid
{
    /// <summary>Takes over a descriptor.</summary>
    /// <param name="fd">Its number, zero or more.</param>
    /// <param name="ownsHandle">Whether disposing closes it.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fd"/> is negative.</exception>
    public FdHandle(int fd, bool ownsHandle = true)
        : base(ownsHandle)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fd);
        SetHandle(fd);
    }

    /// <summary>
    /// Its number, for an owner that keeps it open; −1 once it is closed, or marked invalid because foreign code closed the number, which
    /// may be another file's by then.
    /// </summary>
    internal int Number => IsClosed ? -1 : (int)handle;

    /// <summary>
    /// Whether Vigil made the open file non-blocking, so that its mode need not be read. Changes through a duplicate are not noticed.
    /// </summary>
    internal bool IsNonBlocking { get; set; }

    /// <summary>
    /// Opens a file, typically a device, for an event loop. It is close-on-exec. It is non-blocking, so that neither opening (a modem's
    /// carrier, the other end of a FIFO) nor later operations wait. It never becomes the controlling terminal (<c>O_NOCTTY</c>), which
    /// would end the process by SIGHUP when a serial line hangs up or is unplugged.
    /// Nothing is created or truncated.
    /// </summary>
    /// <param name="path">The path. Opening <c>/dev/tty</c> or <c>/proc/self/fd/0</c> makes a new open file of a terminal, FIFO or pipe
    /// that others hold, with its own mode; theirs does not change.</param>
    /// <param name="flags">For reading, writing or both, and how.</param>
    /// <exception cref="ArgumentException">The path is empty or contains a zero, or the flags include neither reading nor writing, or
    /// unknown bits.</exception>
    /// <exception cref="EventManagerException">
    /// There is no such file (<see cref="EventManagerError.PathNotFound"/>), permission is denied
    /// (<see cref="EventManagerError.AccessDenied"/>), or the kernel refused otherwise (<see cref="EventManagerError.System"/>); the
    /// message says what to do.
    /// </exception>
    public static FdHandle Open(string path, OpenFlags flags)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("A path has no zero in it.", nameof(path));
        }

        const OpenFlags Known = OpenFlags.ReadWrite | OpenFlags.Append | OpenFlags.NoFollow;
        if ((flags & OpenFlags.ReadWrite) == OpenFlags.None || (flags & ~Known) != OpenFlags.None)
        {
            throw new ArgumentException(
                $"A file is opened for Read, Write or both, with Append and NoFollow where wanted, not with {flags}.", nameof(flags));
        }

        int fd = FileNative.OpenDevice(
            path,
            flags.HasFlag(OpenFlags.Read),
            flags.HasFlag(OpenFlags.Write),
            flags.HasFlag(OpenFlags.Append),
            !flags.HasFlag(OpenFlags.NoFollow),
            out int errno);
        return errno == Errno.Success ? new FdHandle(fd) { IsNonBlocking = true } : throw NotOpened(path, errno);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => FileNative.Close((int)handle) is Errno.Success or Errno.EINTR;

    /// <summary>The descriptor that a creating call returned, or an exception that names the call and its errno.</summary>
    internal static int Created(int fd, int errno, string call) => errno == Errno.Success ? fd : throw Failed(call, errno);

    private static EventManagerException NotOpened(string path, int errno)
    {
        (EventManagerError error, string advice) = errno switch
        {
            Errno.ENOENT or Errno.ENOTDIR => (EventManagerError.PathNotFound, "Is the device plugged in, and the path right?"),
            Errno.EACCES or Errno.EPERM or Errno.EROFS => (
                EventManagerError.AccessDenied,
                "Look at its mode and owner (ls -l): devices often belong to a group, such as dialout, that the user must be in."),
            Errno.EMFILE or Errno.ENFILE => (
                EventManagerError.System,
                "Raise the limit of open files (ulimit -n, LimitNOFILE=) or close some."),
            Errno.EBUSY => (EventManagerError.System, "Another program has it for itself (fuser, lsof)."),
            Errno.ENXIO or Errno.ENODEV => (
                EventManagerError.System,
                "Its device is not there; or it is a FIFO that nobody reads: open that for ReadWrite, or when there is a reader; "
                + "or a socket: connect to that."),
            Errno.EISDIR => (EventManagerError.System, "It is a directory, which is opened for Read only."),
            Errno.ELOOP => (EventManagerError.System, "It is a symbolic link, which NoFollow refuses, or there are too many on the way."),
            _ => (EventManagerError.System, ""),
        };
        return new EventManagerException(error, $"{path} could not be opened: {Errno.Describe(errno)}. {advice}".TrimEnd(), errno: errno);
    }

    internal static EventManagerException Failed(string call, int errno) => errno is Errno.EMFILE or Errno.ENFILE
        ? new(
            EventManagerError.System,
            $"{call} failed: {Errno.Describe(errno)}. Raise the limit of open files (ulimit -n, LimitNOFILE=) or close some.",
            errno: errno)
        : new(EventManagerError.System, $"{call} failed: {Errno.Describe(errno)}.", errno: errno);
}
