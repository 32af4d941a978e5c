using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Vigil.Hosting;

/// <summary>Says more about an event manager that was added to the services. For the thread that sets the services up.</summary>
public sealed class EventManagerBuilder
{
    private readonly ManagerRegistration _registration;

    internal EventManagerBuilder(IServiceCollection services, ManagerRegistration registration)
    {
        Services = services;
        _registration = registration;
    }

    /// <summary>The services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The name that it was added with, which is its key among the services; null for the one without a name.</summary>
    public string? Key => _registration.Key;

    /// <summary>
    /// Adds a subscriber when the host starts, before the loop's first iteration and in the order of these calls. It becomes a singleton of
    /// the services, keyed like the manager; one that is there already is used. The services dispose it, after the loop has ended. One that
    /// cannot be made, or whose <see cref="IEventSubscriber.Initialize"/> throws, fails the start with its name.
    /// </summary>
    /// <typeparam name="T">The subscriber. It may take the manager in its constructor.</typeparam>
    /// <param name="priority">The order in which its events are served.</param>
    public EventManagerBuilder AddSubscriber<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        DispatchPriority priority = DispatchPriority.Normal)
        where T : class, IEventSubscriber
    {
        if (Key is { } key)
        {
            Services.TryAddKeyedSingleton<T>(key);
            _registration.Subscribers.Add(new(typeof(T), services => services.GetRequiredKeyedService<T>(key), priority));
        }
        else
        {
            Services.TryAddSingleton<T>();
            _registration.Subscribers.Add(new(typeof(T), services => services.GetRequiredService<T>(), priority));
        }

        return this;
    }

    /// <summary>
    /// Adds a subscriber that a function makes or gets from the services, as <see cref="AddSubscriber{T}(DispatchPriority)"/> does. What
    /// the function makes itself is its own to dispose.
    /// </summary>
    /// <typeparam name="T">The subscriber, for messages.</typeparam>
    /// <param name="create">Makes it, once, when the host starts.</param>
    /// <param name="priority">The order in which its events are served.</param>
    /// <exception cref="ArgumentNullException"><paramref name="create"/> is null.</exception>
    public EventManagerBuilder AddSubscriber<T>(Func<IServiceProvider, T> create, DispatchPriority priority = DispatchPriority.Normal)
        where T : class, IEventSubscriber
    {
        ArgumentNullException.ThrowIfNull(create);
        _registration.Subscribers.Add(new(
            typeof(T),
            services => create(services) ?? throw new InvalidOperationException("The function returned null."),
            priority));
        return this;
    }

    /// <summary>Sets how the host runs the manager. The configuration overrides what it sets.</summary>
    /// <param name="configure">Sets the options.</param>
    /// <exception cref="ArgumentNullException"><paramref name="configure"/> is null.</exception>
    public EventManagerBuilder ConfigureHosting(Action<HostedManagerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        _registration.Hosting += configure;
        return this;
    }

    /// <summary>
    /// Binds the options from another section of the configuration than <c>Vigil:Managers:</c> and the manager's name. It must be there.
    /// </summary>
    /// <param name="section">The path of the section.</param>
    /// <exception cref="ArgumentException"><paramref name="section"/> is empty.</exception>
    public EventManagerBuilder BindConfiguration(string section)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(section);
        _registration.Section = section;
        return this;
    }

    /// <summary>Lets the manager use the pool that was added with this name (<c>AddWorkerPool(name)</c>).</summary>
    /// <param name="name">The pool's name.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    public EventManagerBuilder UseWorkerPool(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return ConfigureHosting(options => options.WorkerPool = name);
    }

    /// <summary>
    /// Adds a health check, which reads what the loop and the watchdog publish and never waits for the loop. It turns on
    /// <see cref="EventManagerOptions.CollectStatistics"/>, which costs two clock readings per iteration.
    /// </summary>
    /// <param name="configure">Sets its limits; null for the defaults. The configuration overrides them.</param>
    /// <param name="name">The name of the check; null for "vigil:" and the manager's key, or "vigil".</param>
    /// <param name="failureStatus">What is reported for unhealthy; null for unhealthy.</param>
    /// <param name="tags">The tags of the check.</param>
    public EventManagerBuilder AddHealthCheck(
        Action<EventManagerHealthOptions>? configure = null,
        string? name = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        _registration.HasHealthCheck = true;
        string options = _registration.OptionsName;
        if (configure is not null)
        {
            Services.Configure(options, configure);
        }

        Services.AddOptions<EventManagerHealthOptions>(options).ValidateOnStart();
        OptionsOf<EventManagerHealthOptions>.Add(Services, options, services => new HealthSetup(
            _registration,
            services.GetService<IConfiguration>(),
            services.GetRequiredService<IOptionsMonitor<EventManagerOptions>>()));
        Services.AddHealthChecks().Add(new HealthCheckRegistration(
            name ?? (Key is null ? "vigil" : $"vigil:{Key}"),
            services => services.GetRequiredKeyedService<EventManagerHealthCheck>(_registration),
            failureStatus,
            tags));
        Services.TryAddKeyedSingleton(_registration, (services, _) => new EventManagerHealthCheck(
            services.GetRequiredKeyedService<HostedManager>(_registration),
            services.GetRequiredService<IOptionsMonitor<EventManagerHealthOptions>>(),
            options));
        return this;
    }

    /// <summary>
    /// Tells the service manager (systemd) what the host is doing, if there is one: <c>READY=1</c> when all services have started and each
    /// loop has turned, a status each second, <c>RELOADING=1</c> and <c>READY=1</c> around the reload of the configuration that SIGHUP asks
    /// for, <c>STOPPING=1</c>, more time for a drain that makes progress, and <c>ERRNO=</c> if a subscriber fails the start. This manager's
    /// watchdog sends the signs of life (<see cref="WatchdogOptions.Notifier"/>), while its loop turns or waits: call this for every
    /// manager without which the service is to be restarted. It turns on <see cref="EventManagerOptions.CollectStatistics"/>.
    /// </summary>
    /// <remarks>
    /// The <see cref="ServiceNotifier"/> becomes a singleton of the services (<see cref="ServiceNotifier.FromEnvironment"/>), unless there
    /// is one. Do not call <c>AddSystemd</c> of <c>Microsoft.Extensions.Hosting.Systemd</c> besides, except for its logging: the service
    /// would be ready too early.
    /// </remarks>
    public EventManagerBuilder AddSystemd()
    {
        _registration.HasSystemd = true;
        Services.TryAddSingleton(_ => ServiceNotifier.FromEnvironment());
        Services.TryAddSingleton(services => new ServiceManagerLink(
            services.GetRequiredService<ServiceNotifier>(),
            services.GetService<IConfiguration>(),
            EventManagerServiceCollectionExtensions.LoggerOf(services)));
        return this;
    }
}
