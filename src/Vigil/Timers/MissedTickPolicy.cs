namespace Vigil;

/// <summary>
/// How a periodic timer treats ticks that became due while the loop was busy or asleep. <see cref="TimerTick.Missed"/> counts them under
/// each policy.
/// </summary>
public enum MissedTickPolicy
{
    /// <summary>Drops them. The next tick is the next multiple of the period.</summary>
    Skip = 0,

    /// <summary>Fires them all, one in each iteration of the loop, which does not sleep meanwhile. No tick is lost.</summary>
    Burst = 1,

    /// <summary>
    /// Drops them. The next tick comes one period after the late one, which shifts the phase of all later ticks. Without a missed tick the
    /// phase stays.
    /// </summary>
    Delay = 2,
}
