namespace Vigil;

/// <summary>What a <see cref="SlowCallbackReport"/> tells.</summary>
public enum SlowCallbackKind
{
    /// <summary>A callback has exceeded its budget and still runs.</summary>
    Running = 0,

    /// <summary>A callback that has exceeded its budget has returned.</summary>
    Ended = 1,

    /// <summary>A phase of the iteration has exceeded its budget and goes on, though each callback in it kept its own: the others starve.</summary>
    PhaseRunning = 2,

    /// <summary>A phase that has exceeded its budget is over.</summary>
    PhaseEnded = 3,
}
