using Vigil.Collections;
using Vigil.Timing;

namespace Vigil.Diagnostics;

/// <summary>Makes of what was recorded what users are shown.</summary>
internal static class Durations
{
    public static DurationSummary Summary(DurationHistogram histogram)
    {
        return new DurationSummary(
            histogram.Count,
            Nanoseconds.ToTimeSpan(histogram.Mean),
            Nanoseconds.ToTimeSpan(histogram.Quantile(0.5)),
            Nanoseconds.ToTimeSpan(histogram.Quantile(0.99)),
            Nanoseconds.ToTimeSpan(histogram.Max));
    }
}
