using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MetricsGateway.Configuration;

internal static class EndpointText
{
    public const string Off = "off";

    /// <summary>The size of <c>sockaddr_un.sun_path</c> on Linux, less its final zero byte.</summary>
    public const int MaxSocketPathBytes = 107;

    private const int MaxNameLength = 253;
    private const int MaxLabelLength = 63;

    public static bool IsOff(string text) => string.Equals(text, Off, StringComparison.Ordinal);

    public static bool IsSocketPath(string text) =>
        text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal) && Encoding.UTF8.GetByteCount(text) <= MaxSocketPathBytes;

    /// <summary>
    /// Reads <c>1.2.3.4:port</c>, <c>[v6]:port</c> or <c>name:port</c>. The framework's own parser is too lenient: it takes a missing port
    /// for 0, "1:80" for 0.0.0.1, "010" for 8 and "0x7f" for 127.
    /// </summary>
    public static bool TryParse(string text, out HostEndpoint endpoint)
    {
        endpoint = default;
        int colon = text.LastIndexOf(':');
        if (colon < 0
            || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            return false;
        }

        string host = text[..colon];
        if (TryParseAddress(host, out IPAddress? address))
        {
            endpoint = new HostEndpoint(Name: null, new IPEndPoint(address, port));
            return true;
        }

        endpoint = new HostEndpoint(host, new IPEndPoint(IPAddress.None, port));
        return IsName(host);
    }

    private static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        if (text is not ['[', .. var bracketed, ']'])
        {
            return IsDecimal(text) && IPAddress.TryParse(text, out address);
        }

        // The text may end with an IPv4 address, and a scope (the name of an interface) may follow.
        string plain = bracketed.Split('%', 2)[0];
        string last = plain[(plain.LastIndexOf(':') + 1)..];
        if (!plain.All(character => char.IsAsciiHexDigit(character) || character is ':' or '.')
            || (last.Contains('.', StringComparison.Ordinal) && !IsDecimal(last))
            || !IPAddress.TryParse(bracketed, out address)
            || address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return false;
        }

        // A mapped address becomes IPv4: an IPv6 socket that takes no IPv4 could not be bound to it.
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return true;
    }

    // Four decimal numbers. Other programs read a leading zero as octal, so the writer's intention is unknown.
    private static bool IsDecimal(string text)
    {
        string[] parts = text.Split('.');
        return parts.Length == 4 && parts.All(part =>
            part.Length is > 0 and <= 3
            && part.All(char.IsAsciiDigit)
            && (part.Length == 1 || part[0] != '0')
            && int.Parse(part, CultureInfo.InvariantCulture) <= byte.MaxValue);
    }

    // RFC 1123, 2.1, and underscores, which names of containers have. A name whose last label is a number is meant as an address.
    private static bool IsName(string text)
    {
        string[] labels = text.Split('.');
        return text.Length <= MaxNameLength
            && labels.All(
                label => label.Length is > 0 and <= MaxLabelLength && label.All(
                    character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_'))
            && !labels[^1].All(char.IsAsciiDigit)
            && !labels[^1].StartsWith("0x", StringComparison.OrdinalIgnoreCase);
    }
}
