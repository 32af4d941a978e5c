using MetricsGateway.Protocols;

namespace MetricsGateway.Tests.Protocols;

/// <summary>Once its series are known, receiving a metric allocates nothing.</summary>
public class HotPathAllocationTests
{
    private readonly Reception _reception = new();

    [Fact]
    public void A_StatsD_packet_of_known_series_allocates_nothing()
    {
        byte[] packet =
            """
            hits:1|c|@0.5
            hits:1|c|#host:b,dc:a,host:b,env
            level:-2.5|g
            time:1:2:3:4:5:6:7:8:9:10|ms|#a:b
            time:1|h
            time:1|d
            time:1|ms:2|ms|@0.5|#b,a:x y
            a/b c:1|c
            users:anna|s
            _e{1,1}:a|b
            broken
            """.Utf8();

        AssertAllocatesNothing(() => _reception.StatsD.ReceivePacket(packet));
    }

    [Fact]
    public void A_Graphite_stream_of_known_series_in_pieces_allocates_nothing()
    {
        byte[] stream = "load.1m 0.5 1700000000\nload;host=b;dc=a 3 N\nbroken\n".Utf8();
        using LineSplitter splitter = _reception.Graphite.CreateSplitter();

        AssertAllocatesNothing(() =>
        {
            for (int start = 0; start < stream.Length; start += 7)
            {
                _reception.Graphite.ReceiveChunk(stream.AsSpan(start, Math.Min(7, stream.Length - start)), splitter);
            }
        });
    }

    [Fact]
    public void Lines_over_the_limit_allocate_nothing()
    {
        Reception reception = new(maxLineLength: 64);
        using LineSplitter splitter = reception.StatsD.CreateSplitter();
        byte[] stream = [.. Enumerable.Repeat((byte)'x', 60)];

        AssertAllocatesNothing(() =>
        {
            reception.StatsD.ReceiveChunk(stream, splitter);
            reception.StatsD.ReceiveChunk(stream, splitter);
            reception.StatsD.ReceiveChunk("\n"u8, splitter);
        });
    }

    [Fact]
    public void A_thousand_idle_connections_hold_no_buffers()
    {
        LineSplitter[] splitters = new LineSplitter[1000];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < splitters.Length; i++)
        {
            splitters[i] = _reception.StatsD.CreateSplitter();
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, splitters.Length * 64);
    }

    private static void AssertAllocatesNothing(Action action) => Allocations.AssertNone(() =>
    {
        for (int i = 0; i < 1000; i++)
        {
            action();
        }
    });
}
