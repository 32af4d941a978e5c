using System.Globalization;

namespace Vigil;

/// <summary>
/// A loop's counts and times since it was first measured (<c>EventManagerOptions.CollectStatistics</c>, or a listener of the meter).
/// </summary>
public sealed record EventManagerStatistics
{
    /// <summary>The number of iterations.</summary>
    public long Iterations { get; init; }

    /// <summary>The number of callbacks of timers and delays.</summary>
    public long TimerCallbacks { get; init; }

    /// <summary>The number of callbacks of subscribers, sockets, files and children.</summary>
    public long SourceCallbacks { get; init; }

    /// <summary>The number of posted closures, continuations, and callbacks of signals and user events.</summary>
    public long PostedCallbacks { get; init; }

    /// <summary>The number of deferred callbacks.</summary>
    public long DeferredCallbacks { get; init; }

    /// <summary>The number of messages taken from its mailbox.</summary>
    public long Posts { get; init; }

    /// <summary>The time that it was busy, up to now.</summary>
    public TimeSpan BusyTime { get; init; }

    /// <summary>The time that it waited, up to now.</summary>
    public TimeSpan IdleTime { get; init; }

    /// <summary>
    /// For how long it has been busy since its last wait, up to now; zero while it waits, and if nothing is measured. A loop whose callback
    /// does not return is busy for ever longer. Between runs it counts on.
    /// </summary>
    public TimeSpan BusyFor { get; init; }

    /// <summary>The durations of the busy parts of its iterations: what became ready last waited that long.</summary>
    public DurationSummary Lag { get; init; }

    /// <summary>How late timer events fired.</summary>
    public DurationSummary TimerLateness { get; init; }

    /// <summary>The number of stale events: a previous callback had changed or removed their source.</summary>
    public long StaleEvents { get; init; }

    /// <summary>The number of events of registrations that were removed but are kept alive by duplicates of their descriptors.</summary>
    public long OrphanedEvents { get; init; }

    /// <summary>The number of faults reported or thrown since the manager was made.</summary>
    public long Faults { get; init; }

    /// <summary>The fraction of time that it was busy, 0 to 1.</summary>
    public double Utilization => BusyTime + IdleTime is { Ticks: > 0 } all ? BusyTime / all : 0;

    /// <summary>One line for a log.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Iterations} iterations, busy {Utilization:0.###} of the time; " +
        $"callbacks: {TimerCallbacks} of timers, {SourceCallbacks} of sources, " +
        $"{PostedCallbacks} posted, {DeferredCallbacks} deferred; lag {Lag}; timers late {TimerLateness}; " +
        $"events dropped: {StaleEvents} stale, {OrphanedEvents} orphaned; {Faults} faults");
}
