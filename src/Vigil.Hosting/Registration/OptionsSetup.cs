using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Vigil.Hosting;

/// <summary>
/// Binds a manager's options from its section of the configuration, and checks them. Each kind of options has its own name and its own
/// messages, so a failure at the start names the section and the option.
/// </summary>
internal sealed class ManagerSetup(ManagerRegistration registration, IConfiguration? configuration)
    : IConfigureNamedOptions<EventManagerOptions>, IValidateOptions<EventManagerOptions>
{
    // What the code has called it, before the configuration may have renamed it.
    private string _name = "";

    // Known once the options are made.
    private string Path => ManagerSection.PathOf(registration, _name);

    public void Configure(EventManagerOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, EventManagerOptions options)
    {
        if (Is(name))
        {
            _name = options.Name;

            // What is wrong with the section is said by the validation that follows.
            if (Faults().Length == 0)
            {
                configuration?.GetSection(Path).Bind(options);
            }
        }
    }

    public ValidateOptionsResult Validate(string? name, EventManagerOptions options)
    {
        if (!Is(name))
        {
            return ValidateOptionsResult.Skip;
        }

        string[] faults = Faults();
        return faults.Length > 0 ? ValidateOptionsResult.Fail(faults) : Checked.By(Path, options.Validate);
    }

    private string[] Faults() => configuration is null ? [] : [.. ManagerSection.FaultsOf(configuration, registration, Path)];

    private bool Is(string? name) => string.Equals(name, registration.OptionsName, StringComparison.Ordinal);
}

/// <summary>
/// What a manager needs for its health check and for the service manager: statistics, and a watchdog that tells of its loop.
/// </summary>
internal sealed class ObservationSetup(ManagerRegistration registration, IServiceProvider services)
    : IPostConfigureOptions<EventManagerOptions>
{
    public void PostConfigure(string? name, EventManagerOptions options)
    {
        if (!string.Equals(name, registration.OptionsName, StringComparison.Ordinal))
        {
            return;
        }

        options.CollectStatistics |= registration.HasHealthCheck || registration.HasSystemd;
        if (registration.HasSystemd)
        {
            options.Watchdog ??= new WatchdogOptions();
            options.Watchdog.Notifier ??= services.GetRequiredService<ServiceNotifier>();
        }
    }
}

/// <summary>Binds and checks what the host does with a manager.</summary>
internal sealed class HostingSetup(
    ManagerRegistration registration, IConfiguration? configuration, IOptionsMonitor<EventManagerOptions> managers)
    : IConfigureNamedOptions<HostedManagerOptions>, IValidateOptions<HostedManagerOptions>
{
    public void Configure(HostedManagerOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, HostedManagerOptions options)
    {
        if (Is(name))
        {
            registration.Hosting?.Invoke(options);
            configuration?.GetSection(Path).Bind(options);
        }
    }

    public ValidateOptionsResult Validate(string? name, HostedManagerOptions options) =>
        Is(name) ? Checked.By(Path, options.Validate) : ValidateOptionsResult.Skip;

    private string Path => ManagerSection.PathOf(registration, managers.Get(registration.OptionsName).Name);

    private bool Is(string? name) => string.Equals(name, registration.OptionsName, StringComparison.Ordinal);
}

/// <summary>Binds and checks the limits of a manager's health check.</summary>
internal sealed class HealthSetup(
    ManagerRegistration registration, IConfiguration? configuration, IOptionsMonitor<EventManagerOptions> managers)
    : IConfigureNamedOptions<EventManagerHealthOptions>, IValidateOptions<EventManagerHealthOptions>
{
    public void Configure(EventManagerHealthOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, EventManagerHealthOptions options)
    {
        if (Is(name))
        {
            configuration?.GetSection(Path).Bind(options);
        }
    }

    public ValidateOptionsResult Validate(string? name, EventManagerHealthOptions options) =>
        Is(name) ? Checked.By(Path, options.Validate) : ValidateOptionsResult.Skip;

    private string Path =>
        $"{ManagerSection.PathOf(registration, managers.Get(registration.OptionsName).Name)}:{ManagerSection.Health}";

    private bool Is(string? name) => string.Equals(name, registration.OptionsName, StringComparison.Ordinal);
}

/// <summary>Binds and checks a pool's options.</summary>
internal sealed class PoolSetup(PoolRegistration registration, IConfiguration? configuration)
    : IConfigureNamedOptions<WorkerPoolOptions>, IValidateOptions<WorkerPoolOptions>
{
    private string _name = "";

    private string Path => ManagerSection.PathOf(registration, _name);

    public void Configure(WorkerPoolOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, WorkerPoolOptions options)
    {
        if (Is(name))
        {
            _name = options.Name;
            configuration?.GetSection(Path).Bind(options);
        }
    }

    public ValidateOptionsResult Validate(string? name, WorkerPoolOptions options)
    {
        if (!Is(name))
        {
            return ValidateOptionsResult.Skip;
        }

        string[] unknown = configuration is null
            ? []
            : [.. ManagerSection.UnknownKeys(configuration.GetSection(Path), ManagerSection.PoolKeys)];
        return unknown.Length > 0 ? ValidateOptionsResult.Fail(unknown) : Checked.By(Path, options.Validate);
    }

    private bool Is(string? name) => string.Equals(name, registration.OptionsName, StringComparison.Ordinal);
}

/// <summary>Options that check themselves, as the framework wants it.</summary>
internal static class Checked
{
    public static ValidateOptionsResult By(string path, Action validate)
    {
        try
        {
            validate();
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException exception)
        {
            return ValidateOptionsResult.Fail($"{path}: {exception.Message}");
        }
    }
}
