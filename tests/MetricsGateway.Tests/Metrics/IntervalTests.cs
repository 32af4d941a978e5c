using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using MetricsGateway.Tests.Flushing;

namespace MetricsGateway.Tests.Metrics;

/// <summary>The effect of an interval's end on series and on their quotas.</summary>
public class IntervalTests
{
    private const string EveryKind = "c:2|c\ng:3|g\nt:4|ms\ns:a|s";

    private static readonly GatewayOptions DeleteAll =
        GatewayOptions.Defaults with { DeleteCounters = true, DeleteGauges = true, DeleteTimers = true, DeleteSets = true };

    [Fact]
    public void Counters_timers_and_sets_begin_anew_and_gauges_stay()
    {
        MetricStore store = new(GatewayOptions.Defaults);
        Receive(store, EveryKind);

        store.PassInterval();
        store.PassInterval();

        Assert.Equal(0, Counter(store, "c"));
        Assert.True(store.Gauges.TryGet("g"u8, out Gauge? gauge));
        Assert.Equal(3, gauge.Value);
        Assert.True(store.Timers.TryGet("t"u8, out TimerSummary? timer));
        Assert.Equal(0, timer.Interval.Count);
        Assert.True(timer.IsIdle);
        Assert.True(store.Sets.TryGet("s"u8, out UniqueSet? set));
        Assert.Equal(0, set.Count);
        Assert.Equal(4, store.NameCount);
        Assert.Equal(0, store.SetValueCount);
    }

    [Fact]
    public void What_is_to_be_deleted_is_deleted_after_an_interval_without_arrivals_and_not_before()
    {
        MetricStore store = new(DeleteAll);
        Receive(store, EveryKind);

        store.PassInterval();
        Assert.Equal(4, store.NameCount);

        Receive(store, "c:0|c\ng:+1|g");
        store.PassInterval();
        Assert.Equal(2, store.NameCount);
        Assert.True(store.Gauges.TryGet("g"u8, out Gauge? gauge));
        Assert.Equal(4, gauge.Value);

        store.PassInterval();
        Assert.Equal(0, store.NameCount);
    }

    [Fact]
    public void Each_kind_is_deleted_by_its_own_option()
    {
        foreach ((GatewayOptions options, string kept) in new[]
        {
            (GatewayOptions.Defaults with { DeleteCounters = true }, "0111"),
            (GatewayOptions.Defaults with { DeleteGauges = true }, "1011"),
            (GatewayOptions.Defaults with { DeleteTimers = true }, "1101"),
            (GatewayOptions.Defaults with { DeleteSets = true }, "1110"),
        })
        {
            MetricStore store = new(options);
            Receive(store, EveryKind);
            store.PassInterval();
            store.PassInterval();

            Assert.Equal(kept, $"{store.Counters.Count}{store.Gauges.Count}{store.Timers.Count}{store.Sets.Count}");
        }
    }

    [Fact]
    public void Names_that_were_deleted_make_room_for_others()
    {
        MetricStore store = new(DeleteAll with { MaxNames = 4 });
        Receive(store, EveryKind);
        Assert.Equal(1, Receive(store, "new:1|c"));

        store.PassInterval();
        Assert.Equal(1, Receive(store, "new:1|c"));
        Receive(store, "c:1|c");

        store.PassInterval();
        Assert.Equal(0, Receive(store, "new:1|c\nnewer:1|g\nnewest:1|ms"));
        Assert.Equal(1, Receive(store, "one.too.many:1|s"));
    }

    [Fact]
    public void Values_of_sets_are_back_in_their_quota_after_the_interval()
    {
        MetricStore store = new(GatewayOptions.Defaults with { MaxSetValues = 2 });
        Assert.Equal(1, Receive(store, "a:1|s\na:2|s\nb:3|s"));

        store.PassInterval();

        Assert.Equal(1, Receive(store, "a:1|s\nb:3|s\nb:4|s"));
        Assert.Equal(2, store.SetValueCount);
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Quotas_are_right_after_any_sequence_of_arrivals_intervals_and_deletions()
    {
        Random random = new(Scale.Seed(2003));
        MetricStore store = new(
            DeleteAll with { DeleteCounters = false, MaxNames = 60, MaxSetValues = 30, TimerSamples = 50, MaxTimerSamples = 100 });
        string[] kinds = ["c", "g", "ms", "s"];
        FlushJob? job = null;
        for (int step = 0; step < Scale.Times(3_000); step++)
        {
            switch (random.Next(50))
            {
                case 0 when job is null:
                    store.PassInterval();
                    break;
                case 3 when job is null:
                    job = store.BeginFlush();
                    break;
                case 3 or 4 when job is not null:
                    store.EndFlush(job);
                    job = null;
                    break;
                case 1:
                    store.Timers.Delete($"n{random.Next(3)}*");
                    break;
                case 2:
                    store.Counters.Delete($"n{random.Next(3)}*");
                    break;
                default:
                    Receive(store, $"n{random.Next(30)}:{random.Next(20)}|{kinds[random.Next(4)]}");
                    break;
            }

            Assert.Equal(store.Counters.Count + store.Gauges.Count + store.Timers.Count + store.Sets.Count, store.NameCount);
            int values = 0;
            foreach (UniqueSet set in store.Sets.All())
            {
                values += set.Count;
            }

            // What was deleted while a worker has the snapshot is returned only when the worker is done.
            Assert.InRange(values, job is null ? store.SetValueCount : 0, store.SetValueCount);
            Assert.InRange(store.NameCount, 0, 60);
            Assert.InRange(
                store.Counters.PlaceCount + store.Gauges.PlaceCount + store.Timers.PlaceCount + store.Sets.PlaceCount,
                0,
                4 * 30);
            Assert.InRange(store.SetValueCount, 0, 30);
            Assert.InRange(store.TimerSampleCount, 0, 100);
        }

        if (job is not null)
        {
            store.EndFlush(job);
        }

        store.Timers.Delete("*");
        Assert.Equal(0, store.TimerSampleCount);
        store.PassInterval();
        Assert.Equal(0, store.SetValueCount);
    }

    [Fact]
    public void Names_that_come_and_go_while_flushes_are_computed_take_the_places_of_one_another()
    {
        MetricStore store = new(DeleteAll);
        double told = 0;
        int names = 0;
        for (int interval = 0; interval < 200; interval++)
        {
            Receive(store, string.Join('\n', Enumerable.Range(0, 90).Select(_ => $"n{names++}:1|c")));
            FlushJob job = store.BeginFlush(new CounterSum(value => told += value));
            Receive(store, string.Join('\n', Enumerable.Range(0, 10).Select(_ => $"n{names++}:1|c")));
            store.EndFlush(job);
        }

        // The names of one interval are idle in the next one, when those of a third exist as well.
        Assert.InRange(store.Counters.PlaceCount, 100, 300);
        store.EndFlush(store.BeginFlush(new CounterSum(value => told += value)));
        Assert.Equal(names, told);
    }

    [Fact]
    public void A_series_in_the_place_of_one_that_was_deleted_while_a_flush_is_computed_is_told_by_the_next_one()
    {
        MetricStore store = new(GatewayOptions.Defaults);
        List<double> told = [];
        Receive(store, "old:1|c");
        FlushJob job = store.BeginFlush(new CounterSum(told.Add));
        store.Counters.Delete("old");
        Receive(store, "new:2|c");
        Assert.Equal(1, store.Counters.PlaceCount);

        store.EndFlush(job);
        Assert.Empty(told);
        store.EndFlush(store.BeginFlush(new CounterSum(told.Add)));

        Assert.Equal([2], told);
    }

    [Fact]
    public void A_set_that_was_large_once_gives_its_memory_back()
    {
        const int Many = 10_000;
        UniqueValues values = new(new Quota(Many));
        for (int i = 0; i < Many; i++)
        {
            Assert.True(values.TryAdd($"{i}".Utf8()));
        }

        // The next interval may be as large.
        values.Clear();
        Assert.True(values.Room >= Many);

        // It was not.
        Assert.True(values.TryAdd("1"u8));
        values.Clear();
        Assert.InRange(values.Room, 0, 100);
    }

    [Fact]
    public void An_interval_in_which_the_same_arrives_again_allocates_nothing()
    {
        MetricStore store = new(GatewayOptions.Defaults);
        StatsDReceiver receiver = new(store, new ProtocolTotals("test"), maxLineLength: 8192);
        byte[] packet = "c:2|c\ng:3|g\nt:1:2:3:4:5:6:7:8:9|ms"u8.ToArray();
        long ReceiveAgain()
        {
            long allocated = Allocations.Of(() => receiver.ReceivePacket(packet));
            store.PassInterval();
            return allocated;
        }

        for (int i = 0; i < 200; i++)
        {
            ReceiveAgain();
        }

        Allocations.AssertNoneMeasured(ReceiveAgain);
    }

    private sealed class CounterSum(Action<double> add) : IFlushWriter
    {
        public void Begin(in FlushInterval interval)
        {
        }

        public void WriteCounter(ReadOnlySpan<byte> key, double count, double rate) => add(count);

        public void WriteGauge(ReadOnlySpan<byte> key, double value)
        {
        }

        public void WriteTimer(ReadOnlySpan<byte> key, TimerFigures timer)
        {
        }

        public void WriteSet(ReadOnlySpan<byte> key, int count)
        {
        }

        public void End(in OwnFigures own)
        {
        }
    }

    private static double Counter(MetricStore store, string key)
    {
        Assert.True(store.Counters.TryGet(key.Utf8(), out Counter? counter));
        return counter.Value;
    }

    /// <returns>How many lines were rejected.</returns>
    private static long Receive(MetricStore store, string packet)
    {
        ProtocolTotals totals = new("test");
        new StatsDReceiver(store, totals, maxLineLength: 8192).ReceivePacket(packet.Utf8());
        return totals.Rejections.Total;
    }
}
