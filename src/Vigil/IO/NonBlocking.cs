using Vigil.Interop;

namespace Vigil.IO;

/// <summary>
/// Moves bytes without waiting, through any handle, socket or raw number: the counterpart of a readiness event.
/// No allocation, no exception for what happens every day; a signal in between is retried. Safe from any thread.
/// </summary>
/// <remarks>
/// The file must be in non-blocking mode; everything created in <see cref="Vigil.IO"/> is, a
/// <see cref="System.Net.Sockets.Socket"/> is with <c>Blocking = false</c>, anything else through <see cref="SetNonBlocking"/>.
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
        int count = FileNative.Read(borrowed.Number, buffer, out int errno);
        return IOResult.From(count, errno);
    }

    /// <summary>Writes what fits (<c>write(2)</c>), which may be less than all. To a datagram socket it sends one message.</summary>
    /// <param name="fd">Where to. A closed peer is <c>EPIPE</c>, not a signal: the runtime ignores SIGPIPE.</param>
    /// <param name="buffer">What to write.</param>
    public static IOResult TryWrite(FileDescriptor fd, ReadOnlySpan<byte> buffer)
    {
        using var borrowed = new BorrowedDescriptor(fd);
        int count = FileNative.Write(borrowed.Number, buffer, out int errno);
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
        using var borrowed = new BorrowedDescriptor(listener);
        int fd = SocketNative.Accept(borrowed.Number, out int errno);
        connection = fd < 0 ? null : new FdHandle(fd);
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
    }
}
