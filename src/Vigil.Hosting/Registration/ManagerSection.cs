using Microsoft.Extensions.Configuration;

namespace Vigil.Hosting;

/// <summary>The section of the configuration that a manager or a pool is bound from.</summary>
/// <remarks>
/// A key that no option has is an error: a misspelt limit must not be ignored in silence. Options that only code can set count as unknown.
/// </remarks>
internal static class ManagerSection
{
    public const string Managers = "Vigil:Managers";
    public const string Pools = "Vigil:WorkerPools";
    public const string Health = "Health";

    /// <summary>The keys of a manager's section.</summary>
    public static readonly string[] ManagerKeys =
    [
        nameof(EventManagerOptions.Name), nameof(EventManagerOptions.ReadyCapacity), nameof(EventManagerOptions.FaultPolicy),
        nameof(EventManagerOptions.MailboxBudget), nameof(EventManagerOptions.MailboxCapacity),
        nameof(EventManagerOptions.SpinBeforeSleep), nameof(EventManagerOptions.UnhandledHangUpLimit),
        nameof(EventManagerOptions.CollectStatistics), nameof(EventManagerOptions.Watchdog), nameof(HostedManagerOptions.OnRunFailure),
        nameof(HostedManagerOptions.RestartDelay), nameof(HostedManagerOptions.MaxRestartDelay),
        nameof(HostedManagerOptions.DrainTimeout), nameof(HostedManagerOptions.WorkerPool), Health,
    ];

    /// <summary>The keys of its section <c>Watchdog</c>.</summary>
    public static readonly string[] WatchdogKeys =
    [
        nameof(WatchdogOptions.CallbackBudget), nameof(WatchdogOptions.PhaseBudget), nameof(WatchdogOptions.SamplingPeriod),
        nameof(WatchdogOptions.ExactTiming), nameof(WatchdogOptions.Policy), nameof(WatchdogOptions.ReportInterval),
        nameof(WatchdogOptions.IsCritical),
    ];

    /// <summary>The keys of its section <c>Health</c>.</summary>
    public static readonly string[] HealthKeys =
    [
        nameof(EventManagerHealthOptions.MaxLag), nameof(EventManagerHealthOptions.HangLimit),
        nameof(EventManagerHealthOptions.SlowCallbackMemory),
    ];

    /// <summary>The keys of a pool's section.</summary>
    public static readonly string[] PoolKeys =
    [
        nameof(WorkerPoolOptions.Name), nameof(WorkerPoolOptions.ThreadCount), nameof(WorkerPoolOptions.QueueCapacity),
        nameof(WorkerPoolOptions.WhenFull), nameof(WorkerPoolOptions.Ageing), nameof(WorkerPoolOptions.SpinBeforeSleep),
        nameof(WorkerPoolOptions.Processors), nameof(WorkerPoolOptions.DrainTimeout), nameof(WorkerPoolOptions.WaitLimit),
    ];

    // The options that are sections or lists.
    private static readonly string[] Sections =
        [nameof(EventManagerOptions.Watchdog), Health, nameof(WorkerPoolOptions.Processors)];

    /// <summary>The path of a manager's section.</summary>
    /// <param name="registration">The manager.</param>
    /// <param name="name">The name that its code has given it, which leads to the section of the one that was added without a name.</param>
    public static string PathOf(ManagerRegistration registration, string name) =>
        registration.Section ?? $"{Managers}:{registration.Key ?? name}";

    /// <summary>The path of a pool's section.</summary>
    /// <param name="registration">The pool.</param>
    /// <param name="name">The name that its code has given it.</param>
    public static string PathOf(PoolRegistration registration, string name) => $"{Pools}:{registration.Key ?? name}";

    /// <summary>What is wrong with a manager's section; empty if nothing is.</summary>
    public static IEnumerable<string> FaultsOf(IConfiguration configuration, ManagerRegistration registration, string path)
    {
        IConfigurationSection section = configuration.GetSection(path);
        if (registration.Section is not null && !section.Exists())
        {
            return [$"The configuration has no section {path}."];
        }

        return
        [
            .. UnknownKeys(section, ManagerKeys),
            .. UnknownKeys(section.GetSection(nameof(EventManagerOptions.Watchdog)), WatchdogKeys),
            .. UnknownKeys(section.GetSection(Health), HealthKeys),
        ];
    }

    /// <summary>A line for each key of a section that is no option's.</summary>
    public static IEnumerable<string> UnknownKeys(IConfigurationSection section, string[] known) => section.GetChildren()
        .Where(child => !known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
        .Select(child => $"{child.Path} is no option that configuration can set. Those are {string.Join(", ", known)}.")
        .Concat(Misshapen(section));

    // The binder ignores both in silence.
    private static IEnumerable<string> Misshapen(IConfigurationSection section) => section.GetChildren()
        .Select(child => (child.Path, HasValue: !string.IsNullOrEmpty(child.Value), HasKeys: child.GetChildren().Any(), child.Key))
        .Where(child => IsSection(child.Key) ? child.HasValue : child.HasKeys)
        .Select(child => IsSection(child.Key)
            ? $"{child.Path} has a value, but it takes keys with values."
            : $"{child.Path} has keys or several values, but it takes one value.");

    private static bool IsSection(string key) => Sections.Contains(key, StringComparer.OrdinalIgnoreCase);
}
