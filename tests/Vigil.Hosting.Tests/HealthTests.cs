using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Vigil.Hosting.Tests;

/// <summary>What a manager's health check says in each state.</summary>
public class HealthTests
{
    [Fact]
    public async Task A_loop_that_turns_or_sleeps_is_healthy_with_its_figures()
    {
        await using TestHost host = Checked(_ => { });
        await host.StartAsync();
        await host.Manager.RemoteEndpoint.CallAsync(_ => 1, TestContext.Current.CancellationToken).Within();

        HealthReportEntry entry = await CheckAsync(host);

        Assert.Equal(HealthStatus.Healthy, entry.Status);
        Assert.Equal("EventManager: the loop turns", entry.Description);
        Assert.InRange((double)entry.Data["utilization"], 0, 1);
        Assert.True((double)entry.Data["lag.p99.ms"] >= 0);
        Assert.True((long)entry.Data["iterations"] > 0);
        Assert.Equal("Running", entry.Data["state"]);
    }

    [Fact]
    public async Task A_loop_that_the_host_has_not_started_is_unhealthy()
    {
        await using TestHost host = Checked(_ => { });

        HealthReportEntry entry = await CheckAsync(host);

        Assert.Equal((HealthStatus.Unhealthy, "EventManager: the host has not started it"), (entry.Status, entry.Description));
    }

    [Theory]
    [InlineData(1, 600_000, HealthStatus.Degraded, "the loop has been busy in ")]
    [InlineData(1, 1, HealthStatus.Unhealthy, "the loop hangs in ")]
    public async Task A_loop_that_stands_is_degraded_and_then_unhealthy_and_the_callback_is_named_while_it_runs(
        int maxLag, int hangLimit, HealthStatus status, string text)
    {
        using ManualResetEventSlim gate = new();
        await using TestHost host = Checked(
            limits =>
            {
                limits.MaxLag = TimeSpan.FromMilliseconds(maxLag);
                limits.HangLimit = TimeSpan.FromMilliseconds(hangLimit);
            });
        await host.StartAsync();
        host.Manager.RemoteEndpoint.Fire(_ => Stands(gate));
        await host.Log.First(20);

        HealthReportEntry entry = await CheckAsync(host);
        gate.Set();

        Assert.Equal(status, entry.Status);
        Assert.Contains(text, entry.Description, StringComparison.Ordinal);
        Assert.Contains(nameof(HealthTests), (string)entry.Data["slow.callback"], StringComparison.Ordinal);
        Assert.True((double)entry.Data["busy.ms"] > 0);
    }

    [Theory]
    [InlineData(600, HealthStatus.Degraded)]
    [InlineData(0, HealthStatus.Healthy)]
    public async Task A_callback_that_was_slow_degrades_for_a_while(int memorySeconds, HealthStatus status)
    {
        using ManualResetEventSlim gate = new();
        await using TestHost host = Checked(
            limits =>
            {
                limits.MaxLag = limits.HangLimit = TimeSpan.FromHours(1);
                limits.SlowCallbackMemory = TimeSpan.FromSeconds(memorySeconds);
            });
        await host.StartAsync();
        host.Manager.RemoteEndpoint.Fire(_ => Stands(gate));
        await host.Log.First(20);
        gate.Set();
        await host.Log.First(21);

        HealthReportEntry entry = await CheckAsync(host);

        Assert.Equal(status, entry.Status);
    }

    [Fact]
    public async Task Work_that_waits_too_long_for_a_thread_degrades_until_it_runs()
    {
        using ManualResetEventSlim gate = new();
        await using TestHost host = Checked(_ => { });
        host.Services.AddWorkerPool(options =>
        {
            options.ThreadCount = 1;
            options.WaitLimit = TimeSpan.FromMilliseconds(1);
        });
        await host.StartAsync();
        host.Manager.ExecuteWork(default, () => gate.Wait(Patience.Limit));
        host.Manager.ExecuteWork(default, () => { });

        // The first item, too, may have waited for longer than a millisecond.
        HealthReportEntry during = await CheckAsync(host, condition: entry => entry.Data.ContainsKey("work.waiting"));
        gate.Set();
        HealthReportEntry after = await CheckAsync(host, condition: entry => !entry.Data.ContainsKey("work.waiting"));

        Assert.Equal(HealthStatus.Degraded, during.Status);
        Assert.Contains("has been waiting", (string)during.Data["work.waiting"], StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Healthy, after.Status);
    }

    [Fact]
    public async Task A_loop_that_waits_for_its_restart_is_unhealthy_with_its_exception()
    {
        await using TestHost host = new();
        host.Services.AddEventManager(options => options.FaultPolicy = FaultPolicy.Throw)
            .ConfigureHosting(options =>
            {
                options.OnRunFailure = RunFailure.Restart;
                options.RestartDelay = options.MaxRestartDelay = TimeSpan.FromHours(1);
            })
            .AddHealthCheck(name: "loop");
        await host.StartAsync();
        host.Manager.RemoteEndpoint.Fire(_ => throw new TimeoutException("too late"));
        await host.Log.First(5);

        HealthReportEntry entry = await CheckAsync(host, "loop", result => result.Data["state"] is "Pausing");

        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.IsType<TimeoutException>(entry.Exception);
    }

    [Fact]
    public async Task Several_managers_have_a_check_each_with_tags_and_a_status_for_failures()
    {
        await using TestHost host = new();
        host.Services.AddEventManager("a").AddHealthCheck(failureStatus: HealthStatus.Degraded, tags: ["ready"]);
        host.Services.AddEventManager("b").AddHealthCheck();
        HealthReport report = await ReportAsync(host);

        Assert.Equal(["vigil:a", "vigil:b"], report.Entries.Keys.Order());
        Assert.Equal(HealthStatus.Degraded, report.Entries["vigil:a"].Status);
        Assert.Equal(HealthStatus.Unhealthy, report.Entries["vigil:b"].Status);
        Assert.Equal(["ready"], report.Entries["vigil:a"].Tags);
    }

    private static void Stands(ManualResetEventSlim gate) => gate.Wait(Patience.Limit);

    private static TestHost Checked(Action<EventManagerHealthOptions> configure)
    {
        TestHost host = new();
        host.Services.AddEventManager(
            options => options.Watchdog = new WatchdogOptions { CallbackBudget = TimeSpan.FromMilliseconds(50) }).AddHealthCheck(configure);
        return host;
    }

    private static Task<HealthReport> ReportAsync(TestHost host) =>
        host.Host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken).Within();

    private static async Task<HealthReportEntry> CheckAsync(
        TestHost host, string name = "vigil", Func<HealthReportEntry, bool>? condition = null)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            HealthReportEntry entry = (await ReportAsync(host)).Entries[name];
            if (condition?.Invoke(entry) != false)
            {
                return entry;
            }
        }
    }
}
