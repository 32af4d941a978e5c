using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MetricsGateway.Tests.Network;

/// <summary>
/// Ports that stay reserved for a test even while nothing is bound to them. The kernel does not give them to sockets that ask for any
/// port, as those of all other tests do: these get ports from <c>ip_local_port_range</c> (ip(7)).
/// </summary>
internal static class KeptPort
{
    private const int First = 10_000;

    private static readonly int Count = int.Parse(
        File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split('\t')[0], CultureInfo.InvariantCulture) - First;

    // Concurrent test runs on one machine begin at different ports.
    private static int _next = Environment.ProcessId * 97 % Count;

    /// <summary>A port that is free for both address families, over TCP and UDP.</summary>
    public static int Next()
    {
        Assert.True(Count > 1_000, "The range of ports for sockets that ask for any leaves too few.");
        for (int tries = 0; tries < Count; tries++)
        {
            int port = First + (Interlocked.Increment(ref _next) % Count);
            if (IsFree(port, SocketType.Stream, ProtocolType.Tcp) && IsFree(port, SocketType.Dgram, ProtocolType.Udp))
            {
                return port;
            }
        }

        throw new InvalidOperationException("No port is free.");
    }

    /// <summary>Such a port at 127.0.0.1.</summary>
    public static IPEndPoint NextAtLoopback() => new(IPAddress.Loopback, Next());

    private static bool IsFree(int port, SocketType type, ProtocolType protocol)
    {
        using Socket socket = new(AddressFamily.InterNetworkV6, type, protocol) { DualMode = true };
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
