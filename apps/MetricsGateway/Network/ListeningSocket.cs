using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using MetricsGateway.Interop;

namespace MetricsGateway.Network;

/// <summary>Creates bound sockets in non-blocking mode.</summary>
internal static class ListeningSocket
{
    // Peers that vanished without closing (a cable, a reboot) are detected after two minutes, instead of staying open for ever.
    private const int KeepAliveSeconds = 60;
    private const int KeepAliveIntervalSeconds = 10;
    private const int KeepAliveProbes = 6;

    // socket(7); the framework has no constant for SO_REUSEPORT alone.
    private const int SolSocket = 1;
    private const int SoReceiveBuffer = 8;
    private const int SoReusePort = 15;
    private const int SoReceiveBufferForce = 33;

    /// <param name="option">The listener's option.</param>
    /// <param name="address">The address and port; port 0 means any.</param>
    /// <param name="leaving">The gateway's own sockets that will be closed; they are no conflict.</param>
    /// <param name="sendBuffer">The kernel's send buffer per client, in bytes; null for its default.</param>
    /// <exception cref="ListenException">The address is not available.</exception>
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
            // Bind sets SO_REUSEADDR, for a restart right after a stop. SocketOptionName.ReuseAddress would also set SO_REUSEPORT,
            // and a second gateway would quietly take half of the connections instead of failing.
            socket.Bind(address.Endpoint!);
            PrepareForClients(socket, sendBuffer);
            socket.Listen();
        });

    /// <summary>Sets what accepted sockets inherit from their listener, on Linux.</summary>
    public static void PrepareForClients(Socket socket, int? sendBuffer)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, optionValue: true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
        if (sendBuffer is { } size)
        {
            socket.SendBufferSize = size;
        }
    }

    /// <param name="option">The listener's option.</param>
    /// <param name="address">The address and port; port 0 means any.</param>
    /// <param name="leaving">The gateway's own sockets that will be closed; they are no conflict.</param>
    /// <exception cref="ListenException">The address is not available.</exception>
    public static BoundSocket OpenUdp(string option, ListenAddress address, IReadOnlyList<Socket> leaving) => OpenBeside(
        leaving,
        SocketType.Dgram,
        address,
        option,
        () => Create(address, SocketType.Dgram, ProtocolType.Udp),
        socket => socket.Bind(address.Endpoint!));

    /// <param name="option">The listener's option.</param>
    /// <param name="path">The path of its file.</param>
    /// <param name="mode">The permissions of the file.</param>
    /// <exception cref="ListenException">The path is not available.</exception>
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
    /// Asks the kernel to keep that many bytes of datagrams until they are read. A process with CAP_NET_ADMIN gets them; for others the
    /// limit is net.core.rmem_max.
    /// </summary>
    /// <returns>How many bytes it keeps.</returns>
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

        // The kernel doubles the size, for its own overhead, and reports the double (socket(7)).
        return socket.ReceiveBufferSize / 2;
    }

    /// <summary>
    /// Connects a datagram socket, which takes no time. Not by the framework: after a failed attempt, its sockets make another one with
    /// another descriptor, or cannot make any.
    /// </summary>
    /// <returns>False if the kernel refuses; then it is connected to nothing, as before.</returns>
    public static bool TryConnect(Socket socket, IPEndPoint peer)
    {
        SocketAddress address = peer.Serialize();
        return FileNative.Connect(socket.SafeHandle, address.Buffer.Span[..address.Size]) == 0;
    }

    // 0.0.0.0:8125 and 127.0.0.1:8125 conflict, and so do two listeners that swap addresses. With SO_REUSEPORT on both the kernel allows
    // both, to one user. The old socket has it for this moment only, and the new one only if there is an old one: the kernel keeps the flag
    // with the port, and would admit any other socket that has it.
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

    // The framework's IPv6 sockets take no IPv4 by default, whatever the system's default is.
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
