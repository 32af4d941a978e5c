using System.Net;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>
/// A descriptor of a simulated process (<see cref="IVirtualProcesses"/>). As one of <c>pidfd_open(2)</c> it is readable when the process
/// has ended, which its poller reports, and it cannot be read or written.
/// </summary>
public abstract class VirtualProcess : VirtualHandle
{
    /// <summary>Creates an open descriptor.</summary>
    /// <param name="number">Its number, for the poller and for messages: one that the kernel never gives out.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="number"/> is negative.</exception>
    protected VirtualProcess(int number)
        : base(number)
    {
    }

    /// <summary>The process's id.</summary>
    public abstract int ProcessId { get; }

    /// <summary>Says how it has ended.</summary>
    /// <param name="exit">How.</param>
    /// <returns>Whether it has.</returns>
    protected internal abstract bool TryGetExit(out ChildExit exit);

    /// <summary>Sends it a signal.</summary>
    /// <param name="signal">The signal.</param>
    /// <returns>An errno; 0 for success, <c>ESRCH</c> if it has ended and nobody can be sent anything.</returns>
    protected internal abstract int Send(Signal signal);

    /// <inheritdoc/>
    protected internal sealed override IOResult TryRead(Span<byte> buffer) => new(0, Errno.EINVAL);

    /// <inheritdoc/>
    protected internal sealed override IOResult TryWrite(ReadOnlySpan<byte> buffer) => new(0, Errno.EINVAL);

    /// <inheritdoc/>
    protected internal sealed override IOResult TryAccept(out FdHandle? connection, out EndPoint? peer)
    {
        (connection, peer) = (null, null);
        return new IOResult(0, Errno.ENOTSOCK);
    }

    /// <inheritdoc/>
    protected internal sealed override IOResult TryShutdownWrite() => new(0, Errno.ENOTSOCK);
}
