using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary>The parts of <c>socket(7)</c> that event-driven code needs beside the runtime's own sockets.</summary>
internal static unsafe partial class SocketNative
{
    private const int AF_UNIX = 1;
    private const int SOCK_NONBLOCK = 0x800;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int SOL_SOCKET = 1;
    private const int SO_TYPE = 3;
    private const int SO_ACCEPTCONN = 30;
    private const int SOCK_STREAM = 1;
    private const int SHUT_WR = 1;
    private const int MSG_DONTWAIT = 0x40;
    private const int MSG_NOSIGNAL = 0x4000;

    // Through syscall(2), as for reading and writing (FileNative).
    private static readonly nint SysSendTo = ProcessorAbi.Current.SysSendTo;
    private static readonly nint SysReceiveFrom = ProcessorAbi.Current.SysReceiveFrom;

    /// <summary>
    /// Creates a connected pair of local sockets of a kernel type (1 stream, 2 datagram, 5 sequenced packets), close-on-exec.
    /// </summary>
    public static int Pair(int type, bool nonBlocking, out int first, out int second)
    {
        int* ends = stackalloc int[2];
        int errno = socketpair(AF_UNIX, type | SOCK_CLOEXEC | (nonBlocking ? SOCK_NONBLOCK : 0), 0, ends) < 0
            ? Marshal.GetLastPInvokeError()
            : Errno.Success;
        (first, second) = errno == Errno.Success ? (ends[0], ends[1]) : (-1, -1);
        return errno;
    }

    /// <summary>Takes a connection from a listener, non-blocking and close-on-exec; −1 and an errno on failure.</summary>
    /// <param name="listener">The listener.</param>
    /// <param name="address">The buffer for the peer's address; may be empty.</param>
    /// <param name="size">The address's size.</param>
    /// <param name="errno">The errno.</param>
    public static int Accept(int listener, Span<byte> address, out int size, out int errno)
    {
        int fd;
        fixed (byte* start = address)
        {
            int length;
            do
            {
                length = address.Length;
                fd = accept4(listener, start, start == null ? null : &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
                errno = fd < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            }
            while (errno == Errno.EINTR);
            size = Math.Min(length, address.Length);
        }

        return fd;
    }

    /// <summary>
    /// Receives what has arrived, without waiting in any mode of the socket; −1 and an errno on failure, ENOTSOCK if it is no socket.
    /// </summary>
    public static int Receive(int fd, Span<byte> buffer, out int errno)
    {
        fixed (byte* start = buffer)
        {
            nint count;
            do
            {
                count = syscall(SysReceiveFrom, fd, (nint)start, buffer.Length, MSG_DONTWAIT, 0, 0);
                errno = count < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            }
            while (errno == Errno.EINTR);
            return (int)count;
        }
    }

    /// <summary>
    /// Sends what fits, without waiting in any mode of the socket; −1 and an errno on failure, ENOTSOCK if it is no socket.
    /// </summary>
    public static int Send(int fd, ReadOnlySpan<byte> buffer, out int errno)
    {
        fixed (byte* start = buffer)
        {
            nint count;
            do
            {
                count = syscall(SysSendTo, fd, (nint)start, buffer.Length, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
                errno = count < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            }
            while (errno == Errno.EINTR);
            return (int)count;
        }
    }

    public static int ShutdownWrite(int fd) => shutdown(fd, SHUT_WR) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;

    /// <summary>
    /// Whether the descriptor is a socket that preserves message boundaries, so that its FIONREAD may cover one message only.
    /// </summary>
    public static bool IsMessageOriented(int fd)
    {
        int type = 0;
        int size = sizeof(int);
        return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type != SOCK_STREAM;
    }

    /// <summary>A socket's kernel type (<see cref="Pair"/>), and whether it accepts connections. ENOTSOCK if it is no socket.</summary>
    public static int KindOf(int fd, out int type, out bool accepts)
    {
        int kind = 0;
        int listens = 0;
        int size = sizeof(int);
        int errno = getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &size) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        if (errno == Errno.Success)
        {
            size = sizeof(int);
            errno = getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        }

        (type, accepts) = (kind, listens != 0);
        return errno;
    }

    /// <summary>The address that a socket is bound to, and its size, which is at most the buffer's.</summary>
    public static int NameOf(int fd, Span<byte> address, out int size)
    {
        int length = address.Length;
        fixed (byte* start = address)
        {
            int errno = getsockname(fd, start, &length) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            size = errno == Errno.Success ? Math.Min(length, address.Length) : 0;
            return errno;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int* ends);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(int listener, byte* address, int* addressSize, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint fd, nint buffer, nint count, nint flags, nint address, nint addressSize);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shutdown(int fd, int how);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockname(int fd, byte* address, int* size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockopt(int fd, int level, int name, int* value, int* size);
}
