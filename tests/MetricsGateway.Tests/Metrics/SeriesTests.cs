using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Metrics;

public class SeriesTests
{
    [Fact]
    public void A_counter_stops_at_the_largest_number_instead_of_becoming_infinite()
    {
        Counter counter = new();

        counter.Add(double.MaxValue, sampleRate: 0.1);
        counter.Add(double.MaxValue, sampleRate: 1);
        Assert.Equal(double.MaxValue, counter.Value);

        counter.Add(-double.MaxValue, sampleRate: double.Epsilon);
        Assert.Equal(double.MinValue, counter.Value);
    }

    [Fact]
    public void Nothing_at_the_smallest_rate_is_nothing()
    {
        Counter counter = new();

        counter.Add(0, sampleRate: double.Epsilon);

        Assert.Equal(0, counter.Value);
    }

    [Fact]
    public void A_gauge_stops_at_the_largest_number()
    {
        Gauge gauge = new();

        gauge.Set(double.MaxValue);
        gauge.Change(double.MaxValue);

        Assert.Equal(double.MaxValue, gauge.Value);
    }

    [Fact]
    public void A_timer_of_extreme_samples_stays_finite()
    {
        TimerSummary timer = new(new SampleReservoir(10, new Quota(0), Random.Shared));

        timer.Add(double.MaxValue, sampleRate: double.Epsilon);
        timer.Add(double.MaxValue, sampleRate: 1);

        Assert.Equal(double.MaxValue, timer.Count);
        Assert.Equal(double.MaxValue, timer.Sum);
        Assert.Equal(double.MaxValue, timer.Minimum);
    }

    [Fact]
    public void A_timer_knows_its_only_sample_as_minimum_and_maximum()
    {
        TimerSummary timer = new(new SampleReservoir(10, new Quota(0), Random.Shared));

        timer.Add(-3, sampleRate: 1);

        Assert.Equal(-3, timer.Minimum);
        Assert.Equal(-3, timer.Maximum);
    }
}
