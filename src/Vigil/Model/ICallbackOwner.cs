namespace Vigil;

/// <summary>
/// The owner of a callback that the loop calls: a subscriber, an event, a hook and so on. It says what its faults and its slow callbacks are reported as, and how it is detached.
/// So whoever catches, reports or measures needs to know no kind of owner.
/// </summary>
internal interface ICallbackOwner
{
    /// <summary>What its faults are reported as. Any thread.</summary>
    FaultOrigin FaultOrigin { get; }

    /// <summary>The method that is called, for messages. Any thread.</summary>
    string MethodName { get; }

    /// <summary>Who it is, with its method, for messages. Any thread.</summary>
    string Description { get; }

    /// <summary>The number of the file descriptor that it is about; −1 for none, and for a subscriber, whose sources have one each. Any thread.</summary>
    int DescriptorNumber => -1;

    /// <summary>What compares equal for the same owner, where its slow callbacks are counted. Any thread.</summary>
    object Key => this;

    /// <summary>Whether it is detached under <see cref="FaultPolicy.Detach"/> when it has thrown. A hook is not: it is not known whose it is, and the next iteration may do without its exception.</summary>
    bool IsDetachedByFaults => true;

    /// <summary>Takes it away from the loop, so that it is not called back any more. False where that was done before, or cannot be done. On the loop.</summary>
    bool TryDetach() => false;
}
