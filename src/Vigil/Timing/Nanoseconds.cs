namespace Vigil.Timing;

/// <summary>Times and spans in nanoseconds that end at <see cref="TimingWheel.Never"/> instead of overflowing.</summary>
internal static class Nanoseconds
{
    private const long PerTick = 100;

    /// <summary>A span of zero or more.</summary>
    public static long Of(TimeSpan span) => span.Ticks > TimingWheel.Never / PerTick ? TimingWheel.Never : span.Ticks * PerTick;

    /// <summary>Cut to whole ticks.</summary>
    public static TimeSpan ToTimeSpan(long nanoseconds) => new(nanoseconds / PerTick);

    /// <summary>Since 1970; zero for what is before.</summary>
    public static long SinceEpoch(DateTimeOffset time) => Of(new TimeSpan(Math.Max(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks, 0)));

    /// <summary>The sum of two numbers that are zero or more.</summary>
    public static long Add(long time, long span) => time > TimingWheel.Never - span ? TimingWheel.Never : time + span;
}
