using MetricsGateway.Metrics;
using MetricsGateway.Protocols;

namespace MetricsGateway.Tests.Protocols;

public class StatsDReceiverTests
{
    private readonly Reception _reception = new();

    [Fact]
    public void Counters_add_up_and_are_scaled_by_their_sample_rate()
    {
        _reception.StatsD.ReceivePacket("hits:1|c\nhits:2|c|@0.1\nhits:-1|c"u8);

        Assert.Equal(20, _reception.Counter("hits"));
    }

    [Fact]
    public void A_signed_gauge_changes_and_an_unsigned_one_sets()
    {
        _reception.StatsD.ReceivePacket("level:10|g\nlevel:-4|g\nlevel:+1.5|g"u8);
        Assert.Equal(7.5, _reception.Gauge("level"));

        _reception.StatsD.ReceivePacket("level:3|g\nlevel:1:+1:+1|g"u8);
        Assert.Equal(3, _reception.Gauge("level"));
    }

    [Fact]
    public void A_gauge_that_was_never_set_changes_from_zero()
    {
        _reception.StatsD.ReceivePacket("level:-4|g"u8);

        Assert.Equal(-4, _reception.Gauge("level"));
    }

    [Fact]
    public void Timers_histograms_and_distributions_are_summarised()
    {
        _reception.StatsD.ReceivePacket("t:30|ms\nt:10|h|@0.5\nt:20:25|d"u8);

        TimerInterval timer = _reception.Timer("t")!;
        Assert.Equal(5, timer.Count);
        Assert.Equal(85, timer.Sum);
        Assert.Equal(10, timer.Minimum);
        Assert.Equal(30, timer.Maximum);
        Assert.Equal(25, timer.Last);
    }

    [Fact]
    public void Sets_count_unique_values()
    {
        _reception.StatsD.ReceivePacket("users:anna|s\nusers:bert|s\nusers:anna|s"u8);

        Assert.Equal(2, _reception.SetSize("users"));
    }

    [Theory]
    [InlineData("n:1|c|#b:2,a:1")]
    [InlineData("n:1|c|#a:1,b:2")]
    [InlineData("n:1|c|#a:1,b:2,a:1,")]
    public void A_series_is_known_by_its_name_and_its_tags_in_any_order(string line)
    {
        _reception.StatsD.ReceivePacket(line.Utf8());

        Assert.Equal(1, _reception.Counter("n;a=1;b=2"));
        Assert.Null(_reception.Counter("n"));
    }

    [Theory]
    [InlineData("api/users:10|c\napi-users:1|c", "api-users")]
    [InlineData("a  b:10|c\na_b:1|c", "a_b")]
    [InlineData("n:10|c|#env\nn:1|c|#env:true", "n;env=true")]
    [InlineData("n:10|c|#env:\nn:1|c|#env", "n;env=true")]
    [InlineData("n:10|c|#env:a,env:b\nn:1|c|#env:b", "n;env=b")]
    [InlineData("n;env=a:10|c\nn:1|c|#env:a", "n;env=a")]
    [InlineData("n:10|c|#:v,,\nn:1|c", "n")]
    [InlineData("a..b:10|c\n.a.b.:1|c", "a.b")]
    public void What_would_be_one_series_in_Graphite_is_one_here(string packet, string key)
    {
        _reception.StatsD.ReceivePacket(packet.Utf8());

        Assert.Equal(11, _reception.Counter(key));
        Assert.Equal(1, _reception.Store.NameCount);
        Assert.Equal(2, _reception.StatsDTotals.Metrics);
    }

    [Fact]
    public void A_tag_without_a_name_costs_the_tag_and_not_the_line()
    {
        _reception.StatsD.ReceivePacket("n:1|c|#:v,a:b\nn:1|c|#a:b"u8);

        Assert.Equal(2, _reception.Counter("n;a=b"));
        Assert.Equal(1, _reception.StatsDTotals.DroppedTags);
    }

    [Fact]
    public void A_name_of_which_nothing_is_left_is_refused()
    {
        _reception.StatsD.ReceivePacket("!!!:1|c\n;a=b:1|c\n..:1|g"u8);
        _reception.Graphite.ReceivePacket("(?) 1 N\n"u8);

        Assert.Equal(0, _reception.Store.NameCount);
        Assert.Equal(3, _reception.StatsDTotals.Rejections[RejectionReason.EmptyName]);
        Assert.Equal(1, _reception.GraphiteTotals.Rejections[RejectionReason.EmptyName]);
    }

    [Fact]
    public void A_line_with_several_types_adds_to_each()
    {
        _reception.StatsD.ReceivePacket("a:1|c:2|c:1|c|@0.1\na:7|ms:9|ms\na:5|g:+1|g\na:x|s:x|s:y|s"u8);

        Assert.Equal(13, _reception.Counter("a"));
        Assert.Equal(16, _reception.Timer("a")!.Sum);
        Assert.Equal(6, _reception.Gauge("a"));
        Assert.Equal(2, _reception.SetSize("a"));
        Assert.Equal(4, _reception.StatsDTotals.Metrics);
    }

    [Fact]
    public void A_value_with_a_time_of_its_own_is_rejected_and_counted()
    {
        _reception.StatsD.ReceivePacket("temp:1|g|T1656581400\ntemp:1|g|Tnonsense"u8);

        Assert.Null(_reception.Gauge("temp"));
        Assert.Equal(2, _reception.StatsDTotals.Rejections[RejectionReason.UnsupportedTimestamp]);
    }

    [Fact]
    public void The_names_of_the_gateways_own_counters_are_refused()
    {
        _reception.StatsD.ReceivePacket("statsd.bad_lines_seen:1|c"u8);

        Assert.Equal(1, _reception.StatsDTotals.Rejections[RejectionReason.ReservedName]);
    }

    [Fact]
    public void Long_names_are_refused_when_all_together_are_too_long_and_known_ones_are_not()
    {
        Reception reception = new(maxNameBytes: 4096);
        string name = new('x', 3000);

        reception.StatsD.ReceivePacket($"{name}:1|c\n{name}y:1|c\nshort:1|g\n{name}:1|c".Utf8());

        Assert.Equal(2, reception.Counter(name));
        Assert.Equal(1, reception.Gauge("short"));
        Assert.Equal(1, reception.StatsDTotals.Rejections[RejectionReason.TooManyNameBytes]);
        Assert.Equal(3005, reception.Store.NameByteCount);
    }

    [Fact]
    public void Set_values_of_any_length_take_the_same_memory()
    {
        const int Count = 20_000;
        Reception reception = new(maxSetValues: 100_000);
        byte[] packet = $"s:{new string('v', 1000)}00000|s".Utf8();
        reception.StatsD.ReceivePacket(packet);
        long allocated = Allocations.Of(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                // The five digits before "|s".
                Assert.True(i.TryFormat(packet.AsSpan(^7..^2), out _, "D5", System.Globalization.CultureInfo.InvariantCulture));
                reception.StatsD.ReceivePacket(packet);
            }
        });

        Assert.Equal(Count, reception.SetSize("s"));
        Assert.InRange(allocated, 0, Count * 150);
    }

    [Fact]
    public void One_name_may_be_used_for_every_kind()
    {
        _reception.StatsD.ReceivePacket("n:1|c\nn:2|g\nn:3|ms\nn:4|s"u8);

        Assert.Equal(1, _reception.Counter("n"));
        Assert.Equal(2, _reception.Gauge("n"));
        Assert.Equal(3, _reception.Timer("n")!.Last);
        Assert.Equal(1, _reception.SetSize("n"));
        Assert.Equal(4, _reception.Store.NameCount);
    }

    [Theory]
    [InlineData("a:1|c", 1)]
    [InlineData("a:1|c\n", 1)]
    [InlineData("a:1|c\r\na:1|c\r\n", 2)]
    [InlineData("\n\n\r\na:1|c\n\n\na:1|c\n\n", 2)]
    [InlineData("", 0)]
    [InlineData("\n", 0)]
    public void A_packet_holds_any_number_of_lines_and_empty_ones_are_ignored(string packet, int lines)
    {
        _reception.StatsD.ReceivePacket(packet.Utf8());

        Assert.Equal(1, _reception.StatsDTotals.Packets);
        Assert.Equal(packet.Length, _reception.StatsDTotals.Bytes);
        Assert.Equal(lines, _reception.StatsDTotals.Lines);
        Assert.Equal(lines, _reception.StatsDTotals.Metrics);
        Assert.Equal(0, _reception.StatsDTotals.Rejections.Total);
    }

    [Fact]
    public void An_invalid_line_is_counted_and_the_rest_of_the_packet_is_used()
    {
        _reception.StatsD.ReceivePacket("a:1|c\nb:x|c\n\xff\0\n_e{1,1}:a|b\na:1|c"u8);

        Assert.Equal(2, _reception.Counter("a"));
        Assert.Equal(5, _reception.StatsDTotals.Lines);
        Assert.Equal(2, _reception.StatsDTotals.Metrics);
        Assert.Equal(1, _reception.StatsDTotals.Rejections[RejectionReason.InvalidValue]);
        Assert.Equal(1, _reception.StatsDTotals.Rejections[RejectionReason.InvalidBytes]);
        Assert.Equal(1, _reception.StatsDTotals.Rejections[RejectionReason.UnsupportedEvent]);
    }

    [Fact]
    public void A_line_with_one_bad_packed_value_changes_nothing()
    {
        _reception.StatsD.ReceivePacket("a:1:2:x|c"u8);

        Assert.Null(_reception.Counter("a"));
        Assert.Equal(1, _reception.StatsDTotals.Rejections[RejectionReason.InvalidValue]);
    }

    [Fact]
    public void A_line_over_the_limit_is_rejected_in_a_packet_as_well()
    {
        Reception reception = new(maxLineLength: 8);

        reception.StatsD.ReceivePacket("toolong:1|c\nabc:12|c\r\nabcd:12|c"u8);

        Assert.Equal(12, reception.Counter("abc"));
        Assert.Equal(2, reception.StatsDTotals.Rejections[RejectionReason.LineTooLong]);
    }

    [Theory]
    [InlineData("a:1|c\na:10")]
    [InlineData("a:1|c\na:10|c")]
    [InlineData("a:1|c\n")]
    public void Of_a_truncated_packet_only_whole_lines_are_used_and_the_loss_is_counted_once(string packet)
    {
        _reception.StatsD.ReceivePacket(packet.Utf8(), isTruncated: true);

        Assert.Equal(1, _reception.Counter("a"));
        Assert.Equal(1, _reception.StatsDTotals.Rejections[RejectionReason.PacketTruncated]);
    }

    [Fact]
    public void A_new_name_over_the_limit_is_rejected_and_a_known_one_is_not()
    {
        Reception reception = new(maxNames: 2);

        reception.StatsD.ReceivePacket("a:1|c\nb:1|g\nc:1|c\nc:1|g\nc:1|ms\nc:1|s\na:1|c\nb:2|g"u8);

        Assert.Equal(2, reception.Counter("a"));
        Assert.Equal(2, reception.Gauge("b"));
        Assert.Equal(2, reception.Store.NameCount);
        Assert.Equal(4, reception.StatsDTotals.Rejections[RejectionReason.TooManyNames]);
    }

    [Fact]
    public void A_new_set_value_over_the_limit_is_rejected_and_a_known_one_is_not()
    {
        Reception reception = new(maxSetValues: 2);

        reception.StatsD.ReceivePacket("a:1|s\nb:1|s\na:2|s\na:1|s"u8);

        Assert.Equal(1, reception.SetSize("a"));
        Assert.Equal(1, reception.SetSize("b"));
        Assert.Equal(1, reception.StatsDTotals.Rejections[RejectionReason.TooManySetValues]);
    }

    [Fact]
    public void A_set_whose_first_value_is_over_the_limit_is_not_made()
    {
        Reception reception = new(maxSetValues: 1);

        reception.StatsD.ReceivePacket("a:1|s\nb:1|s\nc:1|s\nb:1|s"u8);

        Assert.Null(reception.SetSize("b"));
        Assert.Equal(1, reception.Store.NameCount);
        Assert.Equal(3, reception.StatsDTotals.Rejections[RejectionReason.TooManySetValues]);
    }

    [Fact]
    public void A_stream_is_received_in_chunks_up_to_its_unterminated_end()
    {
        using LineSplitter splitter = _reception.StatsD.CreateSplitter();

        _reception.StatsD.ReceiveChunk("a:1|c\na:"u8, splitter);
        _reception.StatsD.ReceiveChunk("2|c\na:4|"u8, splitter);
        _reception.StatsD.ReceiveChunk("c"u8, splitter);
        Assert.Equal(3, _reception.Counter("a"));

        _reception.StatsD.ReceiveEnd(splitter);
        Assert.Equal(7, _reception.Counter("a"));
        Assert.Equal(3, _reception.StatsDTotals.Packets);
        Assert.Equal(17, _reception.StatsDTotals.Bytes);
        Assert.Equal(3, _reception.StatsDTotals.Metrics);
    }

    [Fact]
    public void Streams_of_many_connections_do_not_mix()
    {
        using LineSplitter first = _reception.StatsD.CreateSplitter();
        using LineSplitter second = _reception.StatsD.CreateSplitter();

        _reception.StatsD.ReceiveChunk("first:1"u8, first);
        _reception.StatsD.ReceiveChunk("second:1"u8, second);
        _reception.StatsD.ReceiveChunk("|c\n"u8, first);
        _reception.StatsD.ReceiveChunk("|c\n"u8, second);

        Assert.Equal(1, _reception.Counter("first"));
        Assert.Equal(1, _reception.Counter("second"));
    }

    [Fact]
    public void An_endless_line_is_counted_once_and_the_stream_goes_on_behind_it()
    {
        Reception reception = new(maxLineLength: 64);
        using LineSplitter splitter = reception.StatsD.CreateSplitter();
        byte[] garbage = new byte[100];

        for (int i = 0; i < 100; i++)
        {
            reception.StatsD.ReceiveChunk(garbage, splitter);
        }

        reception.StatsD.ReceiveChunk("\na:1|c\n"u8, splitter);

        Assert.Equal(1, reception.StatsDTotals.Rejections[RejectionReason.LineTooLong]);
        Assert.Equal(1, reception.Counter("a"));
        Assert.Equal(2, reception.StatsDTotals.Lines);
    }
}
