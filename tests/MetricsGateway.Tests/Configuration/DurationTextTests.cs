using MetricsGateway.Configuration;

namespace MetricsGateway.Tests.Configuration;

public class DurationTextTests
{
    [Theory]
    [InlineData("10s", 10_000)]
    [InlineData("500ms", 500)]
    [InlineData("1.5s", 1_500)]
    [InlineData("0.001s", 1)]
    [InlineData("2m", 120_000)]
    [InlineData("0.5m", 30_000)]
    [InlineData("1.25h", 4_500_000)]
    [InlineData("24h", 86_400_000)]
    [InlineData("0s", 0)]
    [InlineData("0010s", 10_000)]
    public void A_number_with_its_unit_is_a_duration(string text, long milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out TimeSpan duration));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData("ms")]
    [InlineData("-1s")]
    [InlineData("+1s")]
    [InlineData("1 s")]
    [InlineData(" 1s")]
    [InlineData("1s ")]
    [InlineData("1S")]
    [InlineData("1M")]
    [InlineData("1d")]
    [InlineData("1sec")]
    [InlineData("1m30s")]
    [InlineData(".5s")]
    [InlineData("5.s")]
    [InlineData("1,5s")]
    [InlineData("1e3ms")]
    [InlineData("1.5ms")]
    [InlineData("0.0001s")]
    [InlineData("00:00:10")]
    [InlineData("99999999999999999999999999999h")]
    [InlineData("NaNs")]
    [InlineData("999999999999999h")]
    [InlineData("30744573457m")]
    [InlineData("999999999999999s")]
    [InlineData("999999999999999m")]
    public void Everything_else_is_not(string text) => Assert.False(DurationText.TryParse(text, out _));

    [Theory]
    [InlineData(1, "1ms")]
    [InlineData(999, "999ms")]
    [InlineData(1_000, "1s")]
    [InlineData(1_500, "1500ms")]
    [InlineData(60_000, "1m")]
    [InlineData(90_000, "90s")]
    [InlineData(3_600_000, "1h")]
    [InlineData(5_400_000, "90m")]
    public void A_duration_is_shown_in_the_largest_unit_without_a_fraction(long milliseconds, string text)
    {
        Assert.Equal(text, DurationText.Format(TimeSpan.FromMilliseconds(milliseconds)));
        Assert.True(DurationText.TryParse(text, out TimeSpan duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }
}
