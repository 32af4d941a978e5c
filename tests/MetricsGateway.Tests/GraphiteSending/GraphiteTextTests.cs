using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.GraphiteSending;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using MetricsGateway.Tests.Flushing;
using MetricsGateway.Tests.Network;

namespace MetricsGateway.Tests.GraphiteSending;

public class GraphiteTextTests
{
    private static readonly FlushInterval TenSeconds = new(
        Number: 3, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), TimeSpan.FromSeconds(10), TimeSpan.Zero, Missed: 0, IsLast: false);

    private readonly MetricStore _store = new(GatewayOptions.Defaults);
    private readonly LineBlockPool _pool = new();

    [Fact]
    public void Who_writes_after_a_short_interval_waits_for_the_server_as_long_as_after_any_other()
    {
        // The first interval ends at the next multiple, which may be now.
        FlushInterval interval = new(
            1,
            DateTimeOffset.UnixEpoch,
            TimeSpan.FromTicks(1),
            TimeSpan.Zero,
            Missed: 0,
            IsLast: false)
        { UntilNext = TimeSpan.FromHours(1) };
        LineBlockPool pool = new();
        LineHandover handover = new(limit: LineBlock.DefaultCapacity, pool);
        handover.Report(queued: 0, isTaking: true);
        GraphiteText text = new("stats", GatewayOptions.Defaults.Percentiles, handover, pool);
        Task worker = Task.Run(() =>
        {
            text.Begin(interval);
            for (int i = 0; i < 100_000; i++)
            {
                text.WriteGauge("name"u8, i);
            }
        });

        long lost = 0;
        Patience.WaitUntil(
            () =>
            {
                handover.Take(out long dropped);
                lost += dropped;
                handover.Report(queued: 0, isTaking: true);
                return worker.IsCompleted;
            },
            () => $"{lost} are lost");
        Assert.Equal(0, lost);
    }

    [Fact]
    public void Every_kind_has_the_names_of_statsd()
    {
        Receive("hits:2|c\nmem:5.5|g\nusers:alice|s\nlatency:320:10:20|ms");

        Assert.Equal(
            [
                "stats.counters.hits.rate 0.2 1700000000",
                "stats.counters.hits.count 2 1700000000",
                "stats.gauges.mem 5.5 1700000000",
                "stats.timers.latency.count 3 1700000000",
                "stats.timers.latency.count_ps 0.3 1700000000",
                "stats.timers.latency.sum 350 1700000000",
                "stats.timers.latency.mean 116.66666666666667 1700000000",
                "stats.timers.latency.lower 10 1700000000",
                "stats.timers.latency.upper 320 1700000000",
                "stats.timers.latency.median 20 1700000000",
                "stats.timers.latency.std 143.83632673594278 1700000000",
                "stats.timers.latency.count_50 2 1700000000",
                "stats.timers.latency.mean_50 15 1700000000",
                "stats.timers.latency.upper_50 20 1700000000",
                "stats.timers.latency.sum_50 30 1700000000",
                "stats.sets.users.count 1 1700000000",
            ],
            Lines("stats", "50"));
    }

    [Fact]
    public void It_tells_of_itself_too()
    {
        Receive("hits:2|c");
        LineHandover handover = new(1_000_000, _pool);
        GraphiteText text = new("stats", PercentileList.None, handover, _pool);
        _store.Flush(TenSeconds, GatewayOptions.Defaults, new TrafficCounts(Packets: 50, Metrics: 60, Rejected: 70, Drops: 80), text);

        string[] lines = Text(handover);

        Assert.Contains("stats.counters.statsd.packets_received.count 50 1700000000", lines);
        Assert.Contains("stats.counters.statsd.metrics_received.rate 6 1700000000", lines);
        Assert.Contains("stats.counters.statsd.bad_lines_seen.count 70 1700000000", lines);
        Assert.Contains("stats.counters.statsd.dropped_datagrams.count 80 1700000000", lines);
        Assert.Contains("stats.statsd.numStats 1 1700000000", lines);
        Assert.Contains(lines, line => line.StartsWith("stats.statsd.graphiteStats.calculationtime ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 1_700_000_000)]
    [InlineData(499, 1_700_000_000)]
    [InlineData(500, 1_700_000_001)]
    [InlineData(999, 1_700_000_001)]
    public void The_time_is_that_of_the_interval_to_the_nearest_second(int milliseconds, long seconds)
    {
        Receive("mem:5|g");
        LineHandover handover = new(1_000_000, _pool);
        GraphiteText text = new("stats", PercentileList.None, handover, _pool);
        DateTimeOffset stamp = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000).AddMilliseconds(milliseconds);
        _store.Flush(TenSeconds with { Stamp = stamp, End = stamp.AddSeconds(3) }, GatewayOptions.Defaults, writers: text);

        Assert.All(Text(handover), line => Assert.EndsWith($" {seconds}", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_prefix_names_begin_with_their_kind()
    {
        Receive("mem:5|g");

        Assert.Equal(["gauges.mem 5 1700000000"], Lines(prefix: "", percentiles: "90"));
    }

    [Fact]
    public void Tags_are_those_of_Graphite_behind_the_whole_name()
    {
        Receive("hits:1|c|#env:prod,debug,a b:~x y\nlevel:1|g|#host:b");

        Assert.Equal(
            [
                "stats.counters.hits.rate;a_b=_x_y;debug=true;env=prod 0.1 1700000000",
                "stats.counters.hits.count;a_b=_x_y;debug=true;env=prod 1 1700000000",
                "stats.gauges.level;host=b 1 1700000000",
            ],
            Lines("stats", "90"));
    }

    [Fact]
    public void A_timer_that_nothing_arrived_for_has_a_count_of_0_and_no_more()
    {
        Receive("t:1|ms");
        _store.PassInterval();

        Assert.Equal(["stats.timers.t.count 0 1700000000", "stats.timers.t.count_ps 0 1700000000"], Lines("stats", "90"));
    }

    [Fact]
    public void Histograms_have_the_bins_of_the_first_rule_that_fits()
    {
        Receive("api.get:0.4:0.5:3:10:99:1000|ms\ndb.get:1|ms\nother:7|ms");
        Assert.True(HistogramRules.TryParse("api=0.5,10,100,inf;db=none;10", out HistogramRules? rules));
        LineHandover handover = new(1_000_000, _pool);
        GraphiteText text = new("stats", PercentileList.None, handover, _pool);
        _store.Flush(TenSeconds, GatewayOptions.Defaults with { Percentiles = PercentileList.None, HistogramBins = rules }, writers: text);

        string[] lines = [.. Text(handover).Where(line => line.Contains("histogram", StringComparison.Ordinal))];

        Assert.Equal(
            [
                "stats.timers.api.get.histogram.bin_0_5 1 1700000000",
                "stats.timers.api.get.histogram.bin_10 2 1700000000",
                "stats.timers.api.get.histogram.bin_100 2 1700000000",
                "stats.timers.api.get.histogram.bin_inf 1 1700000000",
                "stats.timers.other.histogram.bin_10 1 1700000000",
            ],
            lines);
    }

    [Fact]
    public void Where_nobody_takes_them_the_first_lines_beyond_the_limit_are_given_up_and_counted_and_none_is_cut()
    {
        const int Limit = 80_000;
        Receive(string.Join('\n', Enumerable.Range(0, 5_000).Select(i => $"n{i:D5}:1|c")));
        LineHandover handover = new(Limit, _pool);
        GraphiteText text = new("stats", PercentileList.None, handover, _pool);
        _store.Flush(TenSeconds, GatewayOptions.Defaults, writers: text);

        string[] lines = Text(handover, out long dropped);

        Assert.Equal(10_000 + 10, lines.Length + dropped);
        Assert.InRange(lines.Sum(line => line.Length + 1), Limit - LineBlock.DefaultCapacity, Limit);
        Assert.All(lines, line => Assert.EndsWith(" 1700000000", line, StringComparison.Ordinal));
        Assert.Contains("stats.counters.n04999.count 1 1700000000", lines);
        Assert.Contains("stats.statsd.numStats 5000 1700000000", lines);
    }

    [Fact]
    public void A_name_of_any_length_makes_a_whole_line()
    {
        string name = new('x', 100_000);
        Assert.True(_store.Gauges.TryGetOrAdd(name.Utf8(), out Gauge? gauge));
        gauge.Set(double.MinValue);

        Assert.Equal([$"stats.gauges.{name} -1.7976931348623157E+308 1700000000"], Lines("stats", "90"));
    }

    private static string[] Text(LineHandover handover) => Text(handover, out _);

    private static string[] Text(LineHandover handover, out long dropped) =>
        string.Concat(handover.Take(out dropped).Select(block => block.Text.Text())).Split('\n')[..^1];

    private string[] Lines(string prefix, string percentiles)
    {
        Assert.True(PercentileList.TryParse(percentiles, out PercentileList? list));
        LineHandover handover = new(1_000_000, _pool);
        GraphiteText text = new(prefix, list, handover, _pool);
        _store.Flush(TenSeconds, GatewayOptions.Defaults with { Percentiles = list }, writers: text);
        return [.. Text(handover).Where(line => !line.Contains("statsd.", StringComparison.Ordinal))];
    }

    private void Receive(string packet)
    {
        ProtocolTotals totals = new("test");
        new StatsDReceiver(_store, totals, maxLineLength: 8192).ReceivePacket(packet.Utf8());
        Assert.Equal(0, totals.Rejections.Total);
    }
}
