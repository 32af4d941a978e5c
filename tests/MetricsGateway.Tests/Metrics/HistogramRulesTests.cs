using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Metrics;

public class HistogramRulesTests
{
    [Theory]
    [InlineData("10,100,inf")]
    [InlineData("0.5,1.25")]
    [InlineData("api=10,inf;db=none;1")]
    [InlineData("a=b=5")]
    [InlineData("1234567890.123456,1234567890.123457")]
    [InlineData("9007199254740992,9007199254740994")]
    [InlineData("inf")]
    public void Rules_are_shown_as_they_are_written(string text)
    {
        Assert.True(HistogramRules.TryParse(text, out HistogramRules? rules));

        Assert.Equal(text, rules.ToString());
        Assert.True(HistogramRules.TryParse(text, out HistogramRules? same));
        Assert.Equal(rules, same);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10,5")]
    [InlineData("10,10")]
    [InlineData("inf,10")]
    [InlineData("inf,inf")]
    [InlineData("9007199254740992,9007199254740993")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1e3")]
    [InlineData("1,")]
    [InlineData("1;")]
    [InlineData("api=")]
    [InlineData("0.0000001")]
    public void Anything_else_is_refused(string text) => Assert.False(HistogramRules.TryParse(text, out _));

    [Fact]
    public void Limits_that_differ_in_their_last_digit_have_names_of_their_own()
    {
        Assert.True(HistogramRules.TryParse("1234567890.123456,1234567890.123457", out HistogramRules? rules));
        Assert.True(HistogramRules.TryParse("1234567890.123456,1234567890.123458", out HistogramRules? others));

        Assert.Equal(["bin_1234567890_123456", "bin_1234567890_123457"], rules.Find("any"u8)!.Names.Select(name => name.AsSpan().Text()));
        Assert.NotEqual(rules, others);
    }

    [Fact]
    public void The_first_rule_whose_part_is_in_the_name_counts()
    {
        Assert.True(HistogramRules.TryParse("api.slow=1;api=none;2", out HistogramRules? rules));

        Assert.Equal([1.0], rules.Find("my.api.slow;host=a"u8)!.Limits);
        Assert.Null(rules.Find("api.fast"u8));
        Assert.Equal([2.0], rules.Find("other"u8)!.Limits);
    }

    [Fact]
    public void Samples_are_counted_below_their_limit_and_beyond_the_last_one_not_at_all()
    {
        Random random = new(2003);
        for (int round = 0; round < 200; round++)
        {
            double[] samples = [.. Enumerable.Range(0, random.Next(1, 100)).Select(_ => (double)random.Next(-5, 120))];
            TimerInterval timer = new(new SampleReservoir(new SampleLimit(100), new Quota(100), random));
            Array.ForEach(samples, sample => timer.Add(sample, sampleRate: 1));
            double[] counts = new double[3];

            new TimerStatistics(timer).CountBins([10, 50, 100], counts);

            Assert.Equal(samples.Count(sample => sample < 10), counts[0]);
            Assert.Equal(samples.Count(sample => sample is >= 10 and < 50), counts[1]);
            Assert.Equal(samples.Count(sample => sample is >= 50 and < 100), counts[2]);
        }
    }

    [Fact]
    public void Where_a_choice_of_samples_was_kept_the_bins_stand_for_all_that_were_received()
    {
        TimerInterval timer = new(new SampleReservoir(new SampleLimit(1_000), new Quota(1_000), new Random(2003)));
        for (int i = 0; i < 100_000; i++)
        {
            timer.Add(i % 100, sampleRate: 1);
        }

        double[] counts = new double[2];
        new TimerStatistics(timer).CountBins([25, double.PositiveInfinity], counts);

        // Six standard deviations of an estimate from a thousand samples.
        Assert.InRange(counts[0], 25_000 - 8_300, 25_000 + 8_300);
        Assert.InRange(counts[0] + counts[1], 99_999, 100_001);
    }
}
