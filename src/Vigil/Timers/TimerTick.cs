namespace Vigil;

/// <summary>One firing of a timer.</summary>
/// <param name="Lateness">How long after its due time the iteration that fired it read the clock; zero or more.</param>
/// <param name="Missed">
/// How many further ticks had become due by then: dropped under <see cref="MissedTickPolicy.Skip"/> and <see cref="MissedTickPolicy.Delay"/>,
/// still to come under <see cref="MissedTickPolicy.Burst"/>.
/// </param>
public readonly record struct TimerTick(TimeSpan Lateness, long Missed);
