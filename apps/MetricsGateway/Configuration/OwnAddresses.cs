using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace MetricsGateway.Configuration;

/// <summary>Whether a connection to an address ends at a socket of this machine.</summary>
internal static class OwnAddresses
{
    /// <summary>Whether a connection to one of the targets ends at one of the listeners.</summary>
    /// <param name="targets">Addresses to connect to.</param>
    /// <param name="listeners">Addresses to listen on.</param>
    /// <param name="isIPv6Only">Whether [::] takes no IPv4.</param>
    public static bool Reaches(EndpointList targets, EndpointList listeners, bool isIPv6Only) => targets.Found.Any(
        target => listeners.Found.Any(listener => Reaches(target.Endpoint, listener.Endpoint, !isIPv6Only)));

    private static bool Reaches(IPEndPoint target, IPEndPoint listener, bool takesIPv4)
    {
        IPAddress to = Destination(target.Address);
        IPAddress at = Plain(listener.Address);
        return target.Port == listener.Port && (to.Equals(at) || (IsAny(at) && IsTaken(to, at, takesIPv4) && IsOwn(to)));
    }

    // If [::] takes no IPv4 because the same list has an IPv4 address, the check of that other address covers it.
    private static bool IsTaken(IPAddress to, IPAddress any, bool takesIPv4) =>
        any.AddressFamily == to.AddressFamily || (takesIPv4 && any.Equals(IPAddress.IPv6Any));

    // A connection to the unspecified address is a connection to the loopback.
    private static IPAddress Destination(IPAddress address)
    {
        IPAddress plain = Plain(address);
        return !IsAny(plain) ? plain : plain.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback;
    }

    // One address has several forms: IPv4 mapped to IPv6, and with a scope.
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
            // If the kernel does not list the addresses (a container without /proc or netlink), only the loopback is known.
            return false;
        }
    }
}
