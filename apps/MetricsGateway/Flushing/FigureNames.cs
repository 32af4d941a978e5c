using System.Text.Json;
using MetricsGateway.Metrics;

namespace MetricsGateway.Flushing;

/// <summary>statsd's names of the values, ready to be written. They are plain ASCII, the same in JSON and in Graphite.</summary>
internal static class FigureNames
{
    public static readonly JsonEncodedText Count = JsonEncodedText.Encode("count"u8);
    public static readonly JsonEncodedText CountPs = JsonEncodedText.Encode("count_ps"u8);
    public static readonly JsonEncodedText Rate = JsonEncodedText.Encode("rate"u8);
    public static readonly JsonEncodedText Value = JsonEncodedText.Encode("value"u8);
    public static readonly JsonEncodedText Sum = JsonEncodedText.Encode("sum"u8);
    public static readonly JsonEncodedText Mean = JsonEncodedText.Encode("mean"u8);
    public static readonly JsonEncodedText Lower = JsonEncodedText.Encode("lower"u8);
    public static readonly JsonEncodedText Upper = JsonEncodedText.Encode("upper"u8);
    public static readonly JsonEncodedText Median = JsonEncodedText.Encode("median"u8);
    public static readonly JsonEncodedText Std = JsonEncodedText.Encode("std"u8);
    public static readonly JsonEncodedText Histogram = JsonEncodedText.Encode("histogram"u8);
}

/// <summary>The names of a percentile's values.</summary>
internal sealed class PercentileNames(Percentile percentile)
{
    public JsonEncodedText Count { get; } = JsonEncodedText.Encode($"count_{percentile.Suffix}");

    public JsonEncodedText Mean { get; } = JsonEncodedText.Encode($"mean_{percentile.Suffix}");

    public JsonEncodedText Bound { get; } = JsonEncodedText.Encode($"{(percentile.IsTop ? "lower" : "upper")}_{percentile.Suffix}");

    public JsonEncodedText Sum { get; } = JsonEncodedText.Encode($"sum_{percentile.Suffix}");

    public static PercentileNames[] Of(PercentileList percentiles) =>
        [.. percentiles.Items.Select(percentile => new PercentileNames(percentile))];
}
