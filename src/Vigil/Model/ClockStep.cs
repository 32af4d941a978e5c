namespace Vigil;

/// <summary>The wall clock was set, or went on while the machine was suspended.</summary>
/// <param name="Offset">By how much it differs from what it would have shown otherwise, as measured against the monotonic clock; negative where it was set back.</param>
public readonly record struct ClockStep(TimeSpan Offset);
