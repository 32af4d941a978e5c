using System.Globalization;

namespace Vigil;

/// <summary>A summary of measured durations. Quantiles are exact to an eighth.</summary>
public readonly record struct DurationSummary
{
    /// <summary>The number of measurements.</summary>
    public long Count { get; init; }

    /// <summary>The mean.</summary>
    public TimeSpan Mean { get; init; }

    /// <summary>The duration that half of them did not exceed.</summary>
    public TimeSpan Median { get; init; }

    /// <summary>The duration that 99 of 100 did not exceed.</summary>
    public TimeSpan P99 { get; init; }

    /// <summary>The longest.</summary>
    public TimeSpan Max { get; init; }

    /// <summary>For logs: median, 99th percentile and longest, in milliseconds.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Median.TotalMilliseconds:0.####} / {P99.TotalMilliseconds:0.####} / {Max.TotalMilliseconds:0.####} ms");
}
