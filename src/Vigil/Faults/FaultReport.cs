namespace Vigil;

/// <summary>What went wrong on a loop, and with whom.</summary>
public sealed class FaultReport
{
    internal FaultReport(Fault fault)
    {
        Origin = fault.Origin;
        Exception = fault.Exception;
        SubscriberId = (fault.Owner as Subscriber)?.Id ?? default;
        Event = fault.Owner as CallbackEvent;
        Fd = fault.Fd;
        Detached = fault.IsDetached ? (fault.Owner as Subscriber)?.Target : null;
        IsThrown = fault.IsThrown;
        LostClosures = fault.LostClosures;
    }

    /// <summary>Where it came from.</summary>
    public FaultOrigin Origin { get; }

    /// <summary>
    /// What was thrown. Where nothing was, an <see cref="EventManagerException"/> that says what happened: nearly always for <see cref="FaultOrigin.Registration"/>, and
    /// with <see cref="EventManagerError.CallbackOverran"/> and <see cref="EventManagerError.WorkQueueFull"/> for any origin.
    /// </summary>
    public Exception Exception { get; }

    /// <summary>The subscriber concerned; <c>default</c> where there is none.</summary>
    public SubscriberId SubscriberId { get; }

    /// <summary>The event concerned, such as a <see cref="SocketEvent"/> or a <see cref="TimerEvent"/>, or null.</summary>
    public CallbackEvent? Event { get; }

    /// <summary>The number of the fd concerned, or −1.</summary>
    public int Fd { get; }

    /// <summary>The subscriber that was removed because of this (<see cref="FaultPolicy.Detach"/>, or <see cref="SlowCallbackPolicy.Detach"/> for what took too long), or null. It was not disposed: it is the receiver's now.</summary>
    public IEventSubscriber? Detached { get; }

    /// <summary>Whether the exception also comes out of the run (<see cref="FaultPolicy.Throw"/>, or <see cref="SlowCallbackPolicy.Stop"/> for what took too long).</summary>
    public bool IsThrown { get; }

    /// <summary>
    /// At disposal: how many closures were accepted by <c>Fire</c>, <c>Defer</c> or as the completion of work, and will never run. Every other closure that was accepted ran, or its
    /// sender was told, or it went to the thread pool. 0 in every other report.
    /// </summary>
    public int LostClosures { get; }

    /// <summary>One line for a log.</summary>
    public override string ToString()
    {
        string who = SubscriberId.IsValid ? $" of subscriber {SubscriberId}" : "";
        string what = Event is null ? "" : $" ({Event})";
        string fd = Fd >= 0 ? $", fd {Fd}" : "";
        string detached = Detached is null ? "" : $" The {Detached.GetType().Name} was detached.";
        return $"{Origin}{who}{what}{fd}: {Exception.GetType().Name}: {Exception.Message}{detached}";
    }
}
