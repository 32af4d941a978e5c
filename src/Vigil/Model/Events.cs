namespace Vigil;

/// <summary>
/// A file descriptor, a set of events, and 32 bits of user data: what a subscriber requests, and what it receives.
/// </summary>
/// <remarks>
/// Delivered, <see cref="Set"/> holds the kinds of readiness that are true now and <see cref="Data"/> the newest registered value.
/// The 32 bits let a subscriber of many fds switch on a small number of its own instead of searching for the fd.
/// </remarks>
public readonly struct Events : IEquatable<Events>
{
    /// <summary>An interest in a file descriptor.</summary>
    /// <param name="fd">The fd: a handle, a socket, or a raw number.</param>
    /// <param name="set">The requested events.</param>
    /// <param name="data">Any value; it is returned with every event.</param>
    public Events(FileDescriptor fd, EventSet set, uint data = 0)
    {
        Fd = fd;
        Set = set;
        Data = data;
    }

    /// <summary>The file descriptor, named as it was registered.</summary>
    public FileDescriptor Fd { get; }

    /// <summary>The user's 32 bits.</summary>
    public uint Data { get; }

    /// <summary>The requested or ready events.</summary>
    public EventSet Set { get; }

    /// <summary>Whether any of the given kinds is in <see cref="Set"/>.</summary>
    /// <param name="kinds">One or several kinds of readiness.</param>
    public bool HasAny(EventSet kinds) => (Set & kinds) != EventSet.None;

    /// <summary>Whether both have the same fd, data and set.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(Events left, Events right) => left.Equals(right);

    /// <summary>Whether they differ in fd, data or set.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(Events left, Events right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(Events other) => Fd == other.Fd && Data == other.Data && Set == other.Set;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Events other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Fd, Data, Set);

    /// <summary>For logs: the fd, the set and the data.</summary>
    public override string ToString() => $"fd {Fd}: {Set} (data {Data})";
}
