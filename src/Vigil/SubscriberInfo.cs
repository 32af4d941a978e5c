namespace Vigil;

/// <summary>A subscriber as it was when asked for.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Subscriber">The object.</param>
/// <param name="DispatchPriority">The order in which it is served.</param>
/// <param name="SourceCount">How many file descriptors it has registered.</param>
public sealed record SubscriberInfo(SubscriberId Id, IEventSubscriber Subscriber, DispatchPriority DispatchPriority, int SourceCount);
