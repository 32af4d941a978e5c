namespace MetricsGateway.Flushing;

/// <summary>The time that one flush sums up, and how it came to its end.</summary>
/// <param name="Number">The first flush has 1.</param>
/// <param name="End">The time of day when it ended.</param>
/// <param name="Duration">How long it really was, which is what rates are per second of.</param>
/// <param name="Lateness">How long after it was due it ended.</param>
/// <param name="Missed">How many flushes fell out, because the loop was busy when they were due, or another one was being computed. Their
/// metrics are in this one.</param>
/// <param name="IsLast">Whether the gateway stops, and nothing follows.</param>
internal readonly record struct FlushInterval(
    long Number, DateTimeOffset End, TimeSpan Duration, TimeSpan Lateness, long Missed, bool IsLast)
{
    /// <summary>The time that it is told under (<see cref="FlushTimes"/>).</summary>
    public DateTimeOffset Stamp { get; init; } = End;

    /// <summary>How long it is until the next one ends, if that is not late.</summary>
    public TimeSpan UntilNext { get; init; } = Duration;

    public double PerSecond(double count) => Duration > TimeSpan.Zero ? Metrics.Saturated.Limit(count / Duration.TotalSeconds) : 0;
}
