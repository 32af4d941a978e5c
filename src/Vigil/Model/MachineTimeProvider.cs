namespace Vigil;

/// <summary>
/// The clocks of a machine that can be suspended and whose wall clock can be set: a <see cref="TimeProvider"/> that also has a boot clock,
/// and says when one of its clocks has jumped. As a manager's <see cref="EventManagerOptions.TimeProvider"/> it serves all three kinds of
/// <see cref="TimerClock"/>. The package Vigil.Testing has a virtual one.
/// </summary>
public abstract class MachineTimeProvider : TimeProvider
{
    /// <summary>
    /// Raised when the machine was suspended and goes on, and when its wall clock was set: after the clocks have their new readings. On any
    /// thread.
    /// </summary>
    public abstract event EventHandler? ClockJumped;

    /// <summary>
    /// The reading of the boot clock: that of <see cref="TimeProvider.GetTimestamp"/>, and the time for which the machine was suspended.
    /// Any thread.
    /// </summary>
    /// <returns>The reading, in the unit of <see cref="TimeProvider.TimestampFrequency"/>.</returns>
    public abstract long GetBootTimestamp();
}
