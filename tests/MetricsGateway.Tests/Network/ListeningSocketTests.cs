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
}
