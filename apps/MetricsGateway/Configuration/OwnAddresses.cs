using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace MetricsGateway.Configuration;

/// <summary>Whether a connection to an address ends at a socket of this machine.</summary>
internal static class OwnAddresses
{
    /// <summary>Whether who connects to one of the targets gets to who listens on one of the others.</summary>
    /// <param name="targets">Where to connect to.</param>
    /// <param name="listeners">Where to listen.</param>
    /// <param name="isIPv6Only">Whether [::] is not for IPv4.</param>
    public static bool Reaches(EndpointList targets, EndpointList listeners, bool isIPv6Only) => targets.Found.Any(
        target => listeners.Found.Any(listener => Reaches(target.Endpoint, listener.Endpoint, !isIPv6Only)));

    private static bool Reaches(IPEndPoint target, IPEndPoint listener, bool takesIPv4)
    {
        IPAddress to = Destination(target.Address);
        IPAddress at = Plain(listener.Address);
        return target.Port == listener.Port && (to.Equals(at) || (IsAny(at) && IsTaken(to, at, takesIPv4) && IsOwn(to)));
    }

    // Where [::] takes no IPv4 because the same list has an address for that, the other address answers for it.
    private static bool IsTaken(IPAddress to, IPAddress any, bool takesIPv4) =>
        any.AddressFamily == to.AddressFamily || (takesIPv4 && any.Equals(IPAddress.IPv6Any));

    // Connecting to no address in particular is connecting to oneself.
    private static IPAddress Destination(IPAddress address)
    {
        IPAddress plain = Plain(address);
        return !IsAny(plain) ? plain : plain.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback;
    }

    // One address may be written in several ways: by IPv6 for IPv4, or with an interface.
    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static bool IsOwn(IPAddress address)
    {
        if (IPAddress.IsLoopback(address))
        {
            return true;
        }

        try
        {
            return NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(card => card.GetIPProperties().UnicastAddresses)
                .Any(own => Plain(own.Address).Equals(address));
        }
        catch (NetworkInformationException)
        {
            // Where the kernel does not tell them (a container without /proc or netlink), only the loopback is known.
            return false;
        }
    }
}
