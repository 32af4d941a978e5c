using System.Net.Sockets;
using MetricsGateway.Configuration;

namespace MetricsGateway.Network;

/// <summary>One of the ways that clients reach the gateway.</summary>
/// <param name="Option">The option that says where.</param>
/// <param name="Type">The type of its sockets: those of different types are in nobody's way.</param>
/// <param name="Addresses">Where the options want it; nowhere, if it is off.</param>
/// <param name="Open">
/// Opens the socket of one address. Throws a <see cref="ListenException"/>. It is told which sockets of the gateway will be closed.
/// </param>
/// <param name="Serve">Makes a listener of the socket.</param>
internal sealed record ListenerKind(
    string Option,
    SocketType Type,
    Func<GatewayOptions, IReadOnlyList<ListenAddress>> Addresses,
    Func<ListenAddress, IReadOnlyList<Socket>, BoundSocket> Open,
    Func<BoundSocket, Listener> Serve);
