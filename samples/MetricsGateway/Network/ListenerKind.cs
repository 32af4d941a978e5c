using System.Net.Sockets;
using MetricsGateway.Configuration;

namespace MetricsGateway.Network;

/// <summary>One of the ways that clients reach the gateway.</summary>
/// <param name="Option">The option that says where.</param>
/// <param name="Open">
/// Opens its socket; null where the options say that it is off. Throws a <see cref="ListenException"/>. It is told which sockets of the
/// gateway will be closed.
/// </param>
/// <param name="Serve">Makes a listener of the socket.</param>
internal sealed record ListenerKind(string Option, Func<GatewayOptions, IReadOnlyList<Socket>, BoundSocket?> Open, Func<BoundSocket, Listener> Serve);
