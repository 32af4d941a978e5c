using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Vigil.Hosting;

/// <summary>
/// Follows a manager's options while it runs. What can change is applied on the loop; what cannot, and what is invalid, is logged, and the
/// values in use stay.
/// </summary>
internal sealed class LiveOptions : IDisposable
{
    private static readonly TimeSpan PauseWhileFull = TimeSpan.FromMilliseconds(100);

    private readonly ManagerRegistration _registration;
    private readonly HostedManager _manager;
    private readonly IOptionsFactory<EventManagerOptions> _managers;
    private readonly IOptionsFactory<HostedManagerOptions> _hosting;
    private readonly IOptionsFactory<EventManagerHealthOptions> _health;
    private readonly ILogger _logger;
    private readonly List<IDisposable> _subscriptions = [];
    private readonly Lock _gate = new();
    private Values _applied;
    private string _fixed = "";

    // What the last reload, and the last change of the manager, was refused for. Neither is logged twice.
    private string _invalid = "";
    private string _refused = "";

    // Counts the changes: one that has waited for a full mailbox is not applied over a later one.
    private int _version;

    private LiveOptions(IServiceProvider services, ManagerRegistration registration, HostedManager manager, ILogger logger)
    {
        _registration = registration;
        _manager = manager;
        _logger = logger;
        _managers = services.GetRequiredService<IOptionsFactory<EventManagerOptions>>();
        _hosting = services.GetRequiredService<IOptionsFactory<HostedManagerOptions>>();
        _health = services.GetRequiredService<IOptionsFactory<EventManagerHealthOptions>>();
    }

    /// <summary>Begins to follow.</summary>
    public static LiveOptions Follow(IServiceProvider services, ManagerRegistration registration, HostedManager manager, ILogger logger)
    {
        var live = new LiveOptions(services, registration, manager, logger);
        IOptionsMonitor<EventManagerOptions> managers = services.GetRequiredService<IOptionsMonitor<EventManagerOptions>>();
        IOptionsMonitor<HostedManagerOptions> hosting = services.GetRequiredService<IOptionsMonitor<HostedManagerOptions>>();
        live._applied = Values.Of(managers.Get(registration.OptionsName));
        live.Subscribe(managers.OnChange((options, name) => live.OnChange(name, () => live.Apply(options))));
        live.Subscribe(hosting.OnChange((options, name) => live.OnChange(name, () => manager.Hosting = options)));
        if (services.GetService<IConfiguration>() is { } configuration)
        {
            // The framework tells nobody of options that are invalid: it throws where the configuration is reloaded.
            live.Subscribe(ChangeToken.OnChange(configuration.GetReloadToken, live.Check));
        }

        return live;
    }

    public void Dispose() => _subscriptions.ForEach(subscription => subscription.Dispose());

    private void Subscribe(IDisposable? subscription)
    {
        if (subscription is not null)
        {
            _subscriptions.Add(subscription);
        }
    }

    private void OnChange(string? name, Action change)
    {
        if (string.Equals(name ?? "", _registration.OptionsName, StringComparison.Ordinal))
        {
            change();
        }
    }

    private void Check()
    {
        try
        {
            _ = _managers.Create(_registration.OptionsName);
            _ = _hosting.Create(_registration.OptionsName);
            if (_registration.HasHealthCheck)
            {
                _ = _health.Create(_registration.OptionsName);
            }

            Volatile.Write(ref _invalid, "");
        }
        catch (Exception exception) when (exception is OptionsValidationException or InvalidOperationException)
        {
            Refuse(ref _invalid, exception.Message);
        }
    }

    // A file that is saved is often reloaded more than once.
    private void Refuse(ref string last, string reason)
    {
        if (!string.Equals(Interlocked.Exchange(ref last, reason), reason, StringComparison.Ordinal))
        {
            HostingLog.OptionsInvalid(_logger, _manager.Name, reason);
        }
    }

    private void Apply(EventManagerOptions options) => _ = ApplyAsync(options, Interlocked.Increment(ref _version));

    private async Task ApplyAsync(EventManagerOptions options, int version)
    {
        options.Workers ??= _manager.Pool;
        while (_manager.State != LoopState.Ended && IsNewest(version))
        {
            try
            {
                IReadOnlyList<string>? unchanged = await _manager.Manager.RemoteEndpoint
                    .CallAsync(manager => IsNewest(version) ? manager.Reconfigure(options) : null).ConfigureAwait(false);
                if (unchanged is not null)
                {
                    Volatile.Write(ref _refused, "");
                    Log(Values.Of(options), string.Join(", ", unchanged));
                }

                return;
            }
            catch (EventManagerException exception) when (exception.Error == EventManagerError.MailboxFull)
            {
                await Task.Delay(PauseWhileFull).ConfigureAwait(false);
            }
            catch (ArgumentException exception)
            {
                Refuse(ref _refused, exception.Message);
                return;
            }
            catch (Exception exception) when (exception is ObjectDisposedException or EventManagerException)
            {
                // There is no loop any more to apply them to, or it cannot be woken, which it reports.
                return;
            }
        }
    }

    private bool IsNewest(int version) => version == Volatile.Read(ref _version);

    private void Log(Values applied, string needRestart)
    {
        lock (_gate)
        {
            if (applied != _applied)
            {
                _applied = applied;
                HostingLog.OptionsApplied(_logger, _manager.Name);
            }

            if (!string.Equals(needRestart, _fixed, StringComparison.Ordinal))
            {
                _fixed = needRestart;
                if (needRestart.Length > 0)
                {
                    HostingLog.OptionsNeedRestart(_logger, _manager.Name, needRestart);
                }
            }
        }
    }

    /// <summary>The values that can change while the manager exists.</summary>
    private readonly record struct Values(
        FaultPolicy FaultPolicy, int Budget, int HangUps, TimeSpan? Callback, TimeSpan? Phase, SlowCallbackPolicy? Slow, TimeSpan? Interval)
    {
        public static Values Of(EventManagerOptions options) => new(
            options.FaultPolicy,
            options.MailboxBudget,
            options.UnhandledHangUpLimit,
            options.Watchdog?.CallbackBudget,
            options.Watchdog?.PhaseBudget,
            options.Watchdog?.Policy,
            options.Watchdog?.ReportInterval);
    }
}
