using System.Net;
using System.Net.Sockets;
using MetricsGateway.Configuration;
using MetricsGateway.Network;

namespace MetricsGateway.Tests.Network;

public class ListeningSocketTests
{
    [Fact]
    public void Who_may_have_any_receive_buffer_gets_the_largest_that_can_be_asked_for()
    {
        const int BeyondAnyLimit = 1 << 29;
        using BoundSocket bound = ListeningSocket.OpenUdp(
            "test",
            new ListenAddress(new IPEndPoint(IPAddress.Loopback, 0), Path: null),
            leaving: []);
        Socket socket = bound.Socket;
        Assert.SkipUnless(
            ListeningSocket.SetReceiveBuffer(socket, BeyondAnyLimit) == BeyondAnyLimit,
            "The kernel gives less without CAP_NET_ADMIN.");

        Assert.Equal(OptionTable.LargestReceiveBuffer, ListeningSocket.SetReceiveBuffer(socket, OptionTable.LargestReceiveBuffer));
    }

    [Fact]
    public void A_socket_that_one_address_was_refused_to_is_connected_to_another()
    {
        using BoundSocket bound = ListeningSocket.OpenUdp(
            "test",
            new ListenAddress(new IPEndPoint(IPAddress.IPv6Any, 0), Path: null) { IsDual = true },
            leaving: []);
        int port = ((IPEndPoint)bound.Socket.LocalEndPoint!).Port;

        // Without SO_BROADCAST.
        Assert.False(ListeningSocket.TryConnect(bound.Socket, new IPEndPoint(IPAddress.Broadcast.MapToIPv6(), port)));
        Assert.True(ListeningSocket.TryConnect(bound.Socket, new IPEndPoint(IPAddress.Loopback.MapToIPv6(), port)));

        using SafeSocketHandle borrowed = new(bound.Socket.Handle, ownsHandle: false);
        using Socket seen = new(borrowed);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback.MapToIPv6(), port), seen.RemoteEndPoint);
    }
}
