namespace Vigil;

/// <summary>A registered file descriptor as it was when asked for.</summary>
public sealed record SourceInfo
{
    /// <summary>The fd.</summary>
    public FileDescriptor Fd { get; init; }

    /// <summary>What is asked for, modes included.</summary>
    public EventSet Interest { get; init; }

    /// <summary>The user's 32 bits.</summary>
    public uint Data { get; init; }

    /// <summary>Whether it is watched.</summary>
    public SourceState State { get; init; }

    /// <summary>The order in which it is served.</summary>
    public DispatchPriority DispatchPriority { get; init; }

    /// <summary>The subscriber that owns it; <c>default</c> for an event's.</summary>
    public SubscriberId SubscriberId { get; init; }

    /// <summary>The event that owns it; null for a subscriber's.</summary>
    public CallbackEvent? Event { get; init; }
}
