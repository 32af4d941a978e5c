using MetricsGateway.Configuration;
using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Metrics;

public class SeriesTableTests
{
    private readonly MetricStore _store = new(GatewayOptions.Defaults with { MaxNames = 6 });

    [Fact]
    public void The_same_key_is_the_same_series()
    {
        Assert.True(_store.Counters.TryGetOrAdd("a"u8, out Counter? first));
        Assert.True(_store.Counters.TryGetOrAdd("a"u8, out Counter? second));

        Assert.Same(first, second);
        Assert.Equal(1, _store.Counters.Count);
    }

    [Fact]
    public void The_limit_of_names_counts_all_kinds_together()
    {
        for (int i = 0; i < 3; i++)
        {
            Assert.True(_store.Counters.TryGetOrAdd($"name{i}".Utf8(), out _));
            Assert.True(_store.Timers.TryGetOrAdd($"name{i}".Utf8(), out _));
        }

        Assert.False(_store.Gauges.TryGetOrAdd("new"u8, out _));
        Assert.Equal(6, _store.NameCount);
    }

    [Fact]
    public void A_deleted_name_makes_room_for_another()
    {
        for (int i = 0; i < 6; i++)
        {
            _store.Counters.TryGetOrAdd($"name{i}".Utf8(), out _);
        }

        Assert.Equal(["name3"], _store.Counters.Delete("name3"));

        Assert.False(_store.Counters.TryGet("name3"u8, out _));
        Assert.True(_store.Gauges.TryGetOrAdd("new"u8, out _));
        Assert.False(_store.Gauges.TryGetOrAdd("newer"u8, out _));
    }

    [Fact]
    public void Deleting_reports_the_key_of_each_series()
    {
        foreach (string key in new[] { "web.hits", "web.errors;host=a", "db.hits" })
        {
            _store.Counters.TryGetOrAdd(key.Utf8(), out _);
        }

        string[] deleted = _store.Counters.Delete("web.*");

        Assert.Equal(["web.errors;host=a", "web.hits"], deleted.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Equal(1, _store.Counters.Count);
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void It_is_as_a_dictionary_whatever_comes_and_goes()
    {
        Random random = new(Scale.Seed(2003));
        MetricStore store = new(GatewayOptions.Defaults);
        Dictionary<string, Counter> model = new(StringComparer.Ordinal);
        for (int step = 0; step < Scale.Times(20_000); step++)
        {
            // The table grows, is nearly emptied, and grows again.
            string key = $"n{random.Next(2_000)}";
            bool adds = random.Next(10) < (step / 5_000 % 2 == 0 ? 8 : 2);
            if (adds)
            {
                Assert.True(store.Counters.TryGetOrAdd(key.Utf8(), out Counter? counter));
                Assert.True(model.TryAdd(key, counter) || model[key] == counter);
            }
            else
            {
                Assert.Equal(model.Remove(key, out Counter? known), store.Counters.TryGet(key.Utf8(), out Counter? found));
                Assert.Same(known, found);
                if (found is not null)
                {
                    store.Counters.Delete(found);
                }
            }

            Assert.Equal(model.Count, store.Counters.Count);
        }

        Assert.Equal(
            model.Keys.Order(StringComparer.Ordinal),
            store.Counters.All().Select(counter => counter.Key.Text()).Order(StringComparer.Ordinal));
        Assert.Equal(model.Keys.Sum(key => key.Length), store.NameByteCount);
    }

    [Fact]
    public void The_length_of_all_names_has_a_limit_of_its_own()
    {
        MetricStore store = new(GatewayOptions.Defaults with { MaxNameBytes = 10 });

        Assert.True(store.Counters.TryGetOrAdd("12345678"u8, out Counter? first));
        Assert.False(store.Gauges.TryGetOrAdd("abc"u8, out _));
        Assert.Equal(SeriesRefusal.TooManyBytes, store.Gauges.LastRefusal);
        Assert.True(store.Timers.TryGetOrAdd("ab"u8, out _));
        store.Counters.Delete(first);

        Assert.True(store.Gauges.TryGetOrAdd("12345678"u8, out _));
        Assert.Equal(10, store.NameByteCount);
        Assert.Equal(2, store.NameCount);
    }

    [Fact]
    public void The_names_of_the_gateways_own_counters_are_taken()
    {
        Assert.False(_store.Counters.TryGetOrAdd("statsd.packets_received"u8, out _));
        Assert.Equal(SeriesRefusal.Reserved, _store.Counters.LastRefusal);
        Assert.True(_store.Counters.TryGetOrAdd("statsd.packets_received;host=a"u8, out _));
        Assert.True(_store.Gauges.TryGetOrAdd("statsd.packets_received"u8, out _));
    }
}
