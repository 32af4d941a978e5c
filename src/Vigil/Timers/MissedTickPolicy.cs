namespace Vigil;

/// <summary>What a periodic timer does about ticks that became due while the loop was busy or asleep. <see cref="TimerTick.Missed"/> counts them under each policy.</summary>
public enum MissedTickPolicy
{
    /// <summary>Drops them; the next tick is the next multiple of the period that is still to come.</summary>
    Skip = 0,

    /// <summary>Makes up for them, one in each iteration of the loop, which does not sleep meanwhile. No tick is lost.</summary>
    Burst = 1,

    /// <summary>Drops them; the next tick comes a whole period after the late one, and so do all that follow. Without a missed tick the phase stays.</summary>
    Delay = 2,
}
