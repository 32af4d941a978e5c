using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace MetricsGateway.Network;

/// <summary>Creates bound sockets in non-blocking mode.</summary>
internal static class ListeningSocket
{
    // Peers that vanished without a word (a cable, a reboot) are found out after two minutes, instead of staying open for ever.
    private const int KeepAliveSeconds = 60;
    private const int KeepAliveIntervalSeconds = 10;
    private const int KeepAliveProbes = 6;

    // socket(7); the framework has no name for SO_REUSEPORT alone.
    private const int SolSocket = 1;
    private const int SoReceiveBuffer = 8;
    private const int SoReusePort = 15;
    private const int SoReceiveBufferForce = 33;

    /// <param name="option">Who wants it.</param>
    /// <param name="address">The address and port; port 0 is any.</param>
    /// <param name="leaving">The gateway's own sockets that are closed soon; they are in nobody's way.</param>
    /// <param name="sendBuffer">Bytes that the kernel keeps for each client that does not read; null for its own choice.</param>
    /// <exception cref="ListenException">The address cannot be had.</exception>
    public static BoundSocket OpenTcp(
        string option,
        ListenAddress address,
        IReadOnlyList<Socket> leaving,
        int? sendBuffer = null) => OpenBeside(
        leaving,
        SocketType.Stream,
        address,
        option,
        () => Create(address, SocketType.Stream, ProtocolType.Tcp),
        socket =>
        {
            // SO_REUSEADDR, for a restart right after a stop, is set by Bind. SocketOptionName.ReuseAddress would set SO_REUSEPORT
            // with it, and a second gateway would quietly take half of the connections instead of failing.
            socket.Bind(address.Endpoint!);

            // On Linux, connections inherit these from their listener.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, optionValue: true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
            if (sendBuffer is { } size)
            {
                socket.SendBufferSize = size;
            }

            socket.Listen();
        });

    /// <param name="option">Who wants it.</param>
    /// <param name="address">The address and port; port 0 is any.</param>
    /// <param name="leaving">The gateway's own sockets that are closed soon; they are in nobody's way.</param>
    /// <exception cref="ListenException">The address cannot be had.</exception>
    public static BoundSocket OpenUdp(string option, ListenAddress address, IReadOnlyList<Socket> leaving) => OpenBeside(
        leaving,
        SocketType.Dgram,
        address,
        option,
        () => Create(address, SocketType.Dgram, ProtocolType.Udp),
        socket => socket.Bind(address.Endpoint!));

    /// <param name="option">Who wants it.</param>
    /// <param name="path">Where its file is to be.</param>
    /// <param name="mode">The permissions of the file.</param>
    /// <exception cref="ListenException">The path cannot be had.</exception>
    public static BoundSocket OpenUnixDatagram(string option, string path, UnixFileMode mode)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
            return new BoundSocket(socket, path, UnixSocketFile.Bind(option, socket, path, mode));
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            throw new ListenException(option, path, exception.Message, exception);
        }
        catch
        {
            socket?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Asks the kernel to keep so many bytes of datagrams until they are read. Who may, gets them (CAP_NET_ADMIN); for others the limit is
    /// net.core.rmem_max.
    /// </summary>
    /// <returns>How many it keeps.</returns>
    public static int SetReceiveBuffer(Socket socket, int bytes)
    {
        try
        {
            SetOption(socket, SoReceiveBufferForce, bytes);
        }
        catch (SocketException)
        {
            SetOption(socket, SoReceiveBuffer, bytes);
        }

        // The kernel doubles what it is told, for what it needs beside the data, and tells the double (socket(7)).
        return socket.ReceiveBufferSize / 2;
    }

    // 0.0.0.0:8125 and 127.0.0.1:8125 exclude each other, and so do two listeners that change places. With SO_REUSEPORT on both the
    // kernel allows them beside each other, to one user. The old one has it for this moment only, and the new one only if there is an
    // old one: the kernel remembers it of a port, and would let others in who have it too.
    private static BoundSocket OpenBeside(
        IReadOnlyList<Socket> leaving, SocketType type, ListenAddress address, string option, Func<Socket> create, Action<Socket> prepare)
    {
        try
        {
            return Open(option, address.ToString(), create, prepare);
        }
        catch (ListenException exception) when (exception.IsAddressInUse)
        {
            Socket[] own = [.. leaving.Where(socket => socket.SocketType == type && PortOf(socket) == address.Endpoint!.Port)];
            if (own is [])
            {
                throw;
            }

            Array.ForEach(own, socket => SetReusePort(socket, isOn: true));
            try
            {
                return Open(option, address.ToString(), create, socket =>
                {
                    SetReusePort(socket, isOn: true);
                    prepare(socket);
                    SetReusePort(socket, isOn: false);
                });
            }
            finally
            {
                Array.ForEach(own, socket => SetReusePort(socket, isOn: false));
            }
        }
    }

    // The framework's sockets for IPv6 take no IPv4 unless told to, whatever the system's default is.
    private static Socket Create(ListenAddress address, SocketType type, ProtocolType protocol)
    {
        Socket socket = new(address.Endpoint!.AddressFamily, type, protocol);
        try
        {
            if (address.Endpoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = address.IsDual;
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static int? PortOf(Socket socket) => (socket.LocalEndPoint as IPEndPoint)?.Port;

    private static void SetReusePort(Socket socket, bool isOn) => SetOption(socket, SoReusePort, isOn ? 1 : 0);

    private static void SetOption(Socket socket, int option, int value) =>
        socket.SetRawSocketOption(SolSocket, option, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));

    private static BoundSocket Open(string option, string place, Func<Socket> create, Action<Socket> prepare)
    {
        Socket? socket = null;
        try
        {
            socket = create();
            socket.Blocking = false;
            prepare(socket);
            return new BoundSocket(socket, socket.LocalEndPoint!.ToString()!);
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            throw new ListenException(option, place, exception.Message, exception);
        }
    }
}
