using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MetricsGateway.Tests.Network;

/// <summary>Client sockets. No call waits for ever.</summary>
internal static class Client
{
    public static Socket Connect(IPEndPoint endpoint, int? receiveBufferSize = null)
    {
        Socket socket = new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = Patience.Milliseconds,
            SendTimeout = Patience.Milliseconds,
        };
        if (receiveBufferSize is { } size)
        {
            // Before connecting, so that the window is announced accordingly.
            socket.ReceiveBufferSize = size;
        }

        socket.Connect(endpoint);
        return socket;
    }

    /// <summary>Waits until nobody listens there any more.</summary>
    public static void WaitUntilRefused(IPEndPoint endpoint) => Patience.WaitUntil(
        () =>
        {
            try
            {
                Connect(endpoint).Dispose();
                return false;
            }
            catch (SocketException exception)
            {
                return exception.SocketErrorCode == SocketError.ConnectionRefused;
            }
        },
        () => $"somebody listens on {endpoint}");

    public static void SendLine(this Socket socket, string line) => socket.Send((line + "\n").Utf8());

    public static void SendDatagram(IPEndPoint endpoint, ReadOnlySpan<byte> packet)
    {
        using Socket socket = new(endpoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.SendTo(packet, endpoint);
    }

    public static void SendDatagram(string path, ReadOnlySpan<byte> packet)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.SendTo(packet, new UnixDomainSocketEndPoint(path));
    }

    /// <summary>Everything received until the gateway closes the connection.</summary>
    public static string ReceiveToEnd(this Socket socket)
    {
        MemoryStream received = new();
        byte[] buffer = new byte[64 << 10];
        for (int count = socket.Receive(buffer); count > 0; count = socket.Receive(buffer))
        {
            received.Write(buffer, 0, count);
        }

        return Encoding.UTF8.GetString(received.GetBuffer(), 0, (int)received.Length);
    }

    /// <summary>Closes the connection by a reset, as the kernel does for a killed program with unread data.</summary>
    public static void Reset(this Socket socket)
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Dispose();
    }
}
