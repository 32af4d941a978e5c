using System.Net;
using System.Net.Sockets;
using MetricsGateway.Configuration;

namespace MetricsGateway.Network;

/// <summary>The place of a listener: an address and port, or a path. Two that are equal mean the same socket.</summary>
/// <param name="Endpoint">The address and port; null for a path.</param>
/// <param name="Path">The path of a Unix socket; null for an address.</param>
internal sealed record ListenAddress(IPEndPoint? Endpoint, string? Path)
{
    /// <summary>Whether it is <c>[::]</c> and takes IPv4 too.</summary>
    public bool IsDual { get; init; }

    /// <summary>The socket that the service manager has opened there; null if the gateway is to open one.</summary>
    public Socket? Passed { get; init; }

    /// <summary>Whether it comes from a name, which may have addresses that this machine does not have.</summary>
    public bool IsOfName { get; init; }

    /// <summary>
    /// The addresses of an option. <c>[::]</c> takes IPv4 as well, unless the options forbid it, or the list has another address for it.
    /// </summary>
    public static IReadOnlyList<ListenAddress> Of(EndpointList? list, bool isIPv6Only) =>
    [
        .. (list?.Found ?? []).Select(found => new ListenAddress(found.Endpoint, Path: null)
        {
            IsDual = !isIPv6Only && found.Endpoint.Address.Equals(IPAddress.IPv6Any) && !HasIPv4(list!, found.Endpoint.Port),
            IsOfName = found.IsOfName,
        }),
    ];

    /// <summary>Whether the kernel would refuse to bind both, for unrelated sockets of one type.</summary>
    /// <param name="bound">The address of the other socket.</param>
    /// <param name="isDual">Whether the other socket takes IPv4 beside IPv6.</param>
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
