using System.Net;
using System.Net.Sockets;
using Vigil.Interop;

namespace Vigil.IO;

/// <summary>
/// Moves bytes without waiting, through any handle, socket or raw number: the counterpart of a readiness event.
/// No allocation, no exception for everyday failures; a call that a signal interrupts is retried. Safe from any thread.
/// </summary>
/// <remarks>
/// <para>The calls do not wait in any mode of the file, and leave the mode alone: it belongs to the open file, which a shell or
/// another process may share. Cheapest are non-blocking files made in <see cref="Vigil.IO"/>, and sockets, where the same call says not to
/// wait. For anything else the mode is read first.</para>
/// <para>For a file in blocking mode that is not a socket, the kernel is polled before each call. The answer may be
/// outdated if several threads or processes read, write or accept on the same file. Also, one call writes at most 4,096 bytes
/// to a pipe then, and at most 256 to a terminal. If either matters, use <see cref="SetNonBlocking"/> if the file is yours alone,
/// otherwise <see cref="FdHandle.Open"/> of <c>/dev/tty</c> or <c>/proc/self/fd/N</c>, which makes a separate open file.</para>
/// </remarks>
public static class NonBlocking
{
    /// <summary>Reads what is available (<c>read(2)</c>). From a datagram socket it takes one message.</summary>
    /// <param name="fd">The file to read.</param>
    /// <param name="buffer">The buffer to fill. An empty one gives a count of 0 that says nothing about the stream's end.</param>
    /// <remarks>
    /// One read for each readiness is enough if it does not fill the buffer. If it does, more is usually available, still in the
    /// processor's cache: a few more reads while the buffer is filled nearly double the throughput of a busy stream. Bound their number,
    /// since other sources wait.
    /// </remarks>
    public static IOResult TryRead(FileDescriptor fd, Span<byte> buffer)
    {
        using var borrowed = new BorrowedDescriptor(fd);
        if (fd.Handle is VirtualHandle handle)
        {
            return borrowed.Number < 0 ? Closed : handle.TryRead(buffer);
        }

        int errno;
        int count = MayWait(fd, borrowed.Number)
            ? FileNative.ReadWithoutWaiting(borrowed.Number, buffer, out errno)
            : FileNative.Read(borrowed.Number, buffer, out errno);
        return IOResult.From(count, errno);
    }

    /// <summary>Writes what fits (<c>write(2)</c>), which may be less than all. To a datagram socket it sends one message.</summary>
    /// <param name="fd">The file to write. A closed peer is <c>EPIPE</c>, not a signal: the runtime ignores SIGPIPE.</param>
    /// <param name="buffer">The bytes to write.</param>
    public static IOResult TryWrite(FileDescriptor fd, ReadOnlySpan<byte> buffer)
    {
        using var borrowed = new BorrowedDescriptor(fd);
        if (fd.Handle is VirtualHandle handle)
        {
            return borrowed.Number < 0 ? Closed : handle.TryWrite(buffer);
        }

        int errno;
        int count = MayWait(fd, borrowed.Number)
            ? FileNative.WriteWithoutWaiting(borrowed.Number, buffer, out errno)
            : FileNative.Write(borrowed.Number, buffer, out errno);
        return IOResult.From(count, errno);
    }

    /// <summary>Takes the next connection from a listener (<c>accept4(2)</c>), non-blocking and close-on-exec.</summary>
    /// <param name="listener">A listening socket.</param>
    /// <param name="connection">The connection, or null if there is none.</param>
    /// <remarks>
    /// With <see cref="IOResult.IsOutOfDescriptors"/> the connection stays in the listener's queue and the listener stays ready:
    /// disarm it until descriptors are free again, or the loop spins. Linux allocates the descriptor before it checks the queue,
    /// so this result also comes if no connection waits.
    /// A connection that was reset before it was taken (<c>ECONNABORTED</c>) is a failure of that connection, not of the listener.
    /// </remarks>
    public static IOResult TryAccept(FileDescriptor listener, out FdHandle? connection)
    {
        if (listener.Handle is VirtualHandle handle)
        {
            return AcceptVirtual(handle, out connection, out _);
        }

        connection = Accept(listener, [], out _, out int errno);
        return new IOResult(0, errno);
    }

    /// <summary>As <see cref="TryAccept(FileDescriptor, out FdHandle?)"/>, and returns the peer's address.</summary>
    /// <param name="listener">A listening socket.</param>
    /// <param name="connection">The connection, or null if there is none.</param>
    /// <param name="peer">
    /// Its address: an <see cref="IPEndPoint"/>, or a <see cref="UnixDomainSocketEndPoint"/>. Null without a connection, for an address of
    /// another family, and for a local socket without a name, which most connecting sockets are.
    /// </param>
    public static IOResult TryAccept(FileDescriptor listener, out FdHandle? connection, out EndPoint? peer)
    {
        if (listener.Handle is VirtualHandle handle)
        {
            return AcceptVirtual(handle, out connection, out peer);
        }

        Span<byte> address = stackalloc byte[PeerName.MaxSize];
        connection = Accept(listener, address, out int size, out int errno);
        peer = connection is null ? null : PeerName.Parse(address[..size]);
        return new IOResult(0, errno);
    }

    /// <summary>Shuts down the sending side of a connection; receiving goes on (<c>shutdown(2)</c>, SHUT_WR).</summary>
    /// <param name="fd">A connected socket.</param>
    public static IOResult TryShutdownWrite(FileDescriptor fd)
    {
        using var borrowed = new BorrowedDescriptor(fd);
        if (fd.Handle is VirtualHandle handle)
        {
            return borrowed.Number < 0 ? Closed : handle.TryShutdownWrite();
        }

        return new IOResult(0, SocketNative.ShutdownWrite(borrowed.Number));
    }

    /// <summary>Makes a file non-blocking (<c>O_NONBLOCK</c>).</summary>
    /// <param name="fd">The file. The mode belongs to the open file, so it changes for every duplicate of the descriptor, in any
    /// process.</param>
    /// <exception cref="ObjectDisposedException">The descriptor is closed.</exception>
    /// <exception cref="EventManagerException">The kernel refused.</exception>
    public static void SetNonBlocking(FileDescriptor fd) => SetMode(fd, nonBlocking: true);

    /// <summary>Makes a file blocking again.</summary>
    /// <inheritdoc cref="SetNonBlocking(FileDescriptor)"/>
    public static void SetBlocking(FileDescriptor fd) => SetMode(fd, nonBlocking: false);

    internal static bool Is(BlockingMode mode) => mode switch
    {
        BlockingMode.NonBlocking => true,
        BlockingMode.Blocking => false,
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "A file is non-blocking or blocking."),
    };

    private static void SetMode(FileDescriptor fd, bool nonBlocking)
    {
        using var borrowed = new BorrowedDescriptor(fd);
        if (fd.Handle is VirtualHandle && borrowed.Number >= 0)
        {
            // Its calls never wait.
            return;
        }

        new IOResult(0, FileNative.SetNonBlocking(borrowed.Number, nonBlocking)).ThrowIfFailed("fcntl(F_SETFL)");
        if (fd.Handle is FdHandle handle)
        {
            handle.IsNonBlocking = nonBlocking;
        }
    }

    private static IOResult Closed => new(0, Errno.EBADF);

    private static IOResult AcceptVirtual(VirtualHandle listener, out FdHandle? connection, out EndPoint? peer)
    {
        using var borrowed = new BorrowedDescriptor(listener);
        if (borrowed.Number >= 0)
        {
            return listener.TryAccept(out connection, out peer);
        }

        connection = null;
        peer = null;
        return Closed;
    }

    private static FdHandle? Accept(FileDescriptor listener, Span<byte> address, out int size, out int errno)
    {
        using var borrowed = new BorrowedDescriptor(listener);
        bool isKnown = listener.Handle is FdHandle { IsNonBlocking: true };
        if (!isKnown && FileNative.IsBlocking(borrowed.Number) && !PollNative.IsReadable(borrowed.Number))
        {
            size = 0;
            errno = Errno.EAGAIN;
            return null;
        }

        int fd = SocketNative.Accept(borrowed.Number, address, out size, out errno);
        return fd < 0 ? null : new FdHandle(fd) { IsNonBlocking = true };
    }

    // For one of the runtime's sockets the call itself says not to wait, whatever its mode.
    private static bool MayWait(FileDescriptor fd, int number) => fd.Handle switch
    {
        FdHandle { IsNonBlocking: true } => false,
        SafeSocketHandle => true,
        _ => FileNative.IsBlocking(number),
    };
}
