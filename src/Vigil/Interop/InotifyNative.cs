using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace Vigil.Interop;

/// <summary><c>inotify(7)</c>.</summary>
internal static unsafe partial class InotifyNative
{
    public const uint IN_MODIFY = 0x2;
    public const uint IN_ATTRIB = 0x4;
    public const uint IN_CLOSE_WRITE = 0x8;
    public const uint IN_MOVED_FROM = 0x40;
    public const uint IN_MOVED_TO = 0x80;
    public const uint IN_CREATE = 0x100;
    public const uint IN_DELETE = 0x200;
    public const uint IN_DELETE_SELF = 0x400;
    public const uint IN_MOVE_SELF = 0x800;
    public const uint IN_UNMOUNT = 0x2000;
    public const uint IN_Q_OVERFLOW = 0x4000;
    public const uint IN_IGNORED = 0x8000;
    public const uint IN_ONLYDIR = 0x100_0000;
    public const uint IN_EXCL_UNLINK = 0x400_0000;
    public const uint IN_MASK_ADD = 0x2000_0000;
    public const uint IN_ISDIR = 0x4000_0000;

    private const uint IN_MASK_CREATE = 0x1000_0000;
    private const int IN_NONBLOCK = 0x800;
    private const int IN_CLOEXEC = 0x80000;

    /// <summary>Creates a non-blocking instance; −1 on failure.</summary>
    public static int Create(out int errno)
    {
        int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        return fd;
    }

    /// <summary>
    /// Watches an open file through <c>/proc/self/fd</c>, which leads to exactly that file. The same file through any descriptor gives the
    /// same watch. −1 on failure; ENOSYS means that there is no <c>/proc</c>.
    /// </summary>
    /// <param name="fd">The instance.</param>
    /// <param name="file">The descriptor of the file to watch.</param>
    /// <param name="mask">The events to report, and flags.</param>
    /// <param name="errno">The errno.</param>
    public static int AddWatch(int fd, int file, uint mask, out int errno)
    {
        Span<byte> path = stackalloc byte[32];
        _ = Utf8.TryWrite(path, CultureInfo.InvariantCulture, $"/proc/self/fd/{file}\0", out _);
        fixed (byte* start = path)
        {
            // The kernel asks the file's file system for read permission, which a signal can interrupt.
            int watch;
            do
            {
                watch = inotify_add_watch(fd, start, mask);
                errno = watch < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            }
            while (errno == Errno.EINTR);

            // An open file exists, so the link is missing. To a caller with a path, ENOENT would mean that the path does not exist.
            errno = errno == Errno.ENOENT ? Errno.ENOSYS : errno;
            return watch;
        }
    }

    /// <summary>Ends a watch. EINVAL means that the kernel has ended it already.</summary>
    public static int RemoveWatch(int fd, int watch) => inotify_rm_watch(fd, watch) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;

    /// <summary>
    /// Queues a unique record of 16 bytes, that of a watch's end, so that nothing after it is merged with records before it. Returns an
    /// errno; on failure nothing is queued.
    /// </summary>
    public static int Mark(int fd)
    {
        // A directory that always exists and is hardly ever watched; if this instance does watch it, this fails and leaves that watch
        // alone.
        fixed (byte* start = "/proc/self/fdinfo\0"u8)
        {
            int watch = inotify_add_watch(fd, start, IN_DELETE_SELF | IN_MASK_CREATE);
            return watch < 0 ? Marshal.GetLastPInvokeError() : RemoveWatch(fd, watch);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_add_watch(int fd, byte* path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_rm_watch(int fd, int watch);
}
