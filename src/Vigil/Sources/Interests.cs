namespace Vigil.Sources;

/// <summary>Classifies event sets: whether they can be requested, and how the kernel reports them.</summary>
internal static class Interests
{
    /// <summary>Events that are delivered whether requested or not.</summary>
    public const EventSet Unmaskable = EventSet.Error | EventSet.HangUp;

    /// <summary>The events that the kernel reports. The other bits of an event set are modes.</summary>
    public const EventSet Kinds = EventSet.In | EventSet.Out | EventSet.Priority | EventSet.ReadHangUp | Unmaskable;

    private const EventSet Known = Kinds | EventSet.EdgeTriggered | EventSet.OneShot | EventSet.Exclusive | EventSet.WakeUp;

    // The kernel takes EPOLLERR and EPOLLHUP here too (EPOLLEXCLUSIVE_OK_BITS, fs/eventpoll.c): they are in every set anyway.
    private const EventSet GoesWithExclusive = EventSet.In | EventSet.Out | Unmaskable
        | EventSet.EdgeTriggered | EventSet.WakeUp | EventSet.Exclusive;

    public static bool IsValid(EventSet interest)
    {
        EventSet allowed = (interest & EventSet.Exclusive) != EventSet.None ? GoesWithExclusive : Known;
        return (interest & ~allowed) == EventSet.None;
    }

    public static bool IsExclusive(EventSet interest) => (interest & EventSet.Exclusive) != EventSet.None;

    public static bool IsOneShot(EventSet interest) => (interest & EventSet.OneShot) != EventSet.None;

    public static bool IsEdgeTriggered(EventSet interest) => (interest & EventSet.EdgeTriggered) != EventSet.None;

    /// <summary>Whether the interest includes reading or writing, and not only exceptional conditions.</summary>
    public static bool HasData(EventSet interest) => (interest & (EventSet.In | EventSet.Out)) != EventSet.None;

    /// <summary>Whether the kernel reports the state as long as it lasts, so that a modification without a change has no effect.</summary>
    public static bool IsPlainLevelTriggered(EventSet interest) =>
        (interest & (EventSet.OneShot | EventSet.EdgeTriggered)) == EventSet.None;
}
