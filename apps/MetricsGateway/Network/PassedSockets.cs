using System.Net;
using System.Net.Sockets;
using MetricsGateway.Configuration;
using MetricsGateway.Interop;
using Vigil;

namespace MetricsGateway.Network;

/// <summary>
/// The sockets that the service manager has opened for the gateway, each with the name of the option for which it stands in
/// (<c>FileDescriptorName=statsd-udp</c>). An option with passed sockets listens on these, and its addresses do not count.
/// </summary>
/// <remarks>
/// They are kept open until the end, and listeners get duplicates: one whose socket has failed gets another, and what arrives after the
/// gateway's end waits in the kernel for the next one.
/// </remarks>
internal sealed class PassedSockets : IDisposable
{
    // The options that take them, with the kind of their sockets.
    private static readonly Dictionary<string, SocketType> Kinds = new(StringComparer.Ordinal)
    {
        [OptionTable.StatsDUdp] = SocketType.Dgram,
        [OptionTable.StatsDTcp] = SocketType.Stream,
        [OptionTable.UnixSocket] = SocketType.Dgram,
        [OptionTable.Graphite] = SocketType.Stream,
        [OptionTable.Admin] = SocketType.Stream,
    };

    private readonly Dictionary<string, ListenAddress[]> _byOption = new(StringComparer.Ordinal);

    /// <summary>None.</summary>
    public PassedSockets()
    {
    }

    /// <summary>Takes the sockets that have an option's name. All others stay where they are.</summary>
    /// <exception cref="ListenException">One cannot serve the option of its name; none is taken.</exception>
    public PassedSockets(InheritedDescriptors inherited)
    {
        InheritedDescriptor[] wanted = [.. inherited.All.Where(descriptor => Kinds.ContainsKey(descriptor.Name))];
        foreach (InheritedDescriptor descriptor in wanted)
        {
            SocketType kind = Kinds[descriptor.Name];
            if (descriptor.SocketType != kind || descriptor.IsListening != (kind == SocketType.Stream) || !HasPlace(descriptor))
            {
                throw new ListenException(
                    descriptor.Name,
                    $"the passed {descriptor}",
                    kind == SocketType.Stream ? "it takes listening TCP sockets" : "it takes bound datagram sockets");
            }
        }

        foreach (IGrouping<string, InheritedDescriptor> option in wanted.GroupBy(descriptor => descriptor.Name, StringComparer.Ordinal))
        {
            _byOption.Add(option.Key, [.. option.Select(descriptor => AddressOf(descriptor.TakeSocket()))]);
        }
    }

    /// <summary>The sockets for an option; null if it has none, and its addresses count.</summary>
    public IReadOnlyList<ListenAddress>? Of(string option) => _byOption.GetValueOrDefault(option);

    /// <summary>A listener's duplicate of a passed socket.</summary>
    /// <exception cref="ListenException">There is no descriptor left.</exception>
    public static BoundSocket Open(string option, ListenAddress address, Action<Socket> prepare)
    {
        Socket? socket = null;
        try
        {
            socket = FileNative.Duplicate(address.Passed!);
            socket.Blocking = false;
            prepare(socket);
            return new BoundSocket(socket, address.ToString()) { IsPassed = true };
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            socket?.Dispose();
            throw new ListenException(option, address.ToString(), exception.Message, exception);
        }
    }

    public void Dispose()
    {
        foreach (ListenAddress address in _byOption.Values.SelectMany(addresses => addresses))
        {
            address.Passed!.Dispose();
        }
    }

    // That of a Unix socket for streams would be refused by the kernel when its options are set.
    private static bool HasPlace(InheritedDescriptor descriptor) => descriptor.LocalEndPoint switch
    {
        IPEndPoint => !string.Equals(descriptor.Name, OptionTable.UnixSocket, StringComparison.Ordinal),
        UnixDomainSocketEndPoint => string.Equals(descriptor.Name, OptionTable.UnixSocket, StringComparison.Ordinal),
        _ => false,
    };

    private static ListenAddress AddressOf(Socket socket) => socket.LocalEndPoint is IPEndPoint endpoint
        ? new ListenAddress(endpoint, Path: null)
        {
            IsDual = endpoint.Address.Equals(IPAddress.IPv6Any) && socket.DualMode,
            Passed = socket,
        }
        : new ListenAddress(Endpoint: null, socket.LocalEndPoint!.ToString()) { Passed = socket };
}
