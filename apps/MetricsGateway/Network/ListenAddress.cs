using System.Net;
using System.Net.Sockets;
using MetricsGateway.Configuration;

namespace MetricsGateway.Network;

/// <summary>Where a listener is wanted: an address and port, or a path. Two that are equal ask for the same socket.</summary>
/// <param name="Endpoint">The address and port; null for a path.</param>
/// <param name="Path">The path of a Unix socket; null for an address.</param>
internal sealed record ListenAddress(IPEndPoint? Endpoint, string? Path)
{
    /// <summary>Whether it is all of IPv6's addresses and takes IPv4 too.</summary>
    public bool IsDual { get; init; }

    /// <summary>Whether it was written as a name, which may have addresses that this machine does not have.</summary>
    public bool IsOfName { get; init; }

    /// <summary>
    /// Those that an option names. <c>[::]</c> takes IPv4 as well, unless it must not, or another address of the list is there for it.
    /// </summary>
    public static IReadOnlyList<ListenAddress> Of(EndpointList? list, bool isIPv6Only) =>
    [
        .. (list?.Found ?? []).Select(found => new ListenAddress(found.Endpoint, Path: null)
        {
            IsDual = !isIPv6Only && found.Endpoint.Address.Equals(IPAddress.IPv6Any) && !HasIPv4(list!, found.Endpoint.Port),
            IsOfName = found.IsOfName,
        }),
    ];

    /// <summary>Whether the kernel would not let both be bound by sockets of one type, if they were strangers to each other.</summary>
    /// <param name="bound">Where another socket is bound.</param>
    /// <param name="isDual">Whether that takes IPv4 beside IPv6.</param>
    public bool Overlaps(IPEndPoint bound, bool isDual) =>
        Endpoint is { Port: not 0 } own && own.Port == bound.Port
        && (own.AddressFamily == bound.AddressFamily
            ? own.Address.Equals(bound.Address) || IsAny(own.Address) || IsAny(bound.Address)
            : IsDual || isDual);

    public override string ToString() => Path ?? Endpoint!.ToString();

    private static bool HasIPv4(EndpointList list, int port) =>
        list.Found.Any(found => found.Endpoint.AddressFamily == AddressFamily.InterNetwork && found.Endpoint.Port == port);

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
