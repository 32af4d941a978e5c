using System.Net;
using Vigil.Interop;

namespace Vigil.IO;

/// <summary>
/// A descriptor that the kernel does not know, for simulations: <see cref="NonBlocking"/> calls the handle instead of the kernel, so that
/// code which moves bytes by <see cref="NonBlocking"/> runs unchanged. Only a poller that knows its number can report it
/// (<see cref="EventManagerOptions.PollerFactory"/>). The package Vigil.Testing has pipes, connections and listeners of this kind.
/// </summary>
/// <remarks>
/// Everything else that takes a descriptor gives its number to the kernel, which refuses it (<c>EBADF</c>) as long as the number is above
/// every limit of open files.
/// </remarks>
public abstract class VirtualHandle : FdHandle
{
    /// <summary>Creates an open handle.</summary>
    /// <param name="number">Its number, for the poller and for messages: one that the kernel never gives out.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="number"/> is negative.</exception>
    protected VirtualHandle(int number)
        : base(number) => IsNonBlocking = true;

    /// <summary>What <see cref="NonBlocking.TryRead"/> does.</summary>
    /// <param name="buffer">The buffer to fill.</param>
    /// <returns>The count, or an errno.</returns>
    protected internal abstract IOResult TryRead(Span<byte> buffer);

    /// <summary>What <see cref="NonBlocking.TryWrite"/> does.</summary>
    /// <param name="buffer">The bytes to write.</param>
    /// <returns>The count, or an errno.</returns>
    protected internal abstract IOResult TryWrite(ReadOnlySpan<byte> buffer);

    /// <summary>
    /// What <see cref="DatagramBatch.TryReceive"/> does: takes datagrams that have arrived by <see cref="DatagramBatch.TryAdd"/>, until
    /// none is left or the batch is full. The default: it is no socket of datagrams (<c>ENOTSOCK</c>).
    /// </summary>
    /// <param name="batch">The batch, which is empty.</param>
    /// <returns>How many it has taken, or an errno; <c>EAGAIN</c> if there was none.</returns>
    protected internal virtual IOResult TryReceive(DatagramBatch batch) => new(0, Errno.ENOTSOCK);

    /// <summary>What <see cref="NonBlocking.TryAccept(FileDescriptor, out FdHandle?, out EndPoint?)"/> does.</summary>
    /// <param name="connection">The connection, or null if there is none.</param>
    /// <param name="peer">Its address, if it has one.</param>
    /// <returns>Success, or an errno.</returns>
    protected internal abstract IOResult TryAccept(out FdHandle? connection, out EndPoint? peer);

    /// <summary>What <see cref="NonBlocking.TryShutdownWrite"/> does.</summary>
    /// <returns>Success, or an errno.</returns>
    protected internal abstract IOResult TryShutdownWrite();

    /// <summary>Closes it. Called once.</summary>
    /// <returns>True: it is closed.</returns>
    protected abstract override bool ReleaseHandle();
}
