namespace Vigil.Timing;

/// <summary>A moment on the monotonic clock until which one may wait: now, never, or at a time in nanoseconds.</summary>
internal readonly record struct Deadline
{
    private const long Never = long.MaxValue;

    private Deadline(long nanoseconds) => Nanoseconds = nanoseconds;

    /// <summary>Do not wait at all. No clock need be read to know that it has passed.</summary>
    public static Deadline Immediate => default;

    /// <summary>Wait without limit.</summary>
    public static Deadline Infinite => new(Never);

    public long Nanoseconds { get; }

    public bool IsImmediate => Nanoseconds == 0;

    public bool IsInfinite => Nanoseconds == Never;

    public static Deadline At(long nanoseconds) => new(nanoseconds);

    /// <summary>A time span from now; one that passes the end of the clock is infinite, one of zero or less immediate.</summary>
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
