namespace Vigil;

/// <summary>The wall clock was set, or went on while the machine was suspended.</summary>
/// <param name="Offset">The difference to what it would have shown otherwise, measured against the monotonic clock; negative if it was set
/// back.</param>
public readonly record struct ClockStep(TimeSpan Offset);
