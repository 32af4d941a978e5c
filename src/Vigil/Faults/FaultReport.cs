namespace Vigil;

/// <summary>A fault on a loop, and what caused it.</summary>
public sealed class FaultReport
{
    internal FaultReport(Fault fault)
    {
        Origin = fault.Origin;
        Exception = fault.Exception;
        SubscriberId = (fault.Owner as Subscriber)?.Id ?? default;
        Event = fault.Owner as CallbackEvent;
        Fd = fault.Fd >= 0 ? fault.Fd : null;
        Detached = fault.IsDetached ? (fault.Owner as Subscriber)?.Target : null;
        IsThrown = fault.IsThrown;
        LostClosures = fault.LostClosures;
    }

    /// <summary>The origin of the fault.</summary>
    public FaultOrigin Origin { get; }

    /// <summary>
    /// The exception thrown. If none was thrown, an <see cref="EventManagerException"/> that describes the fault: nearly always for
    /// <see cref="FaultOrigin.Registration"/>, and with <see cref="EventManagerError.CallbackOverran"/> and
    /// <see cref="EventManagerError.WorkQueueFull"/> for any origin.
    /// </summary>
    public Exception Exception { get; }

    /// <summary>The subscriber concerned; <c>default</c> if there is none.</summary>
    public SubscriberId SubscriberId { get; }

    /// <summary>The event concerned, such as a <see cref="SocketEvent"/> or a <see cref="TimerEvent"/>, or null.</summary>
    public CallbackEvent? Event { get; }

    /// <summary>The number of the fd concerned; null where there is none.</summary>
    public int? Fd { get; }

    /// <summary>
    /// The subscriber removed because of the fault (<see cref="FaultPolicy.Detach"/>, or <see cref="SlowCallbackPolicy.Detach"/> for a slow
    /// callback), or null. It was not disposed: the receiver owns it now.
    /// </summary>
    public IEventSubscriber? Detached { get; }

    /// <summary>
    /// Whether the run also throws the exception (<see cref="FaultPolicy.Throw"/>, or <see cref="SlowCallbackPolicy.Stop"/> for a slow
    /// callback).
    /// </summary>
    public bool IsThrown { get; }

    /// <summary>
    /// At disposal: how many closures, accepted by <c>Fire</c>, <c>Defer</c> or as the completion of work, will never run. Every other
    /// accepted closure ran, had its sender notified, or went to the thread pool. 0 in every other report.
    /// </summary>
    public int LostClosures { get; }

    /// <summary>One line for a log.</summary>
    public override string ToString()
    {
        string who = SubscriberId.IsValid ? $" of subscriber {SubscriberId}" : "";
        string what = Event is null ? "" : $" ({Event})";
        string fd = Fd is { } number ? $", fd {number}" : "";
        string detached = Detached is null ? "" : $" The {Detached.GetType().Name} was detached.";
        return $"{Origin}{who}{what}{fd}: {Exception.GetType().Name}: {Exception.Message}{detached}";
    }
}
