namespace MetricsGateway.Flushing;

/// <summary>The interval that one flush sums up, and how it ended.</summary>
/// <param name="Number">The number of the flush, from 1.</param>
/// <param name="End">The time of day when it ended.</param>
/// <param name="Duration">Its real length, the divisor of rates.</param>
/// <param name="Lateness">How long after it was due it ended.</param>
/// <param name="Missed">The number of flushes that were skipped, because the loop was busy when they were due, or another one was being
/// computed. Their metrics are in this one.</param>
/// <param name="IsLast">Whether the gateway stops, and no flush follows.</param>
internal readonly record struct FlushInterval(
    long Number, DateTimeOffset End, TimeSpan Duration, TimeSpan Lateness, long Missed, bool IsLast)
{
    /// <summary>The timestamp under which it is reported (<see cref="FlushTimes"/>).</summary>
    public DateTimeOffset Stamp { get; init; } = End;

    /// <summary>The time until the next interval ends, if that one is not late.</summary>
    public TimeSpan UntilNext { get; init; } = Duration;

    public double PerSecond(double count) => Duration > TimeSpan.Zero ? Metrics.Saturated.Limit(count / Duration.TotalSeconds) : 0;
}
