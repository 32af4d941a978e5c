namespace Vigil.Tests;

/// <summary>Internal state that only tests read.</summary>
internal static class Snapshots
{
    /// <summary>The started timers other than timer events: delays, and timers of the time provider.</summary>
    public static IReadOnlyList<object> SnapshotOfDelays(this EventManager manager) =>
        [.. manager.Core.Timers.Targets().Where(target => target is not TimerEvent)];

    /// <summary>The number of calls that have begun and whose tasks have not completed.</summary>
    public static int InFlightCount(this EventManager manager) => manager.RemoteEndpoint.InFlight.Count;
}
