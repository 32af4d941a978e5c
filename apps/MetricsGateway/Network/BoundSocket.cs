using System.Net.Sockets;

namespace MetricsGateway.Network;

/// <summary>A bound socket in non-blocking mode, and the file that its binding created.</summary>
/// <param name="Socket">The socket.</param>
/// <param name="Place">The bound address and port, or the path.</param>
/// <param name="File">The file of a Unix socket; null for all others.</param>
internal sealed record BoundSocket(Socket Socket, string Place, UnixSocketFile? File = null) : IDisposable
{
    /// <summary>Whether the service manager has opened it, and keeps it open for the next gateway.</summary>
    public bool IsPassed { get; init; }

    public void Dispose()
    {
        Socket.Dispose();
        File?.Dispose();
    }
}
