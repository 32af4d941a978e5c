namespace Vigil.Sources;

/// <summary>Which event sets can be asked for.</summary>
internal static class Interests
{
    /// <summary>What is delivered whether asked for or not.</summary>
    public const EventSet Always = EventSet.Error | EventSet.HangUp;

    private const EventSet Known = EventSet.In | EventSet.Out | EventSet.Priority | EventSet.ReadHangUp | Always
        | EventSet.EdgeTriggered | EventSet.OneShot | EventSet.Exclusive | EventSet.WakeUp;

    // The kernel takes EPOLLERR and EPOLLHUP here too (EPOLLEXCLUSIVE_OK_BITS, fs/eventpoll.c): they are in every set anyway.
    private const EventSet GoesWithExclusive = EventSet.In | EventSet.Out | Always
        | EventSet.EdgeTriggered | EventSet.WakeUp | EventSet.Exclusive;

    public static bool IsValid(EventSet interest)
    {
        EventSet allowed = (interest & EventSet.Exclusive) != EventSet.None ? GoesWithExclusive : Known;
        return (interest & ~allowed) == EventSet.None;
    }

    public static bool IsExclusive(EventSet interest) => (interest & EventSet.Exclusive) != EventSet.None;

    public static bool IsOneShot(EventSet interest) => (interest & EventSet.OneShot) != EventSet.None;

    public static bool IsEdgeTriggered(EventSet interest) => (interest & EventSet.EdgeTriggered) != EventSet.None;

    /// <summary>Whether the kernel repeats itself as long as the state lasts, so that a modification that changes nothing is nothing.</summary>
    public static bool IsPlainLevelTriggered(EventSet interest) => (interest & (EventSet.OneShot | EventSet.EdgeTriggered)) == EventSet.None;
}
