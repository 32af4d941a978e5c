using System.Net;

namespace MetricsGateway;

/// <summary>Who sent something, in a line of text.</summary>
internal static class PeerText
{
    public const string Unknown = "-";

    /// <param name="peer">An address and port, or the path of a Unix socket, which its owner chooses.</param>
    public static string Of(EndPoint? peer) => peer switch
    {
        null => Unknown,

        // By a socket for both, IPv4 comes as a part of IPv6.
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped => $"{mapped.Address.MapToIPv4()}:{mapped.Port}",
        _ => VisibleText.Of(peer.ToString() ?? Unknown),
    };
}
