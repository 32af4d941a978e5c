using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Vigil.Hosting.Tests;

/// <summary>Options from the configuration: bound, checked at the start, and followed while the loop runs.</summary>
public class OptionsTests
{
    [Fact]
    public async Task The_configuration_overrides_the_code_and_the_code_the_defaults()
    {
        await using TestHost host = new(
            ("Vigil:Managers:gateway:MailboxBudget", "7"),
            ("Vigil:Managers:gateway:Watchdog:CallbackBudget", "00:00:00.200"),
            ("Vigil:Managers:gateway:OnRunFailure", "Restart"));
        host.Services.AddEventManager("gateway", options =>
        {
            options.MailboxBudget = 9;
            options.ReadyCapacity = 11;
        });
        EventManagerOptions options = host.Host.Services.GetRequiredService<IOptionsMonitor<EventManagerOptions>>().Get("gateway");
        HostedManagerOptions hosting = host.Host.Services.GetRequiredService<IOptionsMonitor<HostedManagerOptions>>().Get("gateway");

        Assert.Equal(("gateway", 7, 11), (options.Name, options.MailboxBudget, options.ReadyCapacity));
        Assert.Equal(FaultPolicy.Detach, options.FaultPolicy);
        Assert.Equal(TimeSpan.FromMilliseconds(200), options.Watchdog!.CallbackBudget);
        Assert.Equal(RunFailure.Restart, hosting.OnRunFailure);
    }

    [Fact]
    public async Task A_manager_without_a_name_is_bound_by_the_name_that_code_gives_it()
    {
        await using TestHost host = new(("Vigil:Managers:gateway:MailboxCapacity", "5"));
        host.Services.AddEventManager(options => options.Name = "gateway");

        Assert.Equal(5, host.Host.Services.GetRequiredService<IOptions<EventManagerOptions>>().Value.MailboxCapacity);
    }

    [Theory]
    [InlineData("Name", " ", "Name")]
    [InlineData("ReadyCapacity", "0", "ReadyCapacity")]
    [InlineData("FaultPolicy", "77", "FaultPolicy")]
    [InlineData("MailboxBudget", "0", "MailboxBudget")]
    [InlineData("MailboxBudget", "many", "Vigil:Managers:a:MailboxBudget")]
    [InlineData("MailboxCapacity", "-1", "MailboxCapacity")]
    [InlineData("SpinBeforeSleep", "00:00:02", "SpinBeforeSleep")]
    [InlineData("UnhandledHangUpLimit", "1", "UnhandledHangUpLimit")]
    [InlineData("Watchdog:CallbackBudget", "00:00:00", "CallbackBudget")]
    [InlineData("Watchdog:PhaseBudget", "00:00:00.001", "PhaseBudget")]
    [InlineData("Watchdog:SamplingPeriod", "00:00:05", "SamplingPeriod")]
    [InlineData("Watchdog:Policy", "9", "Policy")]
    [InlineData("Watchdog:ReportInterval", "-00:00:01", "ReportInterval")]
    [InlineData("OnRunFailure", "9", "OnRunFailure")]
    [InlineData("RestartDelay", "00:00:00", "RestartDelay")]
    [InlineData("MaxRestartDelay", "00:00:00.5", "MaxRestartDelay")]
    [InlineData("DrainTimeout", "-00:00:01", "DrainTimeout")]
    [InlineData("WorkerPool", "nobody", "nobody")]
    [InlineData("Health:MaxLag", "00:00:00", "MaxLag")]
    [InlineData("Health:HangLimit", "00:00:00.5", "HangLimit")]
    [InlineData("Health:SlowCallbackMemory", "-00:00:01", "SlowCallbackMemory")]
    [InlineData("MailboxBudgte", "7", "Vigil:Managers:a:MailboxBudgte")]
    [InlineData("Watchdog:Budget", "7", "Vigil:Managers:a:Watchdog:Budget")]
    [InlineData("Health:Lag", "7", "Vigil:Managers:a:Health:Lag")]
    [InlineData("Workers:ThreadCount", "7", "Vigil:Managers:a:Workers")]
    [InlineData("MailboxBudget:0", "7", "Vigil:Managers:a:MailboxBudget")]
    [InlineData("Watchdog", "off", "Vigil:Managers:a:Watchdog")]
    [InlineData("Watchdog:Policy:Kind", "FailFast", "Vigil:Managers:a:Watchdog:Policy")]
    [InlineData("Health", "on", "Vigil:Managers:a:Health")]
    [InlineData("Health:MaxLag:0", "00:00:01", "Vigil:Managers:a:Health:MaxLag")]
    public async Task Each_invalid_value_fails_the_start_and_names_its_option(string key, string value, string named)
    {
        await using TestHost host = new(($"Vigil:Managers:a:{key}", value));
        host.Services.AddEventManager("a").AddHealthCheck();

        Exception exception = await Assert.ThrowsAnyAsync<Exception>(host.StartAsync);

        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ThreadCount", "0", "ThreadCount")]
    [InlineData("QueueCapacity", "-1", "QueueCapacity")]
    [InlineData("WhenFull", "9", "WhenFull")]
    [InlineData("WaitLimit", "00:00:00", "WaitLimit")]
    [InlineData("Processors:0", "-1", "Processors")]
    [InlineData("Processors", "0", "Vigil:WorkerPools:encoders:Processors")]
    [InlineData("ThreadCount:0", "4", "Vigil:WorkerPools:encoders:ThreadCount")]
    [InlineData("Threads", "4", "Vigil:WorkerPools:encoders:Threads")]
    public async Task Each_invalid_value_of_a_pool_fails_the_start_and_names_its_option(string key, string value, string named)
    {
        await using TestHost host = new(($"Vigil:WorkerPools:encoders:{key}", value));
        host.Services.AddWorkerPool("encoders");
        host.Services.AddEventManager("a").UseWorkerPool("encoders");

        Exception exception = await Assert.ThrowsAnyAsync<Exception>(host.StartAsync);

        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invalid_value_of_the_code_fails_the_start_too()
    {
        await using TestHost host = new();
        host.Services.AddEventManager("a", options => options.ReadyCapacity = -1);

        var exception = await Assert.ThrowsAsync<OptionsValidationException>(host.StartAsync);

        Assert.Contains(
            "Vigil:Managers:a: EventManagerOptions.ReadyCapacity must be 1 to 1048576.", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_section_that_was_asked_for_must_be_there()
    {
        await using TestHost host = new();
        host.Services.AddEventManager("a").BindConfiguration("Devices:Loop");

        var exception = await Assert.ThrowsAsync<OptionsValidationException>(host.StartAsync);

        Assert.Contains("The configuration has no section Devices:Loop.", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_section_that_was_asked_for_is_bound()
    {
        await using TestHost host = new(("Devices:Loop:MailboxBudget", "3"));
        host.Services.AddEventManager("a").BindConfiguration("Devices:Loop");

        Assert.Equal(3, host.Host.Services.GetRequiredService<IOptionsMonitor<EventManagerOptions>>().Get("a").MailboxBudget);
    }

    [Fact]
    public async Task What_can_change_is_applied_on_the_loop_while_it_runs()
    {
        await using TestHost host = new(("Vigil:Managers:a:FaultPolicy", "Report"));
        host.Services.AddEventManager("a");
        await host.StartAsync();

        host.Reload(("Vigil:Managers:a:FaultPolicy", "Detach"));
        await host.Log.First(40);
        await host.Keyed("a").RemoteEndpoint.CallAsync(
            manager => manager.CreateTimerEvent(TimeSpan.Zero, TimeSpan.FromMilliseconds(1), (_, _) => throw new TimeoutException())
                .ToString(),
            TestContext.Current.CancellationToken).Within();
        await host.Log.First(10);

        Assert.Equal(0, await host.Keyed("a").RemoteEndpoint
            .CallAsync(manager => manager.GetTimers().Count, TestContext.Current.CancellationToken).Within());
    }

    [Fact]
    public async Task What_cannot_change_is_named_once_and_stays()
    {
        await using TestHost host = new();
        host.Services.AddEventManager("a");
        await host.StartAsync();

        host.Reload(("Vigil:Managers:a:ReadyCapacity", "16"), ("Vigil:Managers:a:Watchdog:SamplingPeriod", "00:00:00.005"));
        LogEntry entry = await host.Log.First(41);
        host.Reload(("Vigil:Managers:a:MailboxBudget", "3"));
        await host.Log.First(40);

        Assert.EndsWith("ReadyCapacity, Watchdog.SamplingPeriod", entry.Text, StringComparison.Ordinal);
        Assert.Single(host.Log.Of(41));
    }

    [Fact]
    public async Task A_change_to_something_invalid_is_logged_and_what_is_in_use_stays()
    {
        await using TestHost host = new();
        host.Services.AddEventManager("a");
        await host.StartAsync();

        // The framework throws where the configuration is reloaded.
        _ = Record.Exception(() => host.Reload(("Vigil:Managers:a:MailboxBudget", "0")));
        LogEntry entry = await host.Log.First(42);
        host.Reload(("Vigil:Managers:a:MailboxBudget", "3"));
        await host.Log.First(40);

        Assert.Contains("EventManagerOptions.MailboxBudget must be 1 or more", entry.Text, StringComparison.Ordinal);
        Assert.Equal(1, await host.Keyed("a").RemoteEndpoint.CallAsync(_ => 1, TestContext.Current.CancellationToken).Within());
    }

    [Fact]
    public async Task A_change_of_the_health_check_to_something_invalid_is_logged()
    {
        await using TestHost host = new();
        host.Services.AddEventManager("a").AddHealthCheck();
        await host.StartAsync();

        _ = Record.Exception(() => host.Reload(("Vigil:Managers:a:Health:MaxLag", "00:00:00")));

        Assert.Contains("MaxLag", (await host.Log.First(42)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_changes_that_wait_for_a_full_mailbox_the_last_one_is_applied_alone()
    {
        await using TestHost host = new(("Vigil:Managers:a:MailboxCapacity", "1"));
        using ManualResetEventSlim gate = new();
        host.Services.AddEventManager("a");
        await host.StartAsync();
        RemoteEndpoint endpoint = host.Keyed("a").RemoteEndpoint;
        using SemaphoreSlim blocked = new(0);
        endpoint.Fire(_ =>
        {
            blocked.Release();
            gate.Wait(Patience.Limit);
        });
        Assert.True(await blocked.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));
        while (endpoint.TryFire(_ => { }))
        {
            // Until it is full.
        }

        for (int budget = 2; budget < 7; budget++)
        {
            host.Reload(("Vigil:Managers:a:MailboxBudget", budget.ToString(CultureInfo.InvariantCulture)));
        }

        gate.Set();
        await host.Log.First(40);
        host.Reload(("Vigil:Managers:a:ReadyCapacity", "16"));
        await host.Log.First(41);

        Assert.Single(host.Log.Of(40));
    }

    [Fact]
    public async Task What_happens_after_a_failed_run_can_change_while_the_loop_runs()
    {
        await using TestHost host = new();
        host.Services.AddEventManager("a", options => options.FaultPolicy = FaultPolicy.Throw);
        await host.StartAsync();

        host.Reload(("Vigil:Managers:a:OnRunFailure", "Ignore"));
        host.Keyed("a").RemoteEndpoint.Fire(_ => throw new TimeoutException());

        Assert.IsType<TimeoutException>((await host.Log.First(6)).Exception);
    }

    [Fact]
    public void Every_option_that_configuration_can_set_is_a_key_and_no_other()
    {
        Assert.Equal(
            SettableOf<EventManagerOptions>().Concat(SettableOf<HostedManagerOptions>()).Append(ManagerSection.Health).Order(),
            ManagerSection.ManagerKeys.Order());
        Assert.Equal(SettableOf<WatchdogOptions>().Order(), ManagerSection.WatchdogKeys.Order());
        Assert.Equal(SettableOf<EventManagerHealthOptions>().Order(), ManagerSection.HealthKeys.Order());
        Assert.Equal(SettableOf<WorkerPoolOptions>().Order(), ManagerSection.PoolKeys.Order());
    }

    private static IEnumerable<string> SettableOf<T>() => typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) is var type
            && (type.IsValueType || type == typeof(string) || type == typeof(WatchdogOptions) || type == typeof(IReadOnlyList<int>)))
        .Select(property => property.Name);
}
