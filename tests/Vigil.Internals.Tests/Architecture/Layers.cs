namespace Vigil.Internals.Tests.Architecture;

/// <summary>The library's folders from the ground up. A folder may use those of the levels below its own, and in its own level those that
/// are listed.</summary>
internal static class Layers
{
    /// <summary>The levels, the ground first: name and folders.</summary>
    public static readonly IReadOnlyList<(string Name, string[] Folders)> Levels =
    [
        ("ground", ["Model", "Interop", "Collections", "Threading", "IO"]),
        ("mechanisms", ["Timing", "Polling", "Diagnostics", "Messaging", "Sources", "Recording"]),
        ("the loop", ["Loop"]),
        (
            "features",
            [
                "Workers", "Events", "Timers", "Signals", "Children", "Files", "Subscribers", "Calls", "Faults", "Watchdog", "Recorders",
                "Systemd",
            ]),
        ("the face", [""]),
    ];

    /// <summary>The intended references within a level, and their reasons.</summary>
    public static IReadOnlyList<SameLevelReference> Neighbours { get; } =
    [
        new("Threading", "Interop", "a thread is parked by a futex"),
        new("Threading", "Model", "a thread that cannot be started is an EventManagerException"),
        new("Collections", "Threading", "the lock under which a queue grows outlasts an interrupt of its sender"),
        new("Collections", "Model", "the slot table names its objects by tokens"),
        new("IO", "Interop", "a handle's calls are the kernel's"),
        new("IO", "Model", "what cannot be opened is an EventManagerException"),
        new("Polling", "Timing", "a wait is given a deadline"),
        new("Messaging", "Polling", "a mailbox wakes its loop by a descriptor"),
        new("Sources", "Polling", "a source is registered with the poller"),
        new("Diagnostics", "Timing", "durations are measured"),
        new("Recording", "Polling", "a recorded poller stands in for the poller"),
        new("Recording", "Timing", "a recorded clock stands in for the clock"),
        new("Events", "Workers", "a callback may run on a worker"),
        new("Timers", "Events", "a timer event is an event"),
        new("Signals", "Events", "a signal event is an event"),
        new("Children", "Events", "a child event is an event"),
        new("Files", "Events", "a file event is an event"),
        new("Timers", "Workers", "its callback may run on a worker"),
        new("Signals", "Workers", "its callback may run on a worker"),
        new("Children", "Workers", "its callback may run on a worker"),
        new("Files", "Workers", "its callback may run on a worker"),
        new("Children", "Signals", "a child ends by a signal, and is sent some"),
        new("Recorders", "Calls", "an input is posted to its loop"),
        new("Faults", "Events", "a report names the event"),
        new("Faults", "Subscribers", "a report names the subscriber"),
        new("Systemd", "Events", "the answer to a barrier is a socket event"),
        new("Systemd", "Calls", "a wait that has ended elsewhere is cleared up on its loop"),
        new("Watchdog", "Systemd", "the service manager is told that the loops are alive"),
        new("Watchdog", "Events", "a report names the event"),
        new("Watchdog", "Subscribers", "a report names the subscriber"),
    ];

    public static bool IsKnown(string folder) => LevelOf(folder) >= 0;

    public static bool IsAllowed(string from, string to) =>
        LevelOf(from) > LevelOf(to) || Neighbours.Any(neighbour => neighbour.Connects(from, to));

    private static int LevelOf(string folder)
    {
        for (int level = 0; level < Levels.Count; level++)
        {
            if (Levels[level].Folders.Contains(folder, StringComparer.Ordinal))
            {
                return level;
            }
        }

        return -1;
    }
}

/// <summary>A reference between folders of one level, and its reason.</summary>
internal sealed record SameLevelReference(string From, string To, string Reason)
{
    public bool Connects(string from, string to) =>
        string.Equals(From, from, StringComparison.Ordinal) && string.Equals(To, to, StringComparison.Ordinal);
}
