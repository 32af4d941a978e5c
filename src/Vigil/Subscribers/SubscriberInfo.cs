namespace Vigil;

/// <summary>A snapshot of a subscriber.</summary>
public sealed record SubscriberInfo
{
    /// <summary>Its id.</summary>
    public SubscriberId Id { get; init; }

    /// <summary>The object.</summary>
    public required IEventSubscriber Subscriber { get; init; }

    /// <summary>The order in which it is served.</summary>
    public DispatchPriority DispatchPriority { get; init; }

    /// <summary>How many file descriptors it has registered.</summary>
    public int SourceCount { get; init; }
}
