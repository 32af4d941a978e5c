namespace Vigil;

/// <summary>The states of a timer.</summary>
public enum TimerState
{
    /// <summary>
    /// Not started: it is a one-shot that has fired, or its due time was infinite. <see cref="TimerEvent.Change(TimeSpan)"/> starts it.
    /// </summary>
    Idle = 0,

    /// <summary>Waiting until it is due.</summary>
    Started = 1,

    /// <summary>Paused until <see cref="TimerEvent.Resume"/>.</summary>
    Suspended = 2,

    /// <summary>Over: cancelled, or its manager disposed.</summary>
    Cancelled = 3,
}
