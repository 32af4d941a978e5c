namespace Vigil;

/// <summary>What a <see cref="SlowCallbackReport"/> reports.</summary>
public enum SlowCallbackKind
{
    /// <summary>A callback has exceeded its budget and still runs.</summary>
    Running = 0,

    /// <summary>A callback that exceeded its budget has returned.</summary>
    Ended = 1,

    /// <summary>
    /// A phase of the iteration has exceeded its budget and continues, though each of its callbacks kept its own. Other phases starve.
    /// </summary>
    PhaseRunning = 2,

    /// <summary>A phase that exceeded its budget has ended.</summary>
    PhaseEnded = 3,
}
