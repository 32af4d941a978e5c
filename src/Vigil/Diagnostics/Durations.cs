using Vigil.Collections;
using Vigil.Timing;

namespace Vigil.Diagnostics;

/// <summary>Converts recorded durations to what users are shown.</summary>
internal static class Durations
{
    public static DurationSummary Summary(DurationHistogram histogram)
    {
        return new DurationSummary
        {
            Count = histogram.Count,
            Mean = Nanoseconds.ToTimeSpan(histogram.Mean),
            Median = Nanoseconds.ToTimeSpan(histogram.Quantile(0.5)),
            P99 = Nanoseconds.ToTimeSpan(histogram.Quantile(0.99)),
            Max = Nanoseconds.ToTimeSpan(histogram.Max),
        };
    }
}
