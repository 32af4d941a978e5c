using MetricsGateway.Flushing;

namespace MetricsGateway.Tests.Flushing;

public class FlushTimesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FlushTimes _times = new();

    [Theory]
    [InlineData(10, 0, 10)]
    [InlineData(10, 0.001, 9.999)]
    [InlineData(10, 9.999, 0.001)]
    [InlineData(1, 0.25, 0.75)]
    [InlineData(0.1, 0.25, 0.05)]
    [InlineData(3600, 1, 3599)]
    public void An_interval_ends_at_the_next_multiple_of_its_length(double interval, double now, double due) =>
        Assert.Equal(TimeSpan.FromSeconds(due), FlushTimes.UntilNext(Noon.AddSeconds(now), TimeSpan.FromSeconds(interval)));

    [Theory]
    [InlineData(1)]
    [InlineData(1.5)]
    [InlineData(7)]
    [InlineData(10)]
    [Trait("Duration", "Scaled")]
    public void Whatever_the_clocks_do_within_reason_no_two_flushes_have_one_second_and_none_is_left_out(double seconds)
    {
        Random random = new(Scale.Seed(2003));
        TimeSpan interval = TimeSpan.FromSeconds(seconds);
        DateTimeOffset due = Noon + FlushTimes.UntilNext(Noon, interval);
        long? before = null;
        for (int flush = 0; flush < Scale.Times(3_000); flush++, due += interval)
        {
            double error = (random.NextDouble() - 0.5) * 0.1;
            DateTimeOffset stamp = _times.ForDue(due.AddSeconds(error), interval);

            long second = (stamp + TimeSpan.FromSeconds(0.5)).ToUnixTimeSeconds();
            if (before is { } last)
            {
                Assert.InRange(second - last, (long)Math.Floor(seconds), (long)Math.Ceiling(seconds));
            }

            before = second;
        }
    }

    [Theory]
    [InlineData(0.001)]
    [InlineData(3)]
    [InlineData(9.999)]
    [InlineData(10)]
    public void The_last_flush_has_the_time_at_which_its_interval_would_have_ended(double seconds)
    {
        TimeSpan interval = TimeSpan.FromSeconds(10);
        Assert.Equal(Noon, _times.ForDue(Noon.AddMilliseconds(0.2), interval));

        Assert.Equal(Noon.AddSeconds(10), _times.ForLast(Noon.AddSeconds(seconds), interval));
    }

    [Fact]
    public void A_clock_that_is_set_back_a_little_makes_no_flush_take_the_place_of_another()
    {
        TimeSpan interval = TimeSpan.FromSeconds(10);
        Assert.Equal(Noon.AddSeconds(10), _times.ForDue(Noon.AddSeconds(10), interval));
        Assert.Equal(Noon.AddSeconds(20), _times.ForDue(Noon.AddSeconds(9), interval));
        Assert.Equal(Noon.AddSeconds(30), _times.ForDue(Noon.AddSeconds(21), interval));

        // A step of an hour makes the timestamps start anew.
        Assert.Equal(Noon.AddSeconds(-3600), _times.ForDue(Noon.AddSeconds(-3599), interval));
        Assert.Equal(Noon.AddSeconds(7200), _times.ForDue(Noon.AddSeconds(7201), interval));
    }

    [Theory]
    [InlineData(12, 20)]
    [InlineData(10, 20)]
    [InlineData(3, 20)]
    [InlineData(-9, 20)]
    [InlineData(-11, -10)]
    [InlineData(-3599, -3590)]
    public void An_interval_ends_at_a_time_that_was_not_told_unless_the_clock_begins_anew(double now, double end)
    {
        TimeSpan interval = TimeSpan.FromSeconds(10);
        _times.ForDue(Noon.AddSeconds(10), interval);

        DateTimeOffset due = _times.EndAfter(Noon.AddSeconds(now), interval);

        Assert.Equal(Noon.AddSeconds(end), due);
        Assert.Equal(due, _times.Expected(due, interval));
        Assert.Equal(due, _times.ForDue(due, interval));
    }
}
