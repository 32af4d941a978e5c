namespace Vigil;

/// <summary>
/// How exceptions of callbacks are handled. In every case the iteration is finished first, so no other callback misses an event.
/// </summary>
public enum FaultPolicy
{
    /// <summary>
    /// The run throws it unchanged; several of one iteration as an <see cref="AggregateException"/>. The manager can be run again.
    /// </summary>
    Throw = 0,

    /// <summary>
    /// The callback's owner is removed (a timer cancelled) and passed in the report. Faults without an owner that can be removed are only
    /// reported.
    /// </summary>
    Detach = 1,

    /// <summary>It is reported, and the loop continues.</summary>
    Report = 2,
}
