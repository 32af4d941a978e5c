namespace Vigil.Hosting;

/// <summary>
/// When the health check of an event manager says that it is degraded or unhealthy. Bound from the section <c>Health</c> of the manager's
/// section of the configuration. Can change at any time.
/// </summary>
public sealed class EventManagerHealthOptions
{
    /// <summary>
    /// For how long the loop may be busy without looking for new events before it is degraded; more than zero. A loop that sleeps since
    /// nothing is due is healthy, however long it sleeps. Default: 1 s.
    /// </summary>
    public TimeSpan MaxLag { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>After which time without an iteration a busy loop is unhealthy; <see cref="MaxLag"/> or more. Default: 10 s.</summary>
    public TimeSpan HangLimit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long after the watchdog has reported a callback or a phase over its budget the manager counts as degraded; zero or more.
    /// Default: 30 s.
    /// </summary>
    public TimeSpan SlowCallbackMemory { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names the option and the range.</exception>
    public void Validate()
    {
        Require(MaxLag > TimeSpan.Zero, nameof(MaxLag), MaxLag, "more than zero");
        Require(HangLimit >= MaxLag, nameof(HangLimit), HangLimit, "MaxLag or more");
        Require(SlowCallbackMemory >= TimeSpan.Zero, nameof(SlowCallbackMemory), SlowCallbackMemory, "zero or more");
    }

    private static void Require(bool isValid, string option, TimeSpan value, string allowed)
    {
        if (!isValid)
        {
            throw new ArgumentOutOfRangeException(
                $"options.{option}", value, $"EventManagerHealthOptions.{option} must be {allowed}.");
        }
    }
}
