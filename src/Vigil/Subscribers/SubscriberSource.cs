using System.Runtime.CompilerServices;
using Vigil.Sources;

namespace Vigil;

/// <summary>A subscriber's file descriptor.</summary>
internal sealed class SubscriberSource : Source
{
    private readonly Subscriber _subscriber;

    public SubscriberSource(Subscriber subscriber, Events events)
        : base(events.Fd, events.Set, events.Data, subscriber.DispatchPriority)
    {
        _subscriber = subscriber;
    }

    /// <summary>The neighbours in the subscriber's list. Only the subscriber sets them.</summary>
    public SubscriberSource? Next { get; set; }

    public SubscriberSource? Previous { get; set; }

    public override ICallbackOwner Owner => _subscriber;

    // Every field of the Events is written. Clearing it first would cost three of some eighty instructions per event.
    [SkipLocalsInit]
    public override int Deliver(EventSet ready)
    {
        var events = new Events(Fd, ready, Data);
        _subscriber.Receiver.Process(in events, new EventOps(_subscriber));
        return 1;
    }

    public override void OnAdded() => _subscriber.Link(this);

    public override void OnRemoved() => _subscriber.Unlink(this);
}
