namespace Vigil.Internals.Tests.Architecture;

/// <summary>The library's folders and which of them may use which.</summary>
internal static class Layers
{
    private static readonly Dictionary<string, int> LevelOf = new(StringComparer.Ordinal)
    {
        ["Model"] = 0,
        ["Interop"] = 0,
        ["Collections"] = 0,
        ["Timing"] = 1,
        ["Polling"] = 1,
        ["IO"] = 1,
        ["Threading"] = 1,
        ["Messaging"] = 2,
        ["Sources"] = 2,
        ["Files"] = 3,
        ["Work"] = 3,
        ["Signals"] = 3,
        ["Watchdog"] = 3,
        ["Diagnostics"] = 3,
        [""] = 4,
    };

    /// <summary>References that do not point down and are meant.</summary>
    public static IReadOnlyList<SameLevelReference> Exceptions { get; } =
    [
        new("Model", "Interop", "a signal asks the C library where real-time signals begin"),
        new("Polling", "IO", "the epoll instance, the timer and the waker are file descriptors that are owned and closed"),
        new("Timing", "IO", "a kernel clock's timer is a file descriptor that is owned and closed"),
        new("Polling", "Timing", "a wait is given a deadline"),
        new("Work", "Diagnostics", "a pool's threads record how long work waited and ran, where somebody listens"),
    ];

    public static bool IsKnown(string folder) => LevelOf.ContainsKey(folder);

    public static bool IsAllowed(string from, string to) =>
        string.Equals(from, to, StringComparison.Ordinal)
        || LevelOf[from] > LevelOf[to]
        || Exceptions.Any(exception => exception.Connects(from, to));
}

/// <summary>A reference between folders of one level, and why it is there.</summary>
internal sealed record SameLevelReference(string From, string To, string Reason)
{
    public bool Connects(string from, string to) =>
        string.Equals(From, from, StringComparison.Ordinal) && string.Equals(To, to, StringComparison.Ordinal);
}
