namespace Vigil.Hosting;

/// <summary>
/// What <c>AddEventManager</c> and its builder have said about one manager. A service of its own, which the host enumerates, and the key of
/// the manager's internal services.
/// </summary>
internal sealed class ManagerRegistration
{
    /// <param name="key">The name it was added with, and the key of its <see cref="EventManager"/>; null for the one without a
    /// name.</param>
    public ManagerRegistration(string? key) => Key = key;

    public string? Key { get; }

    /// <summary>The name of its options.</summary>
    public string OptionsName => Key ?? "";

    /// <summary>The section of the configuration that was asked for; null for the one that its name leads to.</summary>
    public string? Section { get; set; }

    /// <summary>Its subscribers, in the order in which they are added.</summary>
    public List<SubscriberRegistration> Subscribers { get; } = [];

    /// <summary>What code sets of the host's options for it.</summary>
    public Action<HostedManagerOptions>? Hosting { get; set; }

    /// <summary>Whether its health is checked.</summary>
    public bool HasHealthCheck { get; set; }

    /// <summary>Whether the service manager learns that its loop is alive.</summary>
    public bool HasSystemd { get; set; }
}

/// <summary>A subscriber of a hosted manager.</summary>
/// <param name="Type">Its type, for messages.</param>
/// <param name="Resolve">Gets it from the services.</param>
/// <param name="Priority">The order in which its events are served.</param>
internal sealed record SubscriberRegistration(Type Type, Func<IServiceProvider, IEventSubscriber> Resolve, DispatchPriority Priority);

/// <summary>What <c>AddWorkerPool</c> has said about one pool. A service of its own, and the key of the pool's internal service.</summary>
internal sealed class PoolRegistration
{
    /// <param name="key">The name it was added with, and the key of its <see cref="WorkerPool"/>; null for the one without a name.</param>
    public PoolRegistration(string? key) => Key = key;

    public string? Key { get; }

    /// <summary>The name of its options.</summary>
    public string OptionsName => Key ?? "";
}
