using MetricsGateway.Protocols;

namespace MetricsGateway.Tests.Protocols;

public class GraphiteReceiverTests
{
    private readonly Reception _reception = new();

    [Fact]
    public void Values_become_gauges_and_the_last_one_counts()
    {
        _reception.Graphite.ReceivePacket("load.1m 3 1700000000\nload.1m -4.5 1700000060\n"u8);

        Assert.Equal(-4.5, _reception.Gauge("load.1m"));
        Assert.Equal(2, _reception.GraphiteTotals.Metrics);
    }

    [Fact]
    public void Tags_name_the_same_series_as_those_of_StatsD()
    {
        _reception.Graphite.ReceivePacket("load;host=a;dc=x 3 -1\n"u8);
        _reception.StatsD.ReceivePacket("load:+1|g|#dc:x,host:a"u8);

        Assert.Equal(4, _reception.Gauge("load;dc=x;host=a"));
    }

    [Fact]
    public void An_invalid_line_is_counted_and_the_stream_goes_on()
    {
        using LineSplitter splitter = _reception.Graphite.CreateSplitter();

        _reception.Graphite.ReceiveChunk("load x -1\nload 1"u8, splitter);
        _reception.Graphite.ReceiveChunk("\nload 2 N"u8, splitter);
        _reception.Graphite.ReceiveEnd(splitter);

        Assert.Equal(2, _reception.Gauge("load"));
        Assert.Equal(1, _reception.GraphiteTotals.Rejections[RejectionReason.InvalidValue]);
        Assert.Equal(1, _reception.GraphiteTotals.Rejections[RejectionReason.MissingTimestamp]);
    }

    [Fact]
    public void A_new_path_over_the_limit_is_rejected()
    {
        Reception reception = new(maxNames: 1);

        reception.Graphite.ReceivePacket("a 1 N\nb 1 N\na 2 N\n"u8);

        Assert.Equal(2, reception.Gauge("a"));
        Assert.Equal(1, reception.GraphiteTotals.Rejections[RejectionReason.TooManyNames]);
    }
}
