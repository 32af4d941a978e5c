namespace Vigil;

/// <summary>A snapshot of a registered file descriptor.</summary>
public sealed record SourceInfo
{
    /// <summary>The file descriptor.</summary>
    public FileDescriptor Fd { get; init; }

    /// <summary>The interest, including modes.</summary>
    public EventSet Interest { get; init; }

    /// <summary>The user's 32 bits.</summary>
    public uint Data { get; init; }

    /// <summary>Whether it is monitored.</summary>
    public SourceState State { get; init; }

    /// <summary>The order in which it is served.</summary>
    public DispatchPriority DispatchPriority { get; init; }

    /// <summary>The subscriber that owns it; <c>default</c> for an event's.</summary>
    public SubscriberId SubscriberId { get; init; }

    /// <summary>The event that owns it; null for a subscriber's.</summary>
    public CallbackEvent? Event { get; init; }
}
