using System.Globalization;

namespace Vigil;

/// <summary>How long something took, over all times that it was measured. Quantiles are exact to an eighth.</summary>
/// <param name="Count">How often it was measured.</param>
/// <param name="Mean">The mean.</param>
/// <param name="Median">What half of them did not exceed.</param>
/// <param name="P99">What 99 of 100 did not exceed.</param>
/// <param name="Max">The longest.</param>
public readonly record struct DurationSummary(long Count, TimeSpan Mean, TimeSpan Median, TimeSpan P99, TimeSpan Max)
{
    /// <summary>For logs: median, 99th percentile and longest, in milliseconds.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Median.TotalMilliseconds:0.####} / {P99.TotalMilliseconds:0.####} / {Max.TotalMilliseconds:0.####} ms");
}
