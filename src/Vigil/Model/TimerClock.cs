namespace Vigil;

/// <summary>The clock that measures a timer's time.</summary>
public enum TimerClock
{
    /// <summary>
    /// Time as it passes for the running machine (<c>CLOCK_MONOTONIC</c>): never set, and stopped while the machine is suspended.
    /// </summary>
    Monotonic = 0,

    /// <summary>
    /// As <see cref="Monotonic"/>, but it runs while the machine is suspended (<c>CLOCK_BOOTTIME</c>). A timer that became due then fires
    /// on resumption; it does not wake the machine.
    /// </summary>
    BootTime = 1,

    /// <summary>
    /// The date (<c>CLOCK_REALTIME</c>), which can be set. Timers follow it; <see cref="EventManager.WallClockStepped"/> reports that.
    /// </summary>
    WallClock = 2,
}
