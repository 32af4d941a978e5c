using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using MetricsGateway.Configuration;

namespace MetricsGateway.Tests.Configuration;

public class OwnAddressesTests
{
    [Theory]
    [InlineData("127.0.0.1:2003", "127.0.0.1:2003", true)]
    [InlineData("127.0.0.1:2003", "127.0.0.1:2004", false)]
    [InlineData("127.0.0.1:2003", "127.0.0.2:2003", false)]
    [InlineData("127.0.0.2:2003", "0.0.0.0:2003", true)]
    [InlineData("0.0.0.0:2003", "127.0.0.1:2003", true)]
    [InlineData("0.0.0.0:2003", "0.0.0.0:2003", true)]
    [InlineData("[::]:2003", "[::1]:2003", true)]
    [InlineData("[::ffff:127.0.0.1]:2003", "127.0.0.1:2003", true)]
    [InlineData("[::ffff:127.0.0.1]:2003", "0.0.0.0:2003", true)]
    [InlineData("[fe80::1%1]:2003", "[fe80::1]:2003", true)]
    [InlineData("192.0.2.7:2003", "0.0.0.0:2003", false)]
    [InlineData("127.0.0.1:2003", "[::]:2003", true)]
    [InlineData("[::ffff:127.0.0.1]:2003", "[::]:2003", true)]
    [InlineData("127.0.0.1:2003", "[::1]:2003", false)]
    [InlineData("[::1]:2003", "0.0.0.0:2003", false)]
    [InlineData("[::]:2003", "0.0.0.0:2003", false)]
    [InlineData("192.0.2.7:2003", "127.0.0.1:2003", false)]
    public void An_address_reaches_a_listener_however_it_is_written(string target, string listener, bool reaches) =>
        Assert.Equal(reaches, OwnAddresses.Reaches(IPEndPoint.Parse(target), IPEndPoint.Parse(listener), isIPv6Only: false));

    [Fact]
    public void All_of_IPv6s_addresses_alone_are_not_reached_by_IPv4() =>
        Assert.False(OwnAddresses.Reaches(IPEndPoint.Parse("127.0.0.1:2003"), IPEndPoint.Parse("[::]:2003"), isIPv6Only: true));

    [Fact]
    public void One_of_several_addresses_is_enough()
    {
        Assert.True(EndpointList.TryParse("127.0.0.3:2003,127.0.0.2:2003", EndpointList.MaxCount, out EndpointList? listeners));
        Assert.True(OwnAddresses.Reaches(IPEndPoint.Parse("127.0.0.2:2003"), listeners, isIPv6Only: false));
        Assert.False(OwnAddresses.Reaches(IPEndPoint.Parse("127.0.0.1:2003"), listeners, isIPv6Only: false));
    }

    [Fact]
    public void Every_address_of_the_machine_reaches_who_listens_on_all_of_them()
    {
        IPAddress[] own = [.. NetworkInterface.GetAllNetworkInterfaces().SelectMany(
            card => card.GetIPProperties().UnicastAddresses).Select(address => address.Address)];

        Assert.NotEmpty(own);
        Assert.All(own, address =>
        {
            IPAddress all = address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
            Assert.True(OwnAddresses.Reaches(new IPEndPoint(address, 2003), new IPEndPoint(all, 2003), isIPv6Only: true));
        });
    }
}
