using System.Globalization;

namespace Vigil;

/// <summary>What a loop has done since it was first measured (<c>EventManagerOptions.CollectStatistics</c>, or a listener of the meter).</summary>
public sealed record EventManagerStatistics
{
    /// <summary>How many iterations it ran.</summary>
    public long Iterations { get; init; }

    /// <summary>How many callbacks of timers and delays.</summary>
    public long TimerCallbacks { get; init; }

    /// <summary>How many callbacks of subscribers, sockets, files and children.</summary>
    public long SourceCallbacks { get; init; }

    /// <summary>How many posted closures, continuations, and callbacks of signals and user events.</summary>
    public long PostedCallbacks { get; init; }

    /// <summary>How many deferred callbacks.</summary>
    public long DeferredCallbacks { get; init; }

    /// <summary>How many messages it took from its mailbox.</summary>
    public long Posts { get; init; }

    /// <summary>How long it ran, up to now.</summary>
    public TimeSpan BusyTime { get; init; }

    /// <summary>How long it waited, up to now.</summary>
    public TimeSpan IdleTime { get; init; }

    /// <summary>How long the busy parts of its iterations took: what became ready last waited that long.</summary>
    public DurationSummary Lag { get; init; }

    /// <summary>How much later than due timer events fired.</summary>
    public DurationSummary TimerLateness { get; init; }

    /// <summary>Events that came too late, since their source had been changed or removed by a callback before.</summary>
    public long StaleEvents { get; init; }

    /// <summary>Events of registrations that were removed but are kept alive by duplicates of their descriptors.</summary>
    public long OrphanedEvents { get; init; }

    /// <summary>How many faults were reported or thrown, since the manager was made.</summary>
    public long Faults { get; init; }

    /// <summary>The fraction of the time that it was busy, 0 to 1.</summary>
    public double Utilization => BusyTime + IdleTime is { Ticks: > 0 } all ? BusyTime / all : 0;

    /// <summary>One line for a log.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Iterations} iterations, busy {Utilization:0.###} of the time; callbacks: {TimerCallbacks} of timers, {SourceCallbacks} of sources, " +
        $"{PostedCallbacks} posted, {DeferredCallbacks} deferred; lag {Lag}; timers late {TimerLateness}; " +
        $"events dropped: {StaleEvents} stale, {OrphanedEvents} orphaned; {Faults} faults");
}
