using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary>Reading, writing and closing descriptors of any kind, and pipes.</summary>
internal static unsafe partial class FileNative
{
    private const int F_GETFD = 1;
    private const int F_SETFD = 2;
    private const int F_GETFL = 3;
    private const int FD_CLOEXEC = 1;
    private const int F_SETFL = 4;
    private const int F_DUPFD_CLOEXEC = 1030;
    private const int O_NONBLOCK = 0x800;
    private const int O_CLOEXEC = 0x80000;
    private const int F_GETPIPE_SZ = 1032;
    private const int O_RDONLY = 0;
    private const int O_WRONLY = 1;
    private const int O_RDWR = 2;
    private const int O_NOCTTY = 0x100;
    private const int O_APPEND = 0x400;
    private const int PROC_SUPER_MAGIC = 0x9FA0;
    private const int CGROUP2_SUPER_MAGIC = 0x63677270;
    private const nuint TCGETS = 0x5401;
    private const nuint FIONREAD = 0x541B;

    // A writable pipe accepts a page at once (pipe(7), PIPE_BUF). A writable terminal has less than 256 characters to send
    // (WAKEUP_CHARS, drivers/tty/n_tty.c), and room.
    private const int PipeBuffer = 4096;
    private const int TerminalBuffer = 256;

    private static readonly int O_NOFOLLOW = ProcessorAbi.Current.NoFollowFlag;

    // Through syscall(2), since the C library's read(2) and write(2) are cancellation points (EpollNative).
    private static readonly nint SysRead = ProcessorAbi.Current.SysRead;
    private static readonly nint SysWrite = ProcessorAbi.Current.SysWrite;

    /// <summary>Reads once, and retries after a signal; −1 and an errno on failure.</summary>
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

    /// <summary>Opens a file for reading, close-on-exec, and retries after a signal; −1 and an errno on failure.</summary>
    /// <param name="path">The path, zero-terminated.</param>
    /// <param name="errno">The errno.</param>
    public static int OpenToRead(ReadOnlySpan<byte> path, out int errno)
    {
        fixed (byte* start = path)
        {
            int fd;
            do
            {
                fd = open(start, O_CLOEXEC, 0);
                errno = fd < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            }
            while (errno == Errno.EINTR);
            return fd;
        }
    }

    /// <summary>Reads once from a position of the file, and retries after a signal; −1 and an errno on failure.</summary>
    public static int ReadAt(int fd, Span<byte> buffer, long position, out int errno)
    {
        fixed (byte* start = buffer)
        {
            nint count;
            do
            {
                count = pread(fd, start, (nuint)buffer.Length, (nint)position);
                errno = count < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            }
            while (errno == Errno.EINTR);
            return (int)count;
        }
    }

    /// <summary>Writes once, and retries after a signal; −1 and an errno on failure.</summary>
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
    /// As <see cref="Read"/>, for a file that may be in blocking mode, without waiting: EAGAIN if no data is available. For a socket the
    /// same call checks that. Any other file is polled first, so another reader of the file may take the data in between.
    /// </summary>
    public static int ReadWithoutWaiting(int fd, Span<byte> buffer, out int errno)
    {
        if (!buffer.IsEmpty)
        {
            int count = SocketNative.Receive(fd, buffer, out errno);
            if (errno != Errno.ENOTSOCK)
            {
                return count;
            }

            // Polling a file that reports each change once would consume the change; such files never wait.
            if (!ReportsChangesOnce(fd) && !PollNative.IsReadable(fd) && Allows(fd, O_RDONLY))
            {
                errno = Errno.EAGAIN;
                return -1;
            }
        }

        return Read(fd, buffer, out errno);
    }

    /// <summary>
    /// As <see cref="Write"/>, for a file that may be in blocking mode, without waiting: EAGAIN if nothing fits. To a pipe or a
    /// terminal it writes at most what fits for sure.
    /// </summary>
    public static int WriteWithoutWaiting(int fd, ReadOnlySpan<byte> buffer, out int errno)
    {
        int count = SocketNative.Send(fd, buffer, out errno);
        if (errno != Errno.ENOTSOCK)
        {
            return count;
        }

        if (!PollNative.IsWritable(fd) && Allows(fd, O_WRONLY))
        {
            errno = Errno.EAGAIN;
            return -1;
        }

        int fits = IsPipe(fd) ? PipeBuffer : IsTerminal(fd) ? TerminalBuffer : int.MaxValue;
        return Write(fd, buffer[..Math.Min(buffer.Length, fits)], out errno);
    }

    /// <summary>Whether a file is in blocking mode. False if it is not open.</summary>
    public static bool IsBlocking(int fd)
    {
        int flags = fcntl(fd, F_GETFL, 0);
        return flags >= 0 && (flags & O_NONBLOCK) == 0;
    }

    /// <summary>
    /// Opens an existing file: close-on-exec, non-blocking, never as the controlling terminal. −1 and an errno on failure.
    /// </summary>
    public static int OpenDevice(string path, bool reads, bool writes, bool appends, bool follows, out int errno)
    {
        int access = reads && writes ? O_RDWR : writes ? O_WRONLY : 0;
        int flags = access | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (appends ? O_APPEND : 0) | (follows ? 0 : O_NOFOLLOW);
        int fd;
        do
        {
            fd = open(path, flags, 0);
            errno = fd < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        }
        while (errno == Errno.EINTR);
        return fd;
    }

    /// <summary>
    /// Closes once. On Linux the descriptor is closed even after EINTR, and another call could close another thread's
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

    /// <summary>Whether a descriptor is inherited by a program that this one executes. An errno if it is not open.</summary>
    public static int IsInheritable(int fd, out bool isInheritable)
    {
        int flags = fcntl(fd, F_GETFD, 0);
        isInheritable = flags >= 0 && (flags & FD_CLOEXEC) == 0;
        return flags < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
    }

    /// <summary>Makes a descriptor close-on-exec, or inheritable.</summary>
    public static int SetInheritable(int fd, bool isInheritable) =>
        fcntl(fd, F_SETFD, isInheritable ? 0 : FD_CLOEXEC) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;

    /// <summary>Duplicates a descriptor, close-on-exec; −1 and an errno on failure.</summary>
    public static int Duplicate(int fd, out int errno)
    {
        int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        errno = duplicate < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        return duplicate;
    }

    /// <summary>
    /// Whether the descriptor is of procfs or cgroupfs, where polling some files consumes a change: it is reported to one poll only
    /// (mounts_poll, proc_sys_poll, psi_trigger_poll).
    /// </summary>
    public static bool ReportsChangesOnce(int fd)
    {
        // struct statfs begins with the type, a whole register; it has 120 bytes on the supported architectures.
        nint* status = stackalloc nint[32];
        return fstatfs(fd, status) == 0 && status[0] is PROC_SUPER_MAGIC or CGROUP2_SUPER_MAGIC;
    }

    /// <summary>The number of bytes that can be read now, or −1 if the file does not report it (<c>ioctl_tty(2)</c>, FIONREAD).</summary>
    public static int BytesToRead(int fd)
    {
        int bytes = 0;
        return ioctl(fd, FIONREAD, &bytes) < 0 ? -1 : bytes;
    }

    // A pipe's end never becomes ready for what it is not open for. Then the call is made, and says so at once (EBADF).
    private static bool Allows(int fd, int access)
    {
        int flags = fcntl(fd, F_GETFL, 0);
        int mode = flags & (O_WRONLY | O_RDWR);
        return flags < 0 || mode == access || mode == O_RDWR;
    }

    private static bool IsPipe(int fd) => fcntl(fd, F_GETPIPE_SZ, 0) >= 0;

    // The kernel's struct termios has 36 bytes, on some architectures 44.
    private static bool IsTerminal(int fd)
    {
        int* settings = stackalloc int[32];
        return ioctl(fd, TCGETS, settings) == 0;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

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
