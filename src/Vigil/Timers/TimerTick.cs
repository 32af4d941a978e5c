namespace Vigil;

/// <summary>One firing of a timer.</summary>
/// <param name="Lateness">The time from its due time until the iteration that fired it read the clock; zero or more.</param>
/// <param name="Missed">How many further ticks had become due by then. <see cref="MissedTickPolicy.Skip"/> and
/// <see cref="MissedTickPolicy.Delay"/> drop them; under <see cref="MissedTickPolicy.Burst"/> they are still to come.</param>
public readonly record struct TimerTick(TimeSpan Lateness, long Missed);
