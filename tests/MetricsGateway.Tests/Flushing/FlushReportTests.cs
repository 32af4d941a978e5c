using System.Text.Json;
using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.GraphiteSending;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using MetricsGateway.Tests.Metrics;

namespace MetricsGateway.Tests.Flushing;

public class FlushReportTests
{
    private static readonly FlushInterval TenSeconds = new(
        Number: 3,
        new DateTimeOffset(2026, 3, 1, 12, 0, 30, 125, TimeSpan.Zero),
        TimeSpan.FromSeconds(10),
        TimeSpan.FromMilliseconds(0.25),
        Missed: 0,
        IsLast: false);

    private readonly ProtocolTotals _totals = new("test");

    [Fact]
    public void A_report_has_the_interval_each_series_and_the_end_one_a_line()
    {
        MetricStore store = new(GatewayOptions.Defaults);
        Receive(store, "hits:2|c\nhits:1|c|@0.1|#env:prod\nmem:5|g\nusers:alice|s\nusers:bob|s\nlatency:320|ms|@0.5\nlatency:10:20|ms");

        Assert.Equal(
            """
            {"flush":3,"time":"2026-03-01T12:00:30.125+00:00","seconds":10,"late_ms":0.25,"missed":0}
            {"counter":"hits","count":2,"rate":0.2}
            {"counter":"hits;env=prod","count":10,"rate":1}
            {"gauge":"mem","value":5}
            {"timer":"latency","count":4,"count_ps":0.4,"sum":350,"mean":116.66666666666667,"lower":10,"upper":320,"median":20,
            "std":143.83632673594278,"count_90":3,"mean_90":116.66666666666667,"upper_90":320,"sum_90":350}
            {"set":"users","count":2}
            {"end":3,"series":5}

            """.Replace(",\n", ",", StringComparison.Ordinal),
            Create(store, TenSeconds));
    }

    [Fact]
    public void Without_series_there_are_start_and_end() => Assert.Equal(
        """
        {"flush":3,"time":"2026-03-01T12:00:30.125+00:00","seconds":10,"late_ms":0.25,"missed":0}
        {"end":3,"series":0}

        """,
        Create(new MetricStore(GatewayOptions.Defaults), TenSeconds));

    [Fact]
    public void The_last_flush_and_missed_ones_are_told()
    {
        string report = Create(new MetricStore(GatewayOptions.Defaults), TenSeconds with { Missed = 2, IsLast = true });

        Assert.StartsWith(
            """{"flush":3,"time":"2026-03-01T12:00:30.125+00:00","seconds":10,"late_ms":0.25,"missed":2,"last":true}""",
            report,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Series_that_nothing_arrived_for_are_told_as_nothing_or_not_at_all()
    {
        const string EveryKind = "c:2|c\ng:3|g\nt:4|ms\ns:a|s";
        MetricStore keeping = new(GatewayOptions.Defaults);
        MetricStore deleting = new(
            GatewayOptions.Defaults with { DeleteCounters = true, DeleteGauges = true, DeleteTimers = true, DeleteSets = true });
        Receive(keeping, EveryKind);
        Receive(deleting, EveryKind);
        Assert.Equal(Lines(Create(keeping, TenSeconds)), Lines(Create(deleting, TenSeconds)));

        Assert.Equal(
            [
                """{"counter":"c","count":0,"rate":0}""",
                """{"gauge":"g","value":3}""",
                """{"timer":"t","count":0,"count_ps":0}""",
                """{"set":"s","count":0}""",
            ],
            Lines(Create(keeping, TenSeconds))[1..^1]);
        Assert.Equal("""{"end":3,"series":0}""", Lines(Create(deleting, TenSeconds))[1]);
    }

    [Fact]
    public void Percentiles_have_the_names_of_statsd_and_those_without_samples_are_left_out()
    {
        MetricStore store = new(GatewayOptions.Defaults);
        Receive(store, "t:1:2:3:4:5:6:7:8:9:10|ms");

        string timer = Lines(Create(store, TenSeconds, "99.9,-20,1"))[1];

        Assert.EndsWith(
            """
            "count_99_9":10,"mean_99_9":5.5,"upper_99_9":10,"sum_99_9":55,"count_top20":2,"mean_top20":9.5,"lower_top20":9,"sum_top20":19}
            """,
            timer,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_timer_of_which_bins_are_wanted_has_a_histogram()
    {
        MetricStore store = new(GatewayOptions.Defaults);
        Receive(store, "api:1:5:50|ms\nother:1|ms");
        Assert.True(HistogramRules.TryParse("api=0.5,10,inf", out HistogramRules? rules));

        string[] lines = Lines(Create(store, TenSeconds, histograms: rules));

        Assert.EndsWith(",\"histogram\":{\"bin_0_5\":0,\"bin_10\":2,\"bin_inf\":1}}", lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain("histogram", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Rates_are_per_second_of_the_real_interval_and_of_none_they_are_0()
    {
        MetricStore store = new(GatewayOptions.Defaults);
        Receive(store, "c:30|c");

        Assert.Contains("\"rate\":2.5}", Create(store, TenSeconds with { Duration = TimeSpan.FromSeconds(12) }), StringComparison.Ordinal);
        Assert.Contains("\"rate\":0}", Create(store, TenSeconds with { Duration = TimeSpan.Zero }), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_name_and_any_value_make_a_line_of_valid_JSON_without_control_characters()
    {
        MetricStore store = new(GatewayOptions.Defaults);
        Receive(store, "q:1e308|c|@0.01|#t:\"q\\ []\"\nключ é:-1e308|g\n\u009b31m\u200e:1:1e308:1e308|ms\na b:\u0085|s");

        string[] lines = Lines(Create(store, TenSeconds with { Duration = TimeSpan.FromTicks(1) }));

        Assert.Equal(6, lines.Length);
        Assert.All(lines, line => Assert.DoesNotContain(line, char.IsControl));
        JsonElement[] objects = [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal("q;t=\"q\\_[]\"", objects[1].GetProperty("counter").GetString());
        Assert.Equal(double.MaxValue, objects[1].GetProperty("rate").GetDouble());
        Assert.Equal("ключ_é", objects[2].GetProperty("gauge").GetString());
        Assert.Equal("\u009b31m\u200e", objects[3].GetProperty("timer").GetString());
        Assert.Equal("a_b", objects[4].GetProperty("set").GetString());
    }

    [Fact]
    public void What_does_not_fit_is_counted()
    {
        MetricStore store = new(GatewayOptions.Defaults);
        Receive(store, string.Join('\n', Enumerable.Range(0, 100).Select(i => $"n{i}:1|c")));

        FlushReport report = new(GatewayOptions.Defaults.Percentiles, limit: 500);
        store.Flush(TenSeconds, GatewayOptions.Defaults, writers: report);
        string[] lines = Lines(report.Text.Span.Text());

        Assert.InRange(lines.Sum(line => line.Length), 500, 700);
        Assert.Equal($$"""{"end":3,"series":{{lines.Length - 2}},"left_out":{{102 - lines.Length}}}""", lines[^1]);
    }

    [Fact]
    public void A_report_takes_little_more_memory_than_it_may_be_long()
    {
        const int Limit = 2_500_000;
        MetricStore store = new(GatewayOptions.Defaults);
        Receive(store, string.Join('\n', Enumerable.Range(0, 60_000).Select(i => $"some.name.of.a.counter.{i}:1|c")));

        FlushReport report = new(GatewayOptions.Defaults.Percentiles, Limit);
        store.Flush(TenSeconds, GatewayOptions.Defaults, writers: report);

        Assert.InRange(report.Text.Length, Limit, Limit + 200);
        Assert.InRange(report.Room, Limit, Limit + (1 << 20));
        Assert.Contains("\"left_out\":", Lines(report.Text.Span.Text())[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_large_report_needs_is_not_the_collectors()
    {
        FlushReport report = new(GatewayOptions.Defaults.Percentiles);
        byte[] key = "some.name.of.a.counter"u8.ToArray();
        long before = GC.GetAllocatedBytesForCurrentThread();

        report.Begin(TenSeconds);
        for (int i = 0; i < 100_000; i++)
        {
            report.WriteCounter(key, i, i);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        Assert.InRange(report.Text.Length, 5_000_000, 10_000_000);
    }

    [Fact]
    public void Reports_that_were_large_once_give_their_memory_back_also_when_no_flush_needs_them_any_more()
    {
        MetricStore store = new(GatewayOptions.Defaults);
        LineBlockPool pool = new();
        FlushTexts texts = new(FlushPlan.Of(GatewayOptions.Defaults), new LineHandover(limit: 1, pool), pool);
        Receive(store, string.Join('\n', Enumerable.Range(0, 40_000).Select(i => $"some.name.of.a.counter.{i}:1|c")));
        FlushReport first = texts.FreeReport();
        store.Flush(TenSeconds, GatewayOptions.Defaults, writers: first);
        FlushReport second = texts.FreeReport(first);
        store.Flush(TenSeconds, GatewayOptions.Defaults, writers: second);
        FlushReport third = texts.FreeReport(first, second);
        store.Flush(TenSeconds, GatewayOptions.Defaults, writers: third);
        FlushReport[] all = [first, second, third];
        Assert.All(all, report => Assert.True(report.Room > 2 << 20));

        store.Counters.Delete("*");
        for (int i = 0; i < 2; i++)
        {
            store.Flush(TenSeconds, GatewayOptions.Defaults, writers: texts.FreeReport());
        }

        Assert.All(all, report => Assert.InRange(report.Room, 0, 1 << 20));
    }

    private static string Create(MetricStore store, FlushInterval interval, string percentiles = "90", HistogramRules? histograms = null)
    {
        Assert.True(PercentileList.TryParse(percentiles, out PercentileList? list));
        FlushReport report = new(list);
        store.Flush(
            interval,
            GatewayOptions.Defaults with { Percentiles = list, HistogramBins = histograms ?? HistogramRules.None },
            writers: report);
        return report.Text.Span.Text();
    }

    private static string[] Lines(string report) => report.Split('\n')[..^1];

    private void Receive(MetricStore store, string packet)
    {
        new StatsDReceiver(store, _totals, maxLineLength: 8192).ReceivePacket(packet.Utf8());
        Assert.Equal(0, _totals.Rejections.Total);
    }
}
