using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Vigil.Hosting;

/// <summary>
/// Starts and stops all managers and pools with the host. Before any service starts, the loops run; after all services have stopped, they
/// are drained and stopped, and then the pools.
/// </summary>
/// <remarks>
/// The loops stop in <see cref="StoppedAsync"/>, not in <see cref="StopAsync"/>: there the order of registration, and services that stop
/// concurrently, would decide who still reaches a loop.
/// </remarks>
internal sealed class EventManagerHost : IHostedLifecycleService
{
    private const int DefaultShutdownSeconds = 30;

    // Left for what comes after the drain: the end of the runs and of the pools.
    private static readonly TimeSpan Reserve = TimeSpan.FromSeconds(1);

    // If the host's time is over, a loop that does not hang still ends within this.
    private static readonly TimeSpan LastMoment = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan FailedStartLimit = TimeSpan.FromSeconds(5);

    // The runtime's timers take no longer time: 49.7 days. What is longer is no limit.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly IServiceProvider _services;
    private readonly ILogger _logger;
    private readonly (ManagerRegistration Registration, HostedManager Manager)[] _managers;
    private readonly HostedPool[] _pools;
    private readonly List<LiveOptions> _live = [];
    private readonly TimeSpan _drainTimeout;
    private readonly ServiceManagerLink? _link;

    public EventManagerHost(
        IServiceProvider services, IEnumerable<ManagerRegistration> managers, IEnumerable<PoolRegistration> pools, ILogger logger)
    {
        _services = services;
        _logger = logger;

        // First, so that the managers are disposed before what tells of them.
        _link = services.GetService<ServiceManagerLink>();
        _pools = [.. pools.Select(pool => services.GetRequiredKeyedService<HostedPool>(pool))];
        _managers = [.. managers.Select(manager => (manager, ManagerOf(manager)))];
        _drainTimeout = DrainTimeoutOf(services.GetService<IConfiguration>());
    }

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try
        {
            List<IReadOnlyList<SubscriberToAdd>> subscribers = [.. _managers.Select(SubscribersOf)];

            // Made after the subscribers, so that it ends the loops before the services dispose these.
            _services.GetRequiredService<LoopGuard>().Guard(this);
            for (int i = 0; i < _managers.Length; i++)
            {
                (ManagerRegistration registration, HostedManager manager) = _managers[i];
                await manager.StartAsync(subscribers[i]).WaitAsync(cancellationToken).ConfigureAwait(false);
                _live.Add(LiveOptions.Follow(_services, registration, manager, _logger));
            }
        }
        catch (Exception exception)
        {
            _link?.OnStartFailed(exception);
            await EndNowAsync().ConfigureAwait(false);
            throw;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Waits until each loop has turned once.</summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_managers.Select(entry => entry.Manager.TurnAsync(cancellationToken))).ConfigureAwait(false);
        _link?.OnStarted([.. _managers.Select(entry => entry.Manager)]);
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _link?.OnStopping();
        _live.ForEach(live => live.Dispose());
        foreach ((_, HostedManager manager) in _managers)
        {
            manager.Announce();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        try
        {
            string?[] left = await Task.WhenAll(_managers.Select(entry => DrainAsync(entry.Manager, cancellationToken)))
                .ConfigureAwait(false);
            if (left.Any(text => text is not null))
            {
                HostingLog.NotDrained(_logger, string.Join("; ", left.Where(text => text is not null)));
            }
        }
        finally
        {
            // Also if the kernel refused to wake a loop for its drain.
            await EndAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the loops and the pools although the host does not stop: its start has failed, or its services are disposed.</summary>
    public async Task EndNowAsync()
    {
        using var deadline = new CancellationTokenSource(FailedStartLimit);
        await EndAsync(deadline.Token).ConfigureAwait(false);
    }

    // The services dispose what they hand out in reverse order, so the manager itself is asked for now: if it were first asked for later,
    // they would dispose it before the guard ends its loop, and it would dispose the subscribers.
    private HostedManager ManagerOf(ManagerRegistration registration)
    {
        HostedManager manager = _services.GetRequiredKeyedService<HostedManager>(registration);
        _ = registration.Key is { } key
            ? _services.GetRequiredKeyedService<EventManager>(key)
            : _services.GetRequiredService<EventManager>();
        return manager;
    }

    private static TimeSpan DrainTimeoutOf(IConfiguration? configuration)
    {
        bool isSet = int.TryParse(
            configuration?["shutdownTimeoutSeconds"], NumberStyles.None, CultureInfo.InvariantCulture, out int seconds);
        TimeSpan all = TimeSpan.FromSeconds(isSet ? seconds : DefaultShutdownSeconds);
        return all > Reserve ? all - Reserve : TimeSpan.Zero;
    }

    private async Task<string?> DrainAsync(HostedManager manager, CancellationToken cancellationToken)
    {
        if (manager.State != LoopState.Running)
        {
            return null;
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        TimeSpan limit = manager.Hosting.DrainTimeout ?? _drainTimeout;
        if (limit <= LongestTimer)
        {
            deadline.CancelAfter(limit);
        }

        return await Drain.RunAsync(manager, () => _link?.OnProgress(), deadline.Token).ConfigureAwait(false);
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        _live.ForEach(live => live.Dispose());
        using var lastMoment = new CancellationTokenSource(LastMoment);
        CancellationToken deadline = cancellationToken.IsCancellationRequested ? lastMoment.Token : cancellationToken;
        await Task.WhenAll(_managers.Select(entry => entry.Manager.StopAsync(deadline))).ConfigureAwait(false);
        await Task.WhenAll(AllPools().Select(pool => pool.EndAsync(deadline))).ConfigureAwait(false);
    }

    private IEnumerable<HostedPool> AllPools() =>
        _pools.Concat(_managers.Select(entry => entry.Manager.Pool).OfType<HostedPool>()).Distinct();

    private IReadOnlyList<SubscriberToAdd> SubscribersOf((ManagerRegistration Registration, HostedManager Manager) entry)
    {
        List<SubscriberToAdd> subscribers = [];
        foreach (SubscriberRegistration subscriber in entry.Registration.Subscribers)
        {
            try
            {
                subscribers.Add(new SubscriberToAdd(subscriber.Resolve(_services), subscriber.Priority));
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException(
                    $"The subscriber {subscriber.Type} of the event manager \"{entry.Manager.Name}\" could not be made: "
                        + exception.Message,
                    exception);
            }
        }

        return subscribers;
    }
}

/// <summary>
/// Ends the loops when the services are disposed and the host was not stopped, for instance since another service did not start.
/// </summary>
internal sealed class LoopGuard : IAsyncDisposable, IDisposable
{
    private EventManagerHost? _host;

    /// <summary>From now on it ends the host's loops at its disposal.</summary>
    public void Guard(EventManagerHost host) => _host = host;

    public void Dispose() => _host?.EndNowAsync().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.EndNowAsync().ConfigureAwait(false);
        }
    }
}
