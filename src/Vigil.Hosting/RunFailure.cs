namespace Vigil.Hosting;

/// <summary>What happens when the run of a hosted event manager ends with an exception. It is logged once in any case.</summary>
public enum RunFailure
{
    /// <summary>
    /// The host is stopped, and <see cref="Environment.ExitCode"/> becomes 1 if it is 0, so that a supervisor sees a failure.
    /// </summary>
    StopHost = 0,

    /// <summary>
    /// The same manager runs again after a pause, which doubles with each failure (<see cref="HostedManagerOptions.RestartDelay"/>).
    /// Subscribers and events are still there; what is posted meanwhile waits.
    /// </summary>
    Restart = 1,

    /// <summary>The manager is disposed, so that its callers fail, and the host goes on without it.</summary>
    Ignore = 2,
}
