namespace Vigil;

/// <summary>What becomes of a callback that exceeds its budget, beside that it is reported. Phases that exceed theirs are only reported: nobody in particular is to blame.</summary>
public enum SlowCallbackPolicy
{
    /// <summary>Nothing.</summary>
    Report = 0,

    /// <summary>
    /// When it returns its owner is removed (an event cancelled, a subscriber handed over in the <see cref="FaultReport"/>). Callbacks without an owner
    /// that could be removed (closures, deferred callbacks, delays, timers of the <see cref="EventManager.TimeProvider"/>) are only reported.
    /// </summary>
    Detach = 1,

    /// <summary>When it returns, the iteration is finished and the run ends with an <see cref="EventManagerException"/> that names it (<see cref="EventManagerError.CallbackOverran"/>).</summary>
    Stop = 2,

    /// <summary>
    /// At once, while it still runs: one report is written to standard error and the program is aborted (<c>abort(3)</c>, SIGABRT, exit code 134). The runtime writes a
    /// dump where <c>DOTNET_DbgEnableMiniDump</c> asks for one. With <see cref="WatchdogOptions.ExactTiming"/> also when it returns, where it was not seen running over its budget before.
    /// </summary>
    FailFast = 3,
}
