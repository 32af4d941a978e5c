using System.Net;
using System.Net.Sockets;

namespace Soak.Gateway;

/// <summary>Where the gateway listens. A reload may only name ports that are known beforehand, so they are chosen here.</summary>
internal sealed record Ports(int StatsDUdp, int StatsDTcp, int MovedTcp, int Graphite, int MovedGraphite, int Admin)
{
    public static Ports Choose()
    {
        // All at once, so that no port is chosen twice.
        List<Socket> sockets = [];
        try
        {
            int[] ports = [.. Enumerable.Range(0, 6).Select(i => FreePort(sockets, isDatagram: i == 0))];
            return new Ports(ports[0], ports[1], ports[2], ports[3], ports[4], ports[5]);
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    private static int FreePort(List<Socket> sockets, bool isDatagram)
    {
        var socket = isDatagram
            ? new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
            : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        sockets.Add(socket);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
