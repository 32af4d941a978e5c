using System.Net.Sockets;
using Vigil.Interop;

namespace Vigil.IO;

/// <summary>Two connected local sockets (<c>socketpair(2)</c>, <c>unix(7)</c>). Close-on-exec.</summary>
public sealed class UnixSocketPair : IDisposable
{
    /// <summary>Creates a pair.</summary>
    /// <param name="type"><see cref="SocketType.Stream"/>, <see cref="SocketType.Dgram"/> or <see cref="SocketType.Seqpacket"/>.</param>
    /// <param name="mode">The mode of both.</param>
    /// <exception cref="ArgumentOutOfRangeException">Local sockets have no such type, or <paramref name="mode"/> is undefined.</exception>
    /// <exception cref="EventManagerException">The kernel refused, for instance because too many files are open
    /// (<c>EMFILE</c>).</exception>
    public UnixSocketPair(SocketType type = SocketType.Stream, BlockingMode mode = BlockingMode.NonBlocking)
    {
        bool nonBlocking = NonBlocking.Is(mode);

        // The numbers of SocketType and of the kernel agree for these three; they are stated here so that readers need not know.
        int kernelType = type switch
        {
            SocketType.Stream => 1,
            SocketType.Dgram => 2,
            SocketType.Seqpacket => 5,
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Local sockets are streams, datagrams or sequenced packets."),
        };

        int errno = SocketNative.Pair(kernelType, nonBlocking, out int first, out int second);
        First = new FdHandle(FdHandle.Created(first, errno, "socketpair")) { IsNonBlocking = nonBlocking };
        Second = new FdHandle(FdHandle.Created(second, errno, "socketpair")) { IsNonBlocking = nonBlocking };
    }

    /// <summary>One socket.</summary>
    public FdHandle First { get; }

    /// <summary>The other.</summary>
    public FdHandle Second { get; }

    /// <summary>Closes both.</summary>
    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
    }
}
