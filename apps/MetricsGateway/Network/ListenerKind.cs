using System.Net.Sockets;
using MetricsGateway.Configuration;

namespace MetricsGateway.Network;

/// <summary>One kind of listener.</summary>
/// <param name="Option">The option with its addresses.</param>
/// <param name="Type">The type of its sockets: sockets of different types do not conflict.</param>
/// <param name="Addresses">The addresses in the options; empty if it is off.</param>
/// <param name="Open">
/// Opens the socket of one address. Throws a <see cref="ListenException"/>. Gets the gateway's sockets that will be closed.
/// </param>
/// <param name="Serve">Makes a listener of the socket.</param>
internal sealed record ListenerKind(
    string Option,
    SocketType Type,
    Func<GatewayOptions, IReadOnlyList<ListenAddress>> Addresses,
    Func<ListenAddress, IReadOnlyList<Socket>, BoundSocket> Open,
    Func<BoundSocket, Listener> Serve);
