using System.Diagnostics.CodeAnalysis;

namespace Vigil;

/// <summary>The subscribers of one manager, by id.</summary>
internal sealed class SubscriberRegistry
{
    private readonly Dictionary<SubscriberId, Subscriber> _byId = [];
    private readonly LoopCore _core;

    public SubscriberRegistry(LoopCore core) => _core = core;

    public int Count => _byId.Count;

    /// <summary>Ids increase, so their order is the order of attachment.</summary>
    public IEnumerable<Subscriber> InOrder => _byId.Values.OrderBy(subscriber => subscriber.Id.Value);

    /// <summary>Attaches a subscriber. If its initialization throws, nothing of it remains.</summary>
    public SubscriberId Attach(Subscriber subscriber)
    {
        _byId.Add(subscriber.Id, subscriber);
        try
        {
            subscriber.Target.Initialize(new EventOps(subscriber));
        }
        catch
        {
            Detach(subscriber);
            throw;
        }

        return subscriber.Id;
    }

    /// <summary>Removes a subscriber with all its registrations. Its pending events are not delivered.</summary>
    public void Detach(Subscriber subscriber)
    {
        subscriber.IsAttached = false;
        _byId.Remove(subscriber.Id);
        subscriber.RemoveSources(_core.SourceTable);
    }

    public bool TryFind(SubscriberId id, [NotNullWhen(true)] out Subscriber? subscriber) => _byId.TryGetValue(id, out subscriber);

    public Subscriber Find(SubscriberId id) => _byId.TryGetValue(id, out Subscriber? subscriber)
        ? subscriber
        : throw new EventManagerException(
            EventManagerError.SubscriberNotFound,
            $"Subscriber {id} is not attached to this manager: it was never added here, or was removed.");

    public T Find<T>(SubscriberId id)
        where T : class, IEventSubscriber
    {
        IEventSubscriber subscriber = Find(id).Target;
        return subscriber as T ?? throw new EventManagerException(
            EventManagerError.SubscriberTypeMismatch,
            $"Subscriber {id} is a {subscriber.GetType()}, not a {typeof(T)}.");
    }

    public IReadOnlyList<SubscriberInfo> Describe() => [.. InOrder.Select(subscriber => new SubscriberInfo
    {
        Id = subscriber.Id,
        Subscriber = subscriber.Target,
        DispatchPriority = subscriber.DispatchPriority,
        SourceCount = subscriber.SourceCount,
    })];

    /// <summary>At the manager's disposal: disposes the subscribers that it still owns, in reverse order.</summary>
    public void DisposeAll()
    {
        foreach (Subscriber subscriber in InOrder.Reverse().ToArray())
        {
            Dispose(subscriber);
        }
    }

    private void Dispose(Subscriber subscriber)
    {
        using AmbientContext.Scope ambient = AmbientContext.EnterScope(context: null, SynchronizationContext.Current);
        _core.Faults.Attempt(() => Detach(subscriber));
        try
        {
            (subscriber.Target as IDisposable)?.Dispose();
        }
        catch (Exception exception)
        {
            _core.Faults.Report(new Fault(FaultOrigin.Subscriber, exception) { Owner = subscriber });
        }
    }
}
