using System.Net;
using System.Net.Sockets;

namespace MetricsGateway.Network;

/// <summary>Creates bound sockets in non-blocking mode.</summary>
internal static class ListeningSocket
{
    // A burst is taken as long as it fits; the kernel cuts this down to net.core.rmem_max.
    private const int DatagramBufferSize = 4 << 20;

    // Peers that vanished without a word (a cable, a reboot) are found out after two minutes, instead of staying open for ever.
    private const int KeepAliveSeconds = 60;
    private const int KeepAliveIntervalSeconds = 10;
    private const int KeepAliveProbes = 6;

    /// <exception cref="ListenException">The address cannot be had.</exception>
    public static Socket OpenTcp(string option, IPEndPoint endpoint) => Open(
        option,
        endpoint.ToString(),
        () => new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp),
        socket =>
        {
            // SO_REUSEADDR, for a restart right after a stop, is set by Bind. SocketOptionName.ReuseAddress would set SO_REUSEPORT
            // with it, and a second gateway would quietly take half of the connections instead of failing.
            socket.Bind(endpoint);

            // On Linux, connections inherit these from their listener.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, optionValue: true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
            socket.Listen();
        });

    /// <exception cref="ListenException">The address cannot be had.</exception>
    public static Socket OpenUdp(string option, IPEndPoint endpoint) => Open(
        option,
        endpoint.ToString(),
        () => new Socket(endpoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp),
        socket =>
        {
            socket.ReceiveBufferSize = DatagramBufferSize;
            socket.Bind(endpoint);
        });

    /// <summary>The socket's file is deleted when the socket is disposed.</summary>
    /// <exception cref="ListenException">The path cannot be had.</exception>
    public static Socket OpenUnixDatagram(string option, string path)
    {
        string? directory = Path.GetDirectoryName(Path.GetFullPath(path));
        if (!Directory.Exists(directory))
        {
            // The framework's words for ENOENT are those of an address that is not available.
            throw new ListenException(option, path, $"there is no directory {directory}");
        }

        UnixSocketFile.DeleteIfStale(path);
        return Open(
            option,
            path,
            () => new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified),
            socket => socket.Bind(new UnixDomainSocketEndPoint(path)));
    }

    private static Socket Open(string option, string place, Func<Socket> create, Action<Socket> prepare)
    {
        Socket? socket = null;
        try
        {
            socket = create();
            socket.Blocking = false;
            prepare(socket);
            return socket;
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            throw new ListenException(option, place, exception.Message, exception);
        }
    }
}
