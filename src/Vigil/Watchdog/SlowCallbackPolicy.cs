namespace Vigil;

/// <summary>
/// What happens to a callback that exceeds its budget, besides being reported. Phases over their budgets are only reported, since no single
/// callback is responsible.
/// </summary>
public enum SlowCallbackPolicy
{
    /// <summary>Nothing.</summary>
    Report = 0,

    /// <summary>
    /// When the callback returns, its owner is removed: an event is cancelled, a subscriber is handed over in the
    /// <see cref="FaultReport"/>. Callbacks without a removable owner (closures, deferred callbacks, delays, timers of the
    /// <see cref="EventManager.TimeProvider"/>) are only reported.
    /// </summary>
    Detach = 1,

    /// <summary>
    /// When the callback returns, the iteration is finished and the run ends with an <see cref="EventManagerException"/> that names the
    /// callback (<see cref="EventManagerError.CallbackOverran"/>).
    /// </summary>
    Stop = 2,

    /// <summary>
    /// At once, while the callback is running: one report is written to standard error and the program is aborted (<c>abort(3)</c>,
    /// SIGABRT, exit code 134). The runtime writes a dump if <c>DOTNET_DbgEnableMiniDump</c> requests one. With
    /// <see cref="WatchdogOptions.ExactTiming"/> also when the callback returns, if it was not seen running over its budget before.
    /// </summary>
    FailFast = 3,
}
