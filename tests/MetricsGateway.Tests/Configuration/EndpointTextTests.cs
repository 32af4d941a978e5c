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
        Assert.True(EndpointText.TryParse(text, out IPEndPoint? endpoint));
        Assert.Equal(text, endpoint.ToString());
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
    [InlineData("localhost:8125")]
    [InlineData("*:8125")]
    public void Everything_else_is_not(string text)
    {
        Assert.False(EndpointText.TryParse(text, out IPEndPoint? endpoint));
        Assert.Null(endpoint);
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
