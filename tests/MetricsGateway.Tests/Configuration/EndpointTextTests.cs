using System.Net;
using MetricsGateway.Configuration;

namespace MetricsGateway.Tests.Configuration;

public class EndpointTextTests
{
    [Theory]
    [InlineData("127.0.0.1:8125")]
    [InlineData("0.0.0.0:0")]
    [InlineData("255.255.255.255:65535")]
    [InlineData("[::1]:8125")]
    [InlineData("[::]:1")]
    [InlineData("[fe80::1]:2003")]
    public void An_address_with_a_port_is_an_endpoint(string text)
    {
        Assert.True(EndpointText.TryParse(text, out HostEndpoint endpoint));
        Assert.Null(endpoint.Name);
        Assert.Equal(text, endpoint.ToString());
    }

    [Theory]
    [InlineData("localhost:8125", "localhost")]
    [InlineData("graphite-1.metrics_net.example:2003", "graphite-1.metrics_net.example")]
    [InlineData("3com.example:80", "3com.example")]
    public void A_name_with_a_port_is_to_be_looked_up(string text, string name)
    {
        Assert.True(EndpointText.TryParse(text, out HostEndpoint endpoint));
        Assert.Equal(name, endpoint.Name);
        Assert.Equal(text, endpoint.ToString());
    }

    [Fact]
    public void An_address_of_IPv4_as_one_of_IPv6_is_the_same_address()
    {
        Assert.True(EndpointText.TryParse("[::ffff:192.0.2.7]:80", out HostEndpoint endpoint));
        Assert.Equal("192.0.2.7:80", endpoint.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("8125")]
    [InlineData(":8125")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("127.0.0.1:+1")]
    [InlineData("127.0.0.1: 1")]
    [InlineData("127.0.0.1:0x50")]
    [InlineData(" 127.0.0.1:80")]
    [InlineData("127.0.0.256:80")]
    [InlineData("127.1:80")]
    [InlineData("1:80")]
    [InlineData("[127.0.0.1]:80")]
    [InlineData("::1:80")]
    [InlineData("[::1]")]
    [InlineData("[::1:80")]
    [InlineData("[]:80")]
    [InlineData("*:8125")]
    [InlineData("127.0.0.010:80")]
    [InlineData("0x7f.0.0.1:80")]
    [InlineData("0x7f:80")]
    [InlineData("0177.0.0.1:80")]
    [InlineData("2130706433:80")]
    [InlineData("127.0.0.1.:80")]
    [InlineData("1.2.3.4.5:80")]
    [InlineData("[::ffff:127.0.0.010]:80")]
    [InlineData("[[::1]:80]:80")]
    [InlineData("[::1/64]:80")]
    [InlineData("a..b:80")]
    [InlineData("local host:80")]
    public void Everything_else_is_not(string text)
    {
        Assert.False(EndpointText.TryParse(text, out _));
        Assert.False(EndpointList.TryParse($"127.0.0.1:80,{text}", maxCount: 2, out _));
    }

    [Theory]
    [InlineData("127.0.0.1:80,[::1]:80,localhost:81")]
    [InlineData("0.0.0.0:80,[::]:80")]
    public void Several_have_commas_between_them(string text)
    {
        Assert.True(EndpointList.TryParse(text, EndpointList.MaxCount, out EndpointList? list));
        Assert.Equal(text, list.ToString());
    }

    [Fact]
    public void Names_lead_to_all_their_addresses_and_each_address_counts_once()
    {
        Assert.True(EndpointList.TryParse("one:80,192.0.2.1:80,two:81", EndpointList.MaxCount, out EndpointList? list));
        Assert.Equal(["192.0.2.1:80"], list.Found.Select(found => found.Endpoint.ToString()));

        IPAddress[] one = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("192.0.2.2")];
        EndpointList found = list.LookUp(name => name == "one" ? one : [IPAddress.IPv6Loopback]);

        Assert.Equal(["192.0.2.1:80", "192.0.2.2:80", "[::1]:81"], found.Found.Select(entry => entry.Endpoint.ToString()));
        Assert.Equal("one:80,192.0.2.1:80,two:81", found.ToString());
        Assert.NotEqual(list, found);
        Assert.Equal(found, list.LookUp(name => name == "one" ? one : [IPAddress.IPv6Loopback]));
    }

    [Theory]
    [InlineData("/run/gateway.sock", true)]
    [InlineData("relative.sock", true)]
    [InlineData("", false)]
    [InlineData("/run/\0", false)]
    public void A_socket_path_is_not_empty_and_has_no_zero(string path, bool isValid) =>
        Assert.Equal(isValid, EndpointText.IsSocketPath(path));

    [Fact]
    public void A_socket_path_fits_into_the_kernels_address()
    {
        Assert.True(EndpointText.IsSocketPath(new string('x', 107)));
        Assert.False(EndpointText.IsSocketPath(new string('x', 108)));
        Assert.False(EndpointText.IsSocketPath(new string('é', 54)));
    }
}
