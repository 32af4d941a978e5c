namespace Vigil.Timing;

/// <summary>The end of a wait on the monotonic clock: now, never, or a time in nanoseconds.</summary>
internal readonly record struct Deadline
{
    private const long Never = long.MaxValue;

    private Deadline(long nanoseconds) => Nanoseconds = nanoseconds;

    /// <summary>Do not wait at all. It has passed without reading a clock.</summary>
    public static Deadline Immediate => default;

    /// <summary>Wait without limit.</summary>
    public static Deadline Infinite => new(Never);

    public long Nanoseconds { get; }

    public bool IsImmediate => Nanoseconds == 0;

    public bool IsInfinite => Nanoseconds == Never;

    public static Deadline At(long nanoseconds) => new(nanoseconds);

    /// <summary>A time span from now. Infinite if it passes the end of the clock, immediate if it is zero or less.</summary>
    public static Deadline After(TimeSpan span)
    {
        if (span <= TimeSpan.Zero)
        {
            return Immediate;
        }

        const long NanosecondsPerTick = 100;
        long now = MonotonicClock.NowNanoseconds;
        return span.Ticks > (Never - 1 - now) / NanosecondsPerTick ? Infinite : new Deadline(now + (span.Ticks * NanosecondsPerTick));
    }

    public Deadline Earlier(Deadline other) => Nanoseconds <= other.Nanoseconds ? this : other;
}
