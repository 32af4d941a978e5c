namespace Vigil.Timing;

/// <summary>Times and spans in nanoseconds that end at <see cref="TimingWheel.Never"/> instead of overflowing.</summary>
internal static class Nanoseconds
{
    /// <summary>
    /// The earliest due time that is told apart from earlier ones: 292 years before a clock's zero. Room is left below it for the greatest
    /// <see cref="TimingWheel.MaxLeeway"/>.
    /// </summary>
    public const long First = -(TimingWheel.Never - TimingWheel.MaxLeeway);

    private const long PerTick = 100;

    /// <summary>A span of zero or more.</summary>
    public static long Of(TimeSpan span) => span.Ticks > TimingWheel.Never / PerTick ? TimingWheel.Never : span.Ticks * PerTick;

    /// <summary>Cut to whole ticks.</summary>
    public static TimeSpan ToTimeSpan(long nanoseconds) => new(nanoseconds / PerTick);

    /// <summary>Between two dates; negative where the first is the earlier one. Eight thousand years do not fit into 64 bits.</summary>
    public static Int128 Between(DateTimeOffset time, DateTimeOffset origin) => (Int128)(time.UtcTicks - origin.UtcTicks) * PerTick;

    /// <summary>A time and a span of zero or more.</summary>
    public static long Add(long time, long span) => time > TimingWheel.Never - span ? TimingWheel.Never : time + span;

    /// <summary>A time less another one that is zero or more: the result ends at the least that a number can be.</summary>
    public static long Subtract(long time, long other) => time < long.MinValue + other ? long.MinValue : time - other;
}
