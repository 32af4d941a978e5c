namespace Vigil.Tests;

/// <summary>What only tests look at.</summary>
internal static class Snapshots
{
    /// <summary>The started timers that are no timer events: delays, and timers of the time provider.</summary>
    public static IReadOnlyList<object> SnapshotOfDelays(this EventManager manager) =>
        [.. manager.Core.Timers.Targets().Where(target => target is not TimerEvent)];

    /// <summary>How many calls have begun whose tasks are not finished.</summary>
    public static int InFlightCount(this EventManager manager) => manager.RemoteEndpoint.InFlight.Count;
}
