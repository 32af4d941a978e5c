using System.Net;
using System.Net.Sockets;
using Vigil.Interop;

namespace Vigil.IO;

/// <summary>
/// Moves bytes without waiting, through any handle, socket or raw number: the counterpart of a readiness event.
/// No allocation, no exception for what happens every day; a signal in between is retried. Safe from any thread.
/// </summary>
/// <remarks>
/// <para>The calls do not wait, whatever mode the file is in, and leave the mode alone: it belongs to the open file, which a shell or
/// another process may share. What costs least is a file in non-blocking
/// mode that was made in <see cref="Vigil.IO"/>, or a socket, which is asked not to wait in the same call. Anything else is asked for its
/// mode first.</para>
/// <para>Of a file in blocking mode that is no socket, the kernel is asked before each call whether it would wait. That answer may be out
/// of date where several read, write or accept by the same
/// file; and to a pipe no more than 4,096 bytes are written at once then, to a terminal no more than 256. Where either matters: <see
/// cref="SetNonBlocking"/> if the file is yours alone,
/// otherwise <see cref="FdHandle.Open"/> of <c>/dev/tty</c> or <c>/proc/self/fd/N</c>, which makes an open file of its own.</para>
/// </remarks>
public static class NonBlocking
{
    /// <summary>Reads what is there (<c>read(2)</c>). Of a datagram socket it takes one message.</summary>
    /// <param name="fd">Where from.</param>
    /// <param name="buffer">Where to. An empty buffer gives a count of 0 that says nothing about the stream's end.</param>
    /// <remarks>
    /// One read for each readiness is enough where it does not fill the buffer. Where it does, most often more is there, still in the processor's cache: reading on a few times
    /// while the buffer comes full nearly doubles what a stream with much to say carries. Not without a bound, since others wait.
    /// </remarks>
    public static IOResult TryRead(FileDescriptor fd, Span<byte> buffer)
    {
        using var borrowed = new BorrowedDescriptor(fd);
        int errno;
        int count = MayWait(fd, borrowed.Number)
            ? FileNative.ReadWithoutWaiting(borrowed.Number, buffer, out errno)
            : FileNative.Read(borrowed.Number, buffer, out errno);
        return IOResult.From(count, errno);
    }

    /// <summary>Writes what fits (<c>write(2)</c>), which may be less than all. To a datagram socket it sends one message.</summary>
    /// <param name="fd">Where to. A closed peer is <c>EPIPE</c>, not a signal: the runtime ignores SIGPIPE.</param>
    /// <param name="buffer">What to write.</param>
    public static IOResult TryWrite(FileDescriptor fd, ReadOnlySpan<byte> buffer)
    {
        using var borrowed = new BorrowedDescriptor(fd);
        int errno;
        int count = MayWait(fd, borrowed.Number)
            ? FileNative.WriteWithoutWaiting(borrowed.Number, buffer, out errno)
            : FileNative.Write(borrowed.Number, buffer, out errno);
        return IOResult.From(count, errno);
    }

    /// <summary>Takes the next connection from a listener (<c>accept4(2)</c>), non-blocking and close-on-exec.</summary>
    /// <param name="listener">A listening socket.</param>
    /// <param name="connection">The connection, or null where there is none.</param>
    /// <remarks>
    /// With <see cref="IOResult.IsOutOfDescriptors"/> the connection stays in the listener's queue and the listener stays ready:
    /// disarm it until descriptors are free again, or the loop spins. Linux looks for a free descriptor before it looks into the queue,
    /// so this also comes where no connection waits.
    /// A connection that was reset before it was taken (<c>ECONNABORTED</c>) is a failure of that connection, not of the listener.
    /// </remarks>
    public static IOResult TryAccept(FileDescriptor listener, out FdHandle? connection)
    {
        connection = Accept(listener, [], out _, out int errno);
        return new IOResult(0, errno);
    }

    /// <summary>As <see cref="TryAccept(FileDescriptor, out FdHandle?)"/>, and says who connected.</summary>
    /// <param name="listener">A listening socket.</param>
    /// <param name="connection">The connection, or null where there is none.</param>
    /// <param name="peer">
    /// Its address: an <see cref="IPEndPoint"/>, or a <see cref="UnixDomainSocketEndPoint"/>. Null where there is no connection, where its
    /// family is another, and where a
    /// local socket has no name, as most of those that connect have none.
    /// </param>
    public static IOResult TryAccept(FileDescriptor listener, out FdHandle? connection, out EndPoint? peer)
    {
        Span<byte> address = stackalloc byte[PeerName.MaxSize];
        connection = Accept(listener, address, out int size, out int errno);
        peer = connection is null ? null : PeerName.Parse(address[..size]);
        return new IOResult(0, errno);
    }

    /// <summary>Tells the peer of a connection that nothing more is sent, and goes on receiving (<c>shutdown(2)</c>, SHUT_WR).</summary>
    /// <param name="fd">A connected socket.</param>
    public static IOResult TryShutdownWrite(FileDescriptor fd)
    {
        using var borrowed = new BorrowedDescriptor(fd);
        return new IOResult(0, SocketNative.ShutdownWrite(borrowed.Number));
    }

    /// <summary>Switches a file between non-blocking and blocking mode (<c>O_NONBLOCK</c>).</summary>
    /// <param name="fd">The file. The mode belongs to the open file, so every duplicate of the descriptor, in any process, changes with it.</param>
    /// <param name="nonBlocking">The mode.</param>
    /// <exception cref="ObjectDisposedException">The descriptor is closed.</exception>
    /// <exception cref="EventManagerException">The kernel refused.</exception>
    public static void SetNonBlocking(FileDescriptor fd, bool nonBlocking = true)
    {
        using var borrowed = new BorrowedDescriptor(fd);
        new IOResult(0, FileNative.SetNonBlocking(borrowed.Number, nonBlocking)).ThrowIfFailed("fcntl(F_SETFL)");
        if (fd.Handle is FdHandle handle)
        {
            handle.IsNonBlocking = nonBlocking;
        }
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

    // A socket of the runtime's is asked not to wait in the call itself, whatever its mode.
    private static bool MayWait(FileDescriptor fd, int number) => fd.Handle switch
    {
        FdHandle { IsNonBlocking: true } => false,
        SafeSocketHandle => true,
        _ => FileNative.IsBlocking(number),
    };
}
