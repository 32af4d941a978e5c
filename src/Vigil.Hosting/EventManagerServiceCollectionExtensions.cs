using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Vigil;
using Vigil.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds event managers and worker pools to the services of a host.</summary>
public static class EventManagerServiceCollectionExtensions
{
    /// <summary>
    /// Adds an <see cref="EventManager"/>, a singleton. Its loop runs on a thread of its own, from the start of the host to its end.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">
    /// Sets its options, beside what differs from the manager's own defaults here: the <see cref="FaultPolicy"/> is
    /// <see cref="FaultPolicy.Detach"/>, and there is a watchdog. The configuration's section <c>Vigil:Managers:</c> and the manager's name
    /// overrides them.
    /// </param>
    /// <returns>A builder that says more about it.</returns>
    /// <exception cref="InvalidOperationException">There is one without a name already.</exception>
    public static EventManagerBuilder AddEventManager(this IServiceCollection services, Action<EventManagerOptions>? configure = null) =>
        Add(services, key: null, configure);

    /// <summary>
    /// Adds a keyed <see cref="EventManager"/>, a singleton, as
    /// <see cref="AddEventManager(IServiceCollection, Action{EventManagerOptions}?)"/> does. Any number may be added.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="name">Its key among the services, and its <see cref="EventManagerOptions.Name"/> unless that is set.</param>
    /// <param name="configure">Sets its options. The configuration's section <c>Vigil:Managers:</c> and the name overrides them.</param>
    /// <returns>A builder that says more about it.</returns>
    /// <exception cref="ArgumentException">The name is empty, or has a colon.</exception>
    /// <exception cref="InvalidOperationException">There is one of this name already. The case of letters makes no difference.</exception>
    public static EventManagerBuilder AddEventManager(
        this IServiceCollection services, string name, Action<EventManagerOptions>? configure = null)
    {
        RequireName(name);
        return Add(services, name, configure);
    }

    /// <summary>
    /// Adds the <see cref="WorkerPool"/> that all managers use which name no other, a singleton. Its threads start with the first work, and
    /// end after the loops.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets its options. The configuration's section <c>Vigil:WorkerPools:</c> and the pool's name overrides
    /// them.</param>
    /// <returns>The services.</returns>
    /// <exception cref="InvalidOperationException">There is one without a name already.</exception>
    public static IServiceCollection AddWorkerPool(this IServiceCollection services, Action<WorkerPoolOptions>? configure = null) =>
        AddPool(services, key: null, configure);

    /// <summary>Adds a keyed <see cref="WorkerPool"/>, a singleton, for the managers that name it.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">Its key among the services, and its <see cref="WorkerPoolOptions.Name"/> unless that is set.</param>
    /// <param name="configure">Sets its options. The configuration's section <c>Vigil:WorkerPools:</c> and the name overrides them.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentException">The name is empty, or has a colon.</exception>
    /// <exception cref="InvalidOperationException">There is one of this name already. The case of letters makes no difference.</exception>
    public static IServiceCollection AddWorkerPool(
        this IServiceCollection services, string name, Action<WorkerPoolOptions>? configure = null)
    {
        RequireName(name);
        return AddPool(services, name, configure);
    }

    // The name is also the key of a section of the configuration: there a colon leads to a section within a section, and the case of
    // letters makes no difference.
    private static void RequireName(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (name.Contains(':', StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"The name \"{name}\" has a colon, which separates the sections of a configuration. Use another character.", nameof(name));
        }
    }

    private static EventManagerBuilder Add(IServiceCollection services, string? key, Action<EventManagerOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (Registered<ManagerRegistration>(services).Any(other => string.Equals(other.Key, key, StringComparison.OrdinalIgnoreCase)))
        {
            throw new InvalidOperationException(
                key is null
                    ? "An event manager without a name is there already. Give the others names: AddEventManager(\"devices\", …)."
                    : $"An event manager named \"{key}\" is there already.");
        }

        var registration = new ManagerRegistration(key);
        services.AddSingleton(registration);
        services.Configure<EventManagerOptions>(registration.OptionsName, options =>
        {
            options.Name = key ?? options.Name;
            options.FaultPolicy = FaultPolicy.Detach;
            options.Watchdog = new WatchdogOptions();
            configure?.Invoke(options);
        });
        AddOptions(services, registration);
        AddHost(services);
        services.AddKeyedSingleton(registration, (provider, _) => Make(provider, registration));
        if (key is null)
        {
            services.AddSingleton(provider => provider.GetRequiredKeyedService<HostedManager>(registration).Manager);
        }
        else
        {
            services.AddKeyedSingleton(key, (provider, _) => provider.GetRequiredKeyedService<HostedManager>(registration).Manager);
        }

        return new EventManagerBuilder(services, registration);
    }

    private static IServiceCollection AddPool(IServiceCollection services, string? key, Action<WorkerPoolOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (Registered<PoolRegistration>(services).Any(other => string.Equals(other.Key, key, StringComparison.OrdinalIgnoreCase)))
        {
            throw new InvalidOperationException(
                key is null
                    ? "A worker pool without a name is there already. Give the others names: AddWorkerPool(\"encoders\", …)."
                    : $"A worker pool named \"{key}\" is there already.");
        }

        var registration = new PoolRegistration(key);
        services.AddSingleton(registration);
        services.Configure<WorkerPoolOptions>(registration.OptionsName, options =>
        {
            options.Name = key ?? options.Name;
            configure?.Invoke(options);
        });
        services.AddOptions<WorkerPoolOptions>(registration.OptionsName).ValidateOnStart();
        OptionsOf<WorkerPoolOptions>.Add(
            services, registration.OptionsName, provider => new PoolSetup(registration, provider.GetService<IConfiguration>()));
        AddHost(services);
        services.AddKeyedSingleton(registration, (provider, _) => new HostedPool(
            provider.GetRequiredService<IOptionsMonitor<WorkerPoolOptions>>().Get(registration.OptionsName), LoggerOf(provider))
        {
            IsShared = true,
        });
        if (key is null)
        {
            services.AddSingleton(provider => provider.GetRequiredKeyedService<HostedPool>(registration).Pool);
        }
        else
        {
            services.AddKeyedSingleton(key, (provider, _) => provider.GetRequiredKeyedService<HostedPool>(registration).Pool);
        }

        return services;
    }

    private static void AddOptions(IServiceCollection services, ManagerRegistration registration)
    {
        string name = registration.OptionsName;
        services.AddOptions<EventManagerOptions>(name).ValidateOnStart();
        services.AddOptions<HostedManagerOptions>(name).ValidateOnStart();
        OptionsOf<EventManagerOptions>.Add(
            services, name, provider => new ManagerSetup(registration, provider.GetService<IConfiguration>()));
        OptionsOf<HostedManagerOptions>.Add(services, name, provider => new HostingSetup(
            registration,
            provider.GetService<IConfiguration>(),
            provider.GetRequiredService<IOptionsMonitor<EventManagerOptions>>()));
        services.AddSingleton<IPostConfigureOptions<EventManagerOptions>>(provider => new ObservationSetup(registration, provider));
    }

    private static void AddHost(IServiceCollection services)
    {
        services.TryAddSingleton<LoopGuard>();
        services.TryAddSingleton(provider => new EventManagerHost(
            provider,
            provider.GetServices<ManagerRegistration>(),
            provider.GetServices<PoolRegistration>(),
            LoggerOf(provider)));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, EventManagerHost>(
            provider => provider.GetRequiredService<EventManagerHost>()));
    }

    private static HostedManager Make(IServiceProvider provider, ManagerRegistration registration)
    {
        EventManagerOptions options = provider.GetRequiredService<IOptionsMonitor<EventManagerOptions>>().Get(registration.OptionsName);
        HostedManagerOptions hosting = provider.GetRequiredService<IOptionsMonitor<HostedManagerOptions>>().Get(registration.OptionsName);
        options.Workers ??= PoolOf(provider, options, hosting);
        return new HostedManager(options, hosting, LoggerOf(provider), provider.GetService<IHostApplicationLifetime>());
    }

    private static HostedPool PoolOf(IServiceProvider provider, EventManagerOptions options, HostedManagerOptions hosting)
    {
        PoolRegistration? pool = provider.GetServices<PoolRegistration>()
            .FirstOrDefault(pool => string.Equals(pool.Key, hosting.WorkerPool, StringComparison.Ordinal));
        if (pool is not null)
        {
            return provider.GetRequiredKeyedService<HostedPool>(pool);
        }

        return hosting.WorkerPool is null
            ? new HostedPool(new WorkerPoolOptions { Name = $"{options.Name}-worker" }, LoggerOf(provider))
            : throw new InvalidOperationException(
                $"The event manager \"{options.Name}\" is to use the worker pool \"{hosting.WorkerPool}\", which was not added. "
                    + $"Call AddWorkerPool(\"{hosting.WorkerPool}\").");
    }

    internal static ILogger LoggerOf(IServiceProvider provider) =>
        new GuardedLogger((provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger(HostingLog.Category));

    private static IEnumerable<T> Registered<T>(IServiceCollection services) =>
        services.Where(service => !service.IsKeyedService).Select(service => service.ImplementationInstance).OfType<T>();
}
