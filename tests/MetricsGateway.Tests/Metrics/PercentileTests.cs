using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Metrics;

public class PercentileTests
{
    [Theory]
    [InlineData("90", "90")]
    [InlineData("50,90,99.9", "50,90,99.9")]
    [InlineData("-10,10,100,-100", "-10,10,100,-100")]
    [InlineData("090,99.90,0.5", "90,99.9,0.5")]
    [InlineData("99.999999", "99.999999")]
    public void A_list_is_numbers_separated_by_commas(string text, string shown)
    {
        Assert.True(PercentileList.TryParse(text, out PercentileList? list));
        Assert.Equal(shown, list.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("90,")]
    [InlineData("0")]
    [InlineData("-0.0")]
    [InlineData("100.1")]
    [InlineData("-101")]
    [InlineData("+90")]
    [InlineData("90, 50")]
    [InlineData("90;50")]
    [InlineData("9e1")]
    [InlineData("90,90.0")]
    [InlineData("99.9999999")]
    [InlineData("median")]
    [InlineData("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21")]
    public void Everything_else_is_not(string text) => Assert.False(PercentileList.TryParse(text, out _));

    [Fact]
    public void Lists_of_the_same_percentiles_are_equal()
    {
        Assert.Equal(List("50,90"), List("50.0,090"));
        Assert.Equal(List("50,90").GetHashCode(), List("50.0,090").GetHashCode());
        Assert.NotEqual(List("50,90"), List("90,50"));
    }

    [Theory]
    [InlineData("90", "90")]
    [InlineData("99.9", "99_9")]
    [InlineData("-10", "top10")]
    [InlineData("-99.5", "top99_5")]
    public void Names_are_those_of_statsd(string text, string suffix)
    {
        Assert.True(Percentile.TryParse(text, out Percentile percentile));
        Assert.Equal(suffix, percentile.Suffix);
    }

    [Theory]
    [InlineData("90", 10, 9)]
    [InlineData("90", 4, 4)]
    [InlineData("50", 3, 2)]
    [InlineData("50", 1, 1)]
    [InlineData("1", 1, 1)]
    [InlineData("1", 49, 0)]
    [InlineData("1", 50, 1)]
    [InlineData("-25", 4, 1)]
    [InlineData("99.9", 1000, 999)]
    [InlineData("-100", 7, 7)]
    public void The_samples_of_a_part_are_rounded_as_statsd_rounds_them(string text, long samples, long count)
    {
        Assert.True(Percentile.TryParse(text, out Percentile percentile));
        Assert.Equal(count, percentile.CountOf(samples));
    }

    private static PercentileList List(string text)
    {
        Assert.True(PercentileList.TryParse(text, out PercentileList? list));
        return list;
    }
}
