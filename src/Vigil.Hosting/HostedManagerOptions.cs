using System.Globalization;

namespace Vigil.Hosting;

/// <summary>
/// How the host runs an event manager, beside the manager's own <see cref="EventManagerOptions"/>. Bound from the same section of the
/// configuration.
/// </summary>
public sealed class HostedManagerOptions
{
    /// <summary>What happens when the run ends with an exception. Default: <see cref="RunFailure.StopHost"/>. Can change at any
    /// time.</summary>
    public RunFailure OnRunFailure { get; set; }

    /// <summary>
    /// How long <see cref="RunFailure.Restart"/> waits after the first failure; more than zero. Each further failure doubles the pause, up
    /// to <see cref="MaxRestartDelay"/>. A run that lasted longer than that begins anew. Default: 1 s. Can change at any time.
    /// </summary>
    public TimeSpan RestartDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause before a restart, <see cref="RestartDelay"/> or more. Default: 1 min. Can change at any time.</summary>
    public TimeSpan MaxRestartDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long the host waits for posted and queued work when it stops; zero or more. It never waits longer than the host's own shutdown
    /// timeout. Default: null, for the host's <c>shutdownTimeoutSeconds</c> in the configuration (30 s if there is none), less a second.
    /// </summary>
    public TimeSpan? DrainTimeout { get; set; }

    /// <summary>
    /// The name of the worker pool that the manager uses (<c>AddWorkerPool(name)</c>). Default: null, for the pool without a name, or if
    /// there is none, for a pool of the manager's own, which starts with its first work. No effect if
    /// <see cref="EventManagerOptions.Workers"/> is set.
    /// </summary>
    public string? WorkerPool { get; set; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names the option and the range.</exception>
    public void Validate()
    {
        Require(Enum.IsDefined(OnRunFailure), nameof(OnRunFailure), OnRunFailure, "StopHost, Restart or Ignore");
        Require(RestartDelay > TimeSpan.Zero, nameof(RestartDelay), RestartDelay, "more than zero");
        Require(
            MaxRestartDelay >= RestartDelay && MaxRestartDelay <= TimeSpan.FromDays(1),
            nameof(MaxRestartDelay),
            MaxRestartDelay,
            "RestartDelay or more, and a day at most");
        Require(DrainTimeout is not { } drain || drain >= TimeSpan.Zero, nameof(DrainTimeout), DrainTimeout, "zero or more");
        Require(WorkerPool is not "", nameof(WorkerPool), "\"\"", "null or the name of a pool");
    }

    private static void Require(bool isValid, string option, object? value, string allowed)
    {
        if (!isValid)
        {
            throw new ArgumentOutOfRangeException(
                $"options.{option}",
                value,
                string.Create(CultureInfo.InvariantCulture, $"HostedManagerOptions.{option} must be {allowed}."));
        }
    }
}
