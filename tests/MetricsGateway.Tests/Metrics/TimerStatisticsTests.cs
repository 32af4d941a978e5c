using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Metrics;

public class TimerStatisticsTests
{
    private const double Precision = 1e-9;

    private readonly Random _random = new(90);

    [Fact]
    public void Of_the_numbers_from_1_to_10_everything_can_be_checked_by_hand()
    {
        TimerStatistics statistics = new(Timer(Enumerable.Range(1, 10).Reverse().Select(i => (double)i)));

        Assert.Equal(5.5, statistics.Mean);
        Assert.Equal(5.5, statistics.Median);
        Assert.Equal(Math.Sqrt(8.25), statistics.StandardDeviation);
        Assert.Equal(new PercentileStatistics(Count: 9, Bound: 9, Sum: 45, Mean: 5), Part(statistics, 90));
        Assert.Equal(new PercentileStatistics(Count: 2, Bound: 9, Sum: 19, Mean: 9.5), Part(statistics, -20));
        Assert.Equal(new PercentileStatistics(Count: 10, Bound: 10, Sum: 55, Mean: 5.5), Part(statistics, 100));
        Assert.Equal(new PercentileStatistics(Count: 10, Bound: 1, Sum: 55, Mean: 5.5), Part(statistics, -100));
        Assert.False(statistics.TryGet(new Percentile(4), out _));
    }

    [Fact]
    public void A_single_sample_is_every_part_of_itself()
    {
        TimerStatistics statistics = new(Timer([7]));

        Assert.Equal(7, statistics.Median);
        Assert.Equal(0, statistics.StandardDeviation);
        Assert.Equal(new PercentileStatistics(Count: 1, Bound: 7, Sum: 7, Mean: 7), Part(statistics, 1));
        Assert.Equal(new PercentileStatistics(Count: 1, Bound: 7, Sum: 7, Mean: 7), Part(statistics, -1));
    }

    [Fact]
    public void Random_samples_give_what_a_simple_model_gives()
    {
        for (int round = 0; round < 2_000; round++)
        {
            double[] samples = [.. Enumerable.Range(0, _random.Next(1, 60)).Select(_ => Sample())];
            TimerStatistics statistics = new(Timer(samples));

            double[] sorted = [.. samples.Order()];
            double mean = sorted.Sum() / sorted.Length;
            AssertClose(mean, statistics.Mean);
            AssertClose((sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, statistics.Median);
            AssertClose(Math.Sqrt(sorted.Sum(sample => (sample - mean) * (sample - mean)) / sorted.Length), statistics.StandardDeviation);

            decimal percent = _random.Next(-1000, 1001) / 10m;
            if (percent != 0)
            {
                AssertIsModel(sorted, percent, statistics);
            }
        }
    }

    [Fact]
    public void Beyond_the_room_for_samples_what_can_be_exact_is_exact_and_the_rest_is_near()
    {
        const int Received = 100_000;
        TimerInterval timer = Timer(Enumerable.Range(1, Received).Select(i => (double)i), room: 1_000);

        TimerStatistics statistics = new(timer);

        Assert.Equal(Received, timer.Count);
        Assert.Equal(Received * (Received + 1.0) / 2, timer.Sum);
        Assert.Equal(1, timer.Minimum);
        Assert.Equal(Received, timer.Maximum);
        Assert.Equal((Received + 1) / 2.0, statistics.Mean);
        PercentileStatistics part = Part(statistics, 90);
        Assert.Equal(0.9 * Received, part.Count);

        // Six standard deviations of the estimates from a thousand samples.
        Assert.InRange(statistics.Median, 0.405 * Received, 0.595 * Received);
        Assert.InRange(part.Bound, 0.843 * Received, 0.957 * Received);
        Assert.InRange(statistics.StandardDeviation, 0.26 * Received, 0.32 * Received);
        Assert.Equal(part.Mean * part.Count, part.Sum);
    }

    [Fact]
    public void Extreme_samples_stay_finite()
    {
        TimerStatistics statistics = new(Timer([double.MaxValue, double.MaxValue, -double.MaxValue, double.MaxValue]));

        Assert.True(double.IsFinite(statistics.Mean));
        Assert.Equal(double.MaxValue, statistics.Median);
        Assert.True(double.IsFinite(statistics.StandardDeviation));
        PercentileStatistics part = Part(statistics, -75);
        Assert.Equal(double.MaxValue, part.Sum);
        Assert.True(double.IsFinite(part.Mean));
    }

    [Theory]
    [InlineData(1e200)]
    [InlineData(1e-200)]
    [InlineData(1e307)]
    [InlineData(-1e200)]
    public void The_standard_deviation_of_very_large_and_very_small_samples_is_that_of_others_scaled(double unit)
    {
        TimerStatistics statistics = new(Timer([unit, 3 * unit, unit, 3 * unit]));

        Assert.Equal(Math.Abs(unit), statistics.StandardDeviation, Math.Abs(unit) * 1e-12);
        Assert.Equal(0, new TimerStatistics(Timer([unit, unit])).StandardDeviation);
    }

    // statsd's computation with cumulated sums, written as plainly as possible.
    private static void AssertIsModel(double[] sorted, decimal percent, TimerStatistics statistics)
    {
        int count = sorted.Length == 1
            ? 1
            : (int)Math.Floor(((double)Math.Abs(percent) / 100 * sorted.Length) + 0.5);
        bool isThere = statistics.TryGet(new Percentile(percent), out PercentileStatistics part);
        Assert.Equal(count > 0, isThere);
        if (isThere)
        {
            double[] taken = percent > 0 ? sorted[..count] : sorted[^count..];
            Assert.Equal(count, part.Count);
            Assert.Equal(percent > 0 ? taken.Max() : taken.Min(), part.Bound);
            AssertClose(taken.Sum(), part.Sum);
            AssertClose(taken.Sum() / count, part.Mean);
        }
    }

    private static PercentileStatistics Part(TimerStatistics statistics, decimal percent)
    {
        Assert.True(statistics.TryGet(new Percentile(percent), out PercentileStatistics part));
        return part;
    }

    private static void AssertClose(double expected, double actual) =>
        Assert.InRange(actual - expected, -Precision * (1 + Math.Abs(expected)), Precision * (1 + Math.Abs(expected)));

    private double Sample() => _random.Next(4) == 0 ? _random.Next(5) : (_random.NextDouble() - 0.2) * 1_000;

    private TimerInterval Timer(IEnumerable<double> samples, int room = 100)
    {
        TimerInterval timer = new(new SampleReservoir(new SampleLimit(room), new Quota(room), _random));
        foreach (double sample in samples)
        {
            timer.Add(sample, sampleRate: 1);
        }

        return timer;
    }
}
