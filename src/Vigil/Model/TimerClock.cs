namespace Vigil;

/// <summary>What a timer's time is measured by.</summary>
public enum TimerClock
{
    /// <summary>Time as it passes for the running machine (<c>CLOCK_MONOTONIC</c>): never set, and standing still while the machine is suspended.</summary>
    Monotonic = 0,

    /// <summary>The same, going on while the machine is suspended (<c>CLOCK_BOOTTIME</c>). A timer that became due then fires on resumption; it does not wake the machine.</summary>
    BootTime = 1,

    /// <summary>The date (<c>CLOCK_REALTIME</c>), which can be set. A timer follows it; <see cref="EventManager.WallClockStepped"/> tells of it.</summary>
    WallClock = 2,
}
