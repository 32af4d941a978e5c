using Vigil.Collections;

namespace Vigil.Internals.Tests.Collections;

public class DurationHistogramTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Quantiles_are_those_of_a_sorted_list_to_an_eighth(int seed)
    {
        var random = new Random(seed);
        var histogram = new DurationHistogram();
        var all = new List<long>();
        for (int i = 0; i < 20_000; i++)
        {
            long value = random.NextInt64(1L << random.Next(1, 62));
            histogram.Record(value);
            all.Add(value);
        }

        all.Sort();
        foreach (double fraction in new[] { 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1 })
        {
            long exact = all[(int)Math.Ceiling(fraction * all.Count) - 1];
            Assert.InRange(histogram.Quantile(fraction), exact, exact + (exact / 8));
        }

        Assert.Equal(all[^1], histogram.Max);
        Assert.Equal(all.Count, histogram.Count);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(7, 7)]
    [InlineData(8, 8)]
    [InlineData(long.MaxValue, long.MaxValue)]
    [InlineData(-5, 0)]
    public void A_single_duration_is_every_quantile(long value, long expected)
    {
        var histogram = new DurationHistogram();
        histogram.Record(value);
        Assert.Equal(expected, histogram.Quantile(0.5));
        Assert.Equal(expected, histogram.Quantile(1));
    }

    // Compared with unbounded numbers. The buckets round up, by an eighth at most.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("Duration", "Scaled")]
    public void Sums_end_at_the_greatest_number_and_means_go_on_being_right_to_an_eighth(int seed)
    {
        var random = new Random(Scale.Seed(seed));
        for (int round = 0; round < Scale.Times(200); round++)
        {
            var histogram = new DurationHistogram();
            var half = new DurationHistogram();
            Int128 sum = 0;
            int count = random.Next(1, 20);
            for (int i = 0; i < count; i++)
            {
                long value = random.Next(4) == 0 ? long.MaxValue : random.NextInt64(1L << random.Next(55, 63));
                (random.Next(2) == 0 ? histogram : half).Record(value);
                sum += value;
            }

            histogram.Add(half);
            Assert.Equal((long)Int128.Min(sum, long.MaxValue), histogram.Total);
            long mean = (long)(sum / count);
            Assert.InRange(histogram.Mean, mean - 1_000, (long)Int128.Min((Int128)mean + (mean / 8) + 1_000, long.MaxValue));
        }
    }

    [Fact]
    public void Nothing_seen_has_no_quantiles_and_sums_add_up()
    {
        var one = new DurationHistogram();
        Assert.Equal((0, 0), (one.Quantile(0.5), one.Mean));
        var other = new DurationHistogram();
        other.Record(3);
        other.Record(100);
        one.Record(5);
        one.Add(other);
        Assert.Equal(3, one.Count);
        Assert.Equal((108, 36), (one.Total, one.Mean));
        Assert.Equal(100, one.Max);
    }
}
