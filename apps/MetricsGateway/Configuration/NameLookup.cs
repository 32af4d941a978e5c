using System.Net;
using System.Net.Sockets;

namespace MetricsGateway.Configuration;

/// <summary>Looks up the host names in options.</summary>
internal static class NameLookup
{
    /// <summary>The options with the addresses of all names. It may take many seconds.</summary>
    /// <exception cref="NameLookupException">A name has no address.</exception>
    public static GatewayOptions Apply(GatewayOptions options) => options with
    {
        StatsDUdp = LookUp(OptionTable.StatsDUdp, options.StatsDUdp),
        StatsDTcp = LookUp(OptionTable.StatsDTcp, options.StatsDTcp),
        Graphite = LookUp(OptionTable.Graphite, options.Graphite),
        Admin = LookUp(OptionTable.Admin, options.Admin),
        GraphiteSend = LookUp(OptionTable.GraphiteSend, options.GraphiteSend),
    };

    private static EndpointList? LookUp(string option, EndpointList? list) => list?.LookUp(name =>
    {
        try
        {
            return Dns.GetHostAddresses(name);
        }
        catch (SocketException exception)
        {
            throw new NameLookupException(option, name, exception);
        }
    });
}

/// <summary>A host name has no address, or no name server answers.</summary>
internal sealed class NameLookupException(string option, string name, SocketException innerException)
    : Exception($"cannot look up {name} (--{option}): {innerException.Message}", innerException);
