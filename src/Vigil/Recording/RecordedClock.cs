namespace Vigil.Recording;

/// <summary>What was read.</summary>
internal enum RecordedClock : byte
{
    Monotonic = TimerClock.Monotonic,
    BootTime = TimerClock.BootTime,
    WallClock = TimerClock.WallClock,

    /// <summary>The timestamp of the manager's <see cref="TimeProvider"/>, in its own unit.</summary>
    Timestamp,

    /// <summary>The date of the manager's <see cref="TimeProvider"/>, in ticks of UTC.</summary>
    Date,
}
