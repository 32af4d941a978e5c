using System.Net;
using MetricsGateway.Configuration;

namespace MetricsGateway.Tests.Configuration;

public class OptionsDifferenceTests
{
    [Fact]
    public void The_same_options_differ_in_nothing() =>
        Assert.Empty(new OptionsDifference(GatewayOptions.Defaults, GatewayOptions.Defaults with { }).Changes);

    [Fact]
    public void What_differs_is_named_with_both_values_as_they_are_written()
    {
        GatewayOptions after = GatewayOptions.Defaults with
        {
            FlushInterval = TimeSpan.FromMilliseconds(1500),
            StatsDUdp = null,
            Graphite = new IPEndPoint(IPAddress.IPv6Loopback, 2003),
        };

        OptionsDifference difference = new(GatewayOptions.Defaults, after);

        Assert.Equal(
            [
                new("statsd-udp", "127.0.0.1:8125", "off"),
                new("graphite", "127.0.0.1:2003", "[::1]:2003"),
                new("flush-interval", "10s", "1500ms"),
            ],
            difference.Changes);
        Assert.True(difference.Contains("graphite"));
        Assert.False(difference.Contains("admin"));
        Assert.Same(after, difference.After);
    }
}
