namespace Vigil.Timing;

/// <summary>Times and spans in nanoseconds that saturate at <see cref="TimingWheel.Never"/> instead of overflowing.</summary>
internal static class Nanoseconds
{
    /// <summary>
    /// The earliest due time that is distinct from earlier ones: 292 years before a clock's zero. It leaves room below for the greatest
    /// <see cref="TimingWheel.MaxLeeway"/>.
    /// </summary>
    public const long First = -(TimingWheel.Never - TimingWheel.MaxLeeway);

    private const long PerTick = 100;

    /// <summary>Converts a span of zero or more.</summary>
    public static long Of(TimeSpan span) => span.Ticks > TimingWheel.Never / PerTick ? TimingWheel.Never : span.Ticks * PerTick;

    /// <summary>Truncates to whole ticks.</summary>
    public static TimeSpan ToTimeSpan(long nanoseconds) => new(nanoseconds / PerTick);

    /// <summary>The time from <paramref name="origin"/> to <paramref name="time"/>. Eight thousand years do not fit into 64 bits.</summary>
    public static Int128 Between(DateTimeOffset time, DateTimeOffset origin) => (Int128)(time.UtcTicks - origin.UtcTicks) * PerTick;

    /// <summary>Adds a span of zero or more to a time.</summary>
    public static long Add(long time, long span) => time > TimingWheel.Never - span ? TimingWheel.Never : time + span;

    /// <summary>Subtracts a time of zero or more; saturates at <see cref="long.MinValue"/>.</summary>
    public static long Subtract(long time, long other) => time < long.MinValue + other ? long.MinValue : time - other;
}
