using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary>Reading, writing and closing descriptors of any kind, and pipes.</summary>
internal static unsafe partial class FileNative
{
    private const int F_GETFL = 3;
    private const int F_SETFL = 4;
    private const int F_DUPFD_CLOEXEC = 1030;
    private const int O_NONBLOCK = 0x800;
    private const int O_CLOEXEC = 0x80000;
    private const nuint FIONREAD = 0x541B;

    // Through syscall(2), since the C library's read(2) and write(2) are cancellation points (EpollNative).
    private static readonly nint SysRead = ProcessorAbi.Current.SysRead;
    private static readonly nint SysWrite = ProcessorAbi.Current.SysWrite;

    /// <summary>Reads once, again where a signal came in between; −1 and an errno on failure.</summary>
    public static int Read(int fd, Span<byte> buffer, out int errno)
    {
        fixed (byte* start = buffer)
        {
            nint count;
            do
            {
                count = syscall(SysRead, fd, (nint)start, buffer.Length);
                errno = count < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            }
            while (errno == Errno.EINTR);
            return (int)count;
        }
    }

    /// <summary>Opens a file for reading, close-on-exec; −1 and an errno on failure.</summary>
    /// <param name="path">The path, with its closing zero.</param>
    /// <param name="errno">What went wrong.</param>
    public static int OpenToRead(ReadOnlySpan<byte> path, out int errno)
    {
        fixed (byte* start = path)
        {
            int fd = open(start, O_CLOEXEC, 0);
            errno = fd < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            return fd;
        }
    }

    /// <summary>Reads once from a position of the file; −1 and an errno on failure.</summary>
    public static int ReadAt(int fd, Span<byte> buffer, long position, out int errno)
    {
        fixed (byte* start = buffer)
        {
            nint count = pread(fd, start, (nuint)buffer.Length, (nint)position);
            errno = count < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            return (int)count;
        }
    }

    /// <summary>Writes once, again where a signal came in between; −1 and an errno on failure.</summary>
    public static int Write(int fd, ReadOnlySpan<byte> buffer, out int errno)
    {
        fixed (byte* start = buffer)
        {
            nint count;
            do
            {
                count = syscall(SysWrite, fd, (nint)start, buffer.Length);
                errno = count < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            }
            while (errno == Errno.EINTR);
            return (int)count;
        }
    }

    /// <summary>
    /// Closes once. After EINTR the descriptor is closed all the same on Linux, and calling again could close another thread's
    /// (<c>close(2)</c>, "Dealing with error returns").
    /// </summary>
    public static int Close(int fd) => close(fd) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;

    /// <summary>Creates a pipe, close-on-exec.</summary>
    public static int Pipe(bool nonBlocking, out int reader, out int writer)
    {
        int* ends = stackalloc int[2];
        int errno = pipe2(ends, O_CLOEXEC | (nonBlocking ? O_NONBLOCK : 0)) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        (reader, writer) = errno == Errno.Success ? (ends[0], ends[1]) : (-1, -1);
        return errno;
    }

    /// <summary>Sets or clears O_NONBLOCK, which belongs to the open file and so to every duplicate of the descriptor.</summary>
    public static int SetNonBlocking(int fd, bool nonBlocking)
    {
        int flags = fcntl(fd, F_GETFL, 0);
        if (flags < 0)
        {
            return Marshal.GetLastPInvokeError();
        }

        int wanted = nonBlocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
        return wanted == flags || fcntl(fd, F_SETFL, wanted) >= 0 ? Errno.Success : Marshal.GetLastPInvokeError();
    }

    /// <summary>Duplicates a descriptor, close-on-exec; −1 and an errno on failure.</summary>
    public static int Duplicate(int fd, out int errno)
    {
        int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        errno = duplicate < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        return duplicate;
    }

    /// <summary>
    /// Whether the descriptor is of procfs or cgroupfs, where the poll of some files takes what it tells: each change is told to one look only
    /// (mounts_poll, proc_sys_poll, psi_trigger_poll).
    /// </summary>
    public static bool TellsChangesOnce(int fd)
    {
        // struct statfs begins with the type, a register wide; it has 120 bytes where Vigil runs.
        const nint PROC_SUPER_MAGIC = 0x9FA0;
        const nint CGROUP2_SUPER_MAGIC = 0x63677270;
        nint* status = stackalloc nint[32];
        return fstatfs(fd, status) == 0 && status[0] is PROC_SUPER_MAGIC or CGROUP2_SUPER_MAGIC;
    }

    /// <summary>How many bytes can be read now, or −1 where the file does not tell (<c>ioctl_tty(2)</c>, FIONREAD).</summary>
    public static int BytesToRead(int fd)
    {
        int bytes = 0;
        return ioctl(fd, FIONREAD, &bytes) < 0 ? -1 : bytes;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint fd, nint buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(byte* path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(int fd, byte* buffer, nuint count, nint position);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc")]
    private static partial int fstatfs(int fd, nint* status);

    [LibraryImport("libc")]
    private static partial int ioctl(int fd, nuint request, int* value);
}
