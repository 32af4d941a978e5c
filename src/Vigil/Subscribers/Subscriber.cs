using System.Runtime.ExceptionServices;
using Vigil.Sources;

namespace Vigil;

/// <summary>A subscriber added to a manager: its id, and the list of its sources.</summary>
internal sealed class Subscriber : ICallbackOwner
{
    private readonly SubscriberRegistry _registry;
    private SubscriberSource? _first;

    public Subscriber(LoopCore core, SubscriberRegistry registry, IEventSubscriber target, DispatchPriority priority)
    {
        Core = core;
        _registry = registry;
        Target = target;
        Receiver = AmbientContext.Flowing is { } context ? new FlowingSubscriber(context, target) : target;
        DispatchPriority = priority;
    }

    public LoopCore Core { get; }

    public IEventSubscriber Target { get; }

    /// <summary>The object that processes its events: the target itself, or a wrapper that enters its adder's context.</summary>
    public IEventSubscriber Receiver { get; }

    public DispatchPriority DispatchPriority { get; }

    public SubscriberId Id { get; } = SubscriberId.Next();

    /// <summary>False once it is removed. Every operation of its <see cref="EventOps"/> checks this first.</summary>
    public bool IsAttached { get; set; } = true;

    public int SourceCount { get; private set; }

    FaultOrigin ICallbackOwner.FaultOrigin => FaultOrigin.Subscriber;

    string ICallbackOwner.MethodName => MethodName.Of(Target, nameof(IEventSubscriber.Process));

    string ICallbackOwner.Description => $"{MethodName.Of(Target, nameof(IEventSubscriber.Process))} of subscriber {Id}";

    object ICallbackOwner.Key => Id;

    public override string ToString() => $"subscriber {Id} ({Target.GetType().Name})";

    /// <summary>
    /// Removes every fd that it registered, also if a poller of the program's own throws; its first exception is thrown then.
    /// </summary>
    public void RemoveSources(SourceTable table)
    {
        ExceptionDispatchInfo? refusal = null;
        while (_first is { } source)
        {
            try
            {
                table.Remove(source);
            }
            catch (Exception exception)
            {
                refusal ??= ExceptionDispatchInfo.Capture(exception);
            }
        }

        refusal?.Throw();
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

    // Not disposed: the receiver of the report owns it now.
    bool ICallbackOwner.TryDetach()
    {
        if (!IsAttached)
        {
            return false;
        }

        _registry.Detach(this);
        return true;
    }
}
