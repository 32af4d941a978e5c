using System.Net;
using System.Net.Sockets;

namespace Compare.Managed;

/// <summary>The listener of echo servers: a free port of 127.0.0.1. Its connections inherit TCP_NODELAY.</summary>
internal static class LoopbackListener
{
    private const int Backlog = 8192;

    public static Socket Create()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(Backlog);
        return listener;
    }

    public static int PortOf(Socket listener) => ((IPEndPoint)listener.LocalEndPoint!).Port;
}
