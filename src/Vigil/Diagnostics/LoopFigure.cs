namespace Vigil.Diagnostics;

/// <summary>A loop's figures, in the order of <see cref="FigureSeries"/>. Times are in nanoseconds.</summary>
internal enum LoopFigure
{
    Iterations,
    TimerCallbacks,
    SourceCallbacks,
    PostedCallbacks,
    DeferredCallbacks,
    Posts,
    BusyTime,
    IdleTime,
    StaleEvents,
    OrphanedEvents,
    Faults,
    SlowCallbacks,
    SlowPhases,
}
