namespace Vigil;

/// <summary>A registered file descriptor as it was when asked for.</summary>
/// <param name="Fd">The fd.</param>
/// <param name="Interest">What is asked for, modes included.</param>
/// <param name="Data">The user's 32 bits.</param>
/// <param name="State">Whether it is watched.</param>
/// <param name="DispatchPriority">The order in which it is served.</param>
/// <param name="SubscriberId">The subscriber that owns it; <c>default</c> for an event's.</param>
/// <param name="Event">The event that owns it; null for a subscriber's.</param>
public sealed record SourceInfo(
    FileDescriptor Fd,
    EventSet Interest,
    uint Data,
    SourceState State,
    DispatchPriority DispatchPriority,
    SubscriberId SubscriberId,
    CallbackEvent? Event);
