using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Metrics;

public class SeriesTests
{
    [Fact]
    public void A_counter_stops_at_the_largest_number_instead_of_becoming_infinite()
    {
        Counter counter = new(new StoreHalf());

        counter.Add(double.MaxValue, sampleRate: 0.1);
        counter.Add(double.MaxValue, sampleRate: 1);
        Assert.Equal(double.MaxValue, counter.Value);

        counter.Add(-double.MaxValue, sampleRate: double.Epsilon);
        Assert.Equal(double.MinValue, counter.Value);
    }

    [Fact]
    public void Nothing_at_the_smallest_rate_is_nothing()
    {
        Counter counter = new(new StoreHalf());

        counter.Add(0, sampleRate: double.Epsilon);

        Assert.Equal(0, counter.Value);
    }

    [Fact]
    public void A_gauge_stops_at_the_largest_number()
    {
        Gauge gauge = new(new StoreHalf());

        gauge.Set(double.MaxValue);
        gauge.Change(double.MaxValue);

        Assert.Equal(double.MaxValue, gauge.Value);
    }

    [Fact]
    public void A_timer_of_extreme_samples_stays_finite()
    {
        TimerInterval timer = new(new SampleReservoir(new SampleLimit(10), new Quota(0), Random.Shared));

        timer.Add(double.MaxValue, sampleRate: double.Epsilon);
        timer.Add(double.MaxValue, sampleRate: 1);

        Assert.Equal(double.MaxValue, timer.Count);
        Assert.Equal(double.MaxValue, timer.Sum);
        Assert.Equal(double.MaxValue, timer.Minimum);
    }

    [Fact]
    public void A_timer_knows_its_only_sample_as_minimum_and_maximum()
    {
        TimerInterval timer = new(new SampleReservoir(new SampleLimit(10), new Quota(0), Random.Shared));

        timer.Add(-3, sampleRate: 1);

        Assert.Equal(-3, timer.Minimum);
        Assert.Equal(-3, timer.Maximum);
    }

    [Fact]
    public void What_an_interval_brought_is_told_while_the_next_one_goes_on_and_changes_nothing_of_it()
    {
        StoreHalf half = new();
        Counter counter = new(half);
        counter.Add(5, sampleRate: 1);

        half.Swap();
        counter.Add(7, sampleRate: 1);

        Assert.Equal(5, counter.ValueIn(half.Other));
        Assert.Equal(7, counter.Value);
        counter.Empty(half.Other);
        Assert.True(counter.IsIdleIn(half.Other));
        Assert.Equal(7, counter.Value);
    }

    [Fact]
    public void A_gauge_is_what_it_was_however_many_intervals_ago_also_while_they_are_told()
    {
        StoreHalf half = new();
        Gauge gauge = new(half);
        gauge.Set(5);
        half.Swap();
        Assert.Equal(5, gauge.Value);
        gauge.Change(2);
        Assert.Equal(5, gauge.ValueIn(half.Other));
        gauge.Empty(half.Other);
        Assert.Equal(7, gauge.Value);

        for (int i = 0; i < 3; i++)
        {
            half.Swap();
            Assert.Equal(7, gauge.Value);
            Assert.Equal(7, gauge.ValueIn(half.Other));
            gauge.Empty(half.Other);
            Assert.Equal(7, gauge.Value);
            Assert.True(gauge.IsIdle);
        }

        gauge.Set(9);
        Assert.Equal(9, gauge.Value);
        Assert.Equal(7, gauge.ValueIn(half.Other));
    }

    [Fact]
    public async Task A_gauge_that_is_emptied_by_one_thread_always_has_its_value_for_another()
    {
        for (int round = 1; round <= 2_000; round++)
        {
            StoreHalf half = new();
            Gauge gauge = new(half);
            gauge.Set(round);
            half.Swap();
            using Barrier start = new(2);
            Task worker = Task.Run(() =>
            {
                start.SignalAndWait();
                gauge.Empty(half.Other);
            });
            start.SignalAndWait();
            while (!worker.IsCompleted)
            {
                Assert.Equal(round, gauge.Value);
            }

            await worker;
        }
    }
}
