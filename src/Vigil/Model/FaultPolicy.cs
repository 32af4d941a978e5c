namespace Vigil;

/// <summary>What becomes of an exception that a callback throws. Whichever it is, nobody else misses an event: the iteration is finished first.</summary>
public enum FaultPolicy
{
    /// <summary>It comes out of the run, as it is; several of one iteration come as an <see cref="AggregateException"/>. The manager can be run again.</summary>
    Throw = 0,

    /// <summary>Whoever threw is removed (a timer cancelled) and handed over in the report. Faults without an owner that could be removed are only reported.</summary>
    Detach = 1,

    /// <summary>It is reported, and the loop goes on.</summary>
    Report = 2,
}
