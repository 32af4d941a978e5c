using System.Globalization;

namespace Vigil;

/// <summary>What a loop has done since it was first measured (<c>EventManagerOptions.CollectStatistics</c>, or a listener of the meter).</summary>
/// <param name="Iterations">How many iterations it ran.</param>
/// <param name="TimerCallbacks">How many callbacks of timers and delays.</param>
/// <param name="SourceCallbacks">How many callbacks of subscribers, sockets, files and children.</param>
/// <param name="PostedCallbacks">How many posted closures, continuations, and callbacks of signals and user events.</param>
/// <param name="DeferredCallbacks">How many deferred callbacks.</param>
/// <param name="Posts">How many messages it took from its mailbox.</param>
/// <param name="BusyTime">How long it ran, up to now.</param>
/// <param name="IdleTime">How long it waited, up to now.</param>
/// <param name="Lag">How long the busy parts of its iterations took: what became ready last waited that long.</param>
/// <param name="TimerLateness">How much later than due timer events fired.</param>
/// <param name="StaleEvents">Events that came too late, since their source had been changed or removed by a callback before.</param>
/// <param name="OrphanedEvents">Events of registrations that were removed but are kept alive by duplicates of their descriptors.</param>
/// <param name="Faults">How many faults were reported or thrown, since the manager was made.</param>
public sealed record EventManagerStatistics(
    long Iterations,
    long TimerCallbacks,
    long SourceCallbacks,
    long PostedCallbacks,
    long DeferredCallbacks,
    long Posts,
    TimeSpan BusyTime,
    TimeSpan IdleTime,
    DurationSummary Lag,
    DurationSummary TimerLateness,
    long StaleEvents,
    long OrphanedEvents,
    long Faults)
{
    /// <summary>The fraction of the time that it was busy, 0 to 1.</summary>
    public double Utilization => BusyTime + IdleTime is { Ticks: > 0 } all ? BusyTime / all : 0;

    /// <summary>One line for a log.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Iterations} iterations, busy {Utilization:0.###} of the time; callbacks: {TimerCallbacks} of timers, {SourceCallbacks} of sources, " +
        $"{PostedCallbacks} posted, {DeferredCallbacks} deferred; lag {Lag}; timers late {TimerLateness}; " +
        $"events dropped: {StaleEvents} stale, {OrphanedEvents} orphaned; {Faults} faults");
}
