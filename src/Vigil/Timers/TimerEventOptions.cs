namespace Vigil;

/// <summary>How a <see cref="TimerEvent"/> measures time and is called back. Copied when the timer is made.</summary>
public sealed class TimerEventOptions : CallbackEventOptions
{
    internal static readonly TimerEventOptions Default = new();

    /// <summary>How ticks are treated that the loop is too late for, or that a step of the wall clock passes over.</summary>
    public MissedTickPolicy MissedTicks { get; set; } = MissedTickPolicy.Skip;

    /// <summary>
    /// How much later than due a tick may come, to share a wake-up with others. Timers with tolerances fire at common multiples of powers
    /// of two, or with any earlier wake-up that falls within their tolerance. Anything above 36 minutes counts as 36 minutes.
    /// </summary>
    public TimeSpan Tolerance { get; set; }

    /// <summary>
    /// The clock that measures its time. Default: null, for <see cref="TimerClock.WallClock"/> if the timer has a date, else
    /// <see cref="TimerClock.Monotonic"/>.
    /// </summary>
    public TimerClock? Clock { get; set; }

    internal TimerEventOptions Validate()
    {
        if (!Enum.IsDefined(MissedTicks))
        {
            throw new ArgumentOutOfRangeException(nameof(MissedTicks), MissedTicks, "A policy for missed ticks is Skip, Burst or Delay.");
        }

        if (Clock is { } clock && !Enum.IsDefined(clock))
        {
            throw new ArgumentOutOfRangeException(nameof(Clock), clock, "A timer's clock is Monotonic, BootTime or WallClock.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(Tolerance, TimeSpan.Zero);
        return this;
    }
}
