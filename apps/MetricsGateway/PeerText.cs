using System.Net;

namespace MetricsGateway;

/// <summary>The sender of data, as text.</summary>
internal static class PeerText
{
    public const string Unknown = "-";

    /// <param name="peer">An address and port, or the path of a Unix socket, which its owner chooses.</param>
    public static string Of(EndPoint? peer) => peer switch
    {
        null => Unknown,

        // A dual-mode socket reports IPv4 as an IPv6 address.
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped => $"{mapped.Address.MapToIPv4()}:{mapped.Port}",
        _ => VisibleText.Of(peer.ToString() ?? Unknown),
    };
}
