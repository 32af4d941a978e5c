namespace Vigil;

/// <summary>How a <see cref="TimerEvent"/> counts and is called back. Copied when the timer is made.</summary>
public sealed class TimerEventOptions : CallbackEventOptions
{
    internal static readonly TimerEventOptions Default = new();

    /// <summary>What becomes of ticks that the loop comes too late for, or that a step of the wall clock passes over.</summary>
    public MissedTickPolicy MissedTicks { get; set; } = MissedTickPolicy.Skip;

    /// <summary>
    /// How much later than due a tick may come, so that it shares a wake-up with others: timers with tolerances meet at common
    /// multiples of powers of two, and go along when the loop is awake in time anyway. What exceeds 36 minutes is not used.
    /// </summary>
    public TimeSpan Tolerance { get; set; }

    /// <summary>What its time is measured by. Null, the default: <see cref="TimerClock.WallClock"/> for a timer with a date, <see cref="TimerClock.Monotonic"/> for any other.</summary>
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
