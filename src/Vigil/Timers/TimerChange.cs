namespace Vigil;

/// <summary>A requested setting of a timer of <see cref="EventManager.TimeProvider"/>.</summary>
/// <param name="Number">The change's number within its timer. The greater of two wins.</param>
/// <param name="Due">When the timer is due, in nanoseconds.</param>
/// <param name="Period">Its period in nanoseconds; 0 for none.</param>
internal readonly record struct TimerChange(long Number, long Due, long Period);
