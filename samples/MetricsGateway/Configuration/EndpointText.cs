using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MetricsGateway.Configuration;

internal static class EndpointText
{
    public const string Off = "off";

    /// <summary>The room in <c>sockaddr_un.sun_path</c> on Linux, less its final zero byte.</summary>
    public const int MaxSocketPathBytes = 107;

    public static bool IsOff(string text) => string.Equals(text, Off, StringComparison.Ordinal);

    public static bool IsSocketPath(string text) =>
        text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal) && Encoding.UTF8.GetByteCount(text) <= MaxSocketPathBytes;

    /// <summary>
    /// Reads <c>1.2.3.4:port</c> or <c>[v6]:port</c>. The framework's own parser is too kind: it takes a missing port for 0,
    /// "1:80" for 0.0.0.1 and "::1:80" for an address without port.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IPEndPoint? endpoint)
    {
        endpoint = null;
        int colon = text.LastIndexOf(':');
        if (colon < 0
            || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
            || !TryParseAddress(text[..colon], out IPAddress? address))
        {
            return false;
        }

        endpoint = new IPEndPoint(address, port);
        return true;
    }

    private static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        if (text is ['[', .. var bracketed, ']'])
        {
            return IPAddress.TryParse(bracketed, out address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        }

        return IPAddress.TryParse(text, out address)
            && address.AddressFamily == AddressFamily.InterNetwork
            && text.Count(character => character == '.') == 3;
    }
}
