using Vigil.Sources;

namespace Vigil;

/// <summary>A subscriber that was added to a manager: its id, and the list of its sources.</summary>
internal sealed class Subscriber
{
    private SubscriberSource? _first;

    public Subscriber(EventManager manager, IEventSubscriber target, DispatchPriority priority)
    {
        Manager = manager;
        Target = target;
        Receiver = AmbientContext.Flowing is { } context ? new FlowingSubscriber(context, target) : target;
        DispatchPriority = priority;
    }

    public EventManager Manager { get; }

    public IEventSubscriber Target { get; }

    /// <summary>Who processes its events: the target itself, or what enters the context of whoever added it.</summary>
    public IEventSubscriber Receiver { get; }

    public DispatchPriority DispatchPriority { get; }

    public SubscriberId Id { get; } = SubscriberId.Next();

    /// <summary>False as soon as it was removed; every operation of its <see cref="EventOps"/> looks here first.</summary>
    public bool IsAttached { get; set; } = true;

    /// <summary>How long its callbacks may take, in nanoseconds; 0 for what the manager's say. Set by the loop's thread, read by the watchdog's.</summary>
    public long Budget { get; set; }

    public int SourceCount { get; private set; }

    public override string ToString() => $"subscriber {Id} ({Target.GetType().Name})";

    /// <summary>Removes every fd that it registered.</summary>
    public void RemoveSources(SourceTable table)
    {
        while (_first is { } source)
        {
            table.Remove(source);
        }
    }

    public void Link(SubscriberSource source)
    {
        source.Next = _first;
        if (_first is not null)
        {
            _first.Previous = source;
        }

        _first = source;
        SourceCount++;
    }

    public void Unlink(SubscriberSource source)
    {
        if (source.Previous is { } previous)
        {
            previous.Next = source.Next;
        }
        else
        {
            _first = source.Next;
        }

        if (source.Next is { } next)
        {
            next.Previous = source.Previous;
        }

        source.Next = source.Previous = null;
        SourceCount--;
    }
}
