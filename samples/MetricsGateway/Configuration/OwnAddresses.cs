using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace MetricsGateway.Configuration;

/// <summary>Whether a connection to an address ends at a socket of this machine.</summary>
internal static class OwnAddresses
{
    /// <summary>Whether who connects to one gets to who listens on the other.</summary>
    public static bool Reaches(IPEndPoint target, IPEndPoint listener)
    {
        IPAddress to = Destination(target.Address);
        IPAddress at = Plain(listener.Address);

        // Who listens on all addresses does so for one family: [::] takes no IPv4 here (IPV6_V6ONLY).
        return target.Port == listener.Port && (to.Equals(at) || (IsAny(at) && at.AddressFamily == to.AddressFamily && IsOwn(to)));
    }

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
