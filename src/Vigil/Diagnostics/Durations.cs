using Vigil.Collections;
using Vigil.Timing;

namespace Vigil.Diagnostics;

/// <summary>Makes of what was recorded what users are shown.</summary>
internal static class Durations
{
    public static DurationSummary Summary(DurationHistogram histogram)
    {
        long count = histogram.Count;
        return new DurationSummary(
            count,
            Nanoseconds.ToTimeSpan(count == 0 ? 0 : histogram.Total / count),
            Nanoseconds.ToTimeSpan(histogram.Quantile(0.5)),
            Nanoseconds.ToTimeSpan(histogram.Quantile(0.99)),
            Nanoseconds.ToTimeSpan(histogram.Max));
    }
}
