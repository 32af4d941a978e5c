namespace Vigil;

/// <summary>
/// The owner of a callback that the loop calls: a subscriber, an event, a hook and so on. It defines how its faults and its slow callbacks
/// are reported, and how it is detached, so that code that catches, reports or measures need not know the kinds of owners.
/// </summary>
internal interface ICallbackOwner
{
    /// <summary>The origin of its faults. Any thread.</summary>
    FaultOrigin FaultOrigin { get; }

    /// <summary>The callback's method, for messages. Any thread.</summary>
    string MethodName { get; }

    /// <summary>Describes it and its method, for messages. Any thread.</summary>
    string Description { get; }

    /// <summary>Its file descriptor; −1 for none, and for a subscriber, whose sources have one each. Any thread.</summary>
    int DescriptorNumber => -1;

    /// <summary>Identifies the owner in the counts of slow callbacks. Any thread.</summary>
    object Key => this;

    /// <summary>
    /// Whether <see cref="FaultPolicy.Detach"/> detaches it when it has thrown. A hook is not: its owner is unknown, and the next iteration
    /// may work without its exception.
    /// </summary>
    bool IsDetachedByFaults => true;

    /// <summary>
    /// Detaches it from the loop, so that it is not called any more. False if it was detached before, or cannot be. On the loop.
    /// </summary>
    bool TryDetach() => false;
}
