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

        Assert.Equal(1, _store.Counters.Delete(new SeriesPattern("name3"u8), _ => { }));

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

        List<string> deleted = [];
        _store.Counters.Delete(new SeriesPattern("web.*"u8), key => deleted.Add(key.Text()));

        Assert.Equal(["web.errors;host=a", "web.hits"], deleted.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Equal(1, _store.Counters.Count);
    }

    [Theory]
    [InlineData("web.hits", "web.hits", true)]
    [InlineData("web.hits", "web.hits;host=a", true)]
    [InlineData("web.hits", "web.hits2", false)]
    [InlineData("web.hits", "web.hit", false)]
    [InlineData("web.hits;host=a", "web.hits;host=a", true)]
    [InlineData("web.hits;host=a", "web.hits", false)]
    [InlineData("web.hits;host=a", "web.hits;host=a;port=1", false)]
    [InlineData("web.*", "web.hits", true)]
    [InlineData("web.*", "web.hits.more;host=a", true)]
    [InlineData("web.*", "web", false)]
    [InlineData("web.*", "website", false)]
    [InlineData("web*", "website", true)]
    [InlineData("*", "anything", true)]
    [InlineData("odd*", "odd*", true)]
    [InlineData("a*b", "axb", false)]
    public void A_pattern_selects_a_name_with_its_tags_or_a_beginning(string pattern, string key, bool isMatch) =>
        Assert.Equal(isMatch, new SeriesPattern(pattern.Utf8()).IsMatch(key.Utf8()));
}
