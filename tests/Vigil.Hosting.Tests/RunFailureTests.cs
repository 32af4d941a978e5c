using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Vigil.Hosting.Tests;

/// <summary>What happens when a run ends with an exception. In one class: the exit code belongs to the process.</summary>
public sealed class RunFailureTests : IDisposable
{
    public RunFailureTests() => Environment.ExitCode = 0;

    public void Dispose() => Environment.ExitCode = 0;

    [Fact]
    public async Task A_run_that_fails_is_logged_once_stops_the_host_and_sets_the_exit_code()
    {
        await using TestHost host = Throwing(options => { });
        await host.StartAsync();
        IHostApplicationLifetime lifetime = host.Host.Services.GetRequiredService<IHostApplicationLifetime>();
        TaskCompletionSource stopping = new();
        lifetime.ApplicationStopping.Register(() => stopping.SetResult());
        host.Manager.RemoteEndpoint.Fire(_ => throw new TimeoutException("too late"));
        await stopping.Task.Within();
        await host.StopAsync();

        LogEntry entry = Assert.Single(host.Log.Entries, entry => entry.Exception is TimeoutException);
        Assert.Equal(4, entry.Id);
        Assert.Equal(1, Environment.ExitCode);
        Assert.Throws<ObjectDisposedException>(() => host.Manager.RemoteEndpoint.Fire(_ => { }));
    }

    [Fact]
    public async Task An_exit_code_that_is_set_already_stays()
    {
        await using TestHost host = Throwing(options => { });
        await host.StartAsync();
        Environment.ExitCode = 7;
        host.Manager.RemoteEndpoint.Fire(_ => throw new TimeoutException());
        await host.Log.First(4);
        await host.StopAsync();

        Assert.Equal(7, Environment.ExitCode);
    }

    [Fact]
    public async Task A_run_that_fails_is_restarted_with_its_subscribers_and_what_was_posted_meanwhile()
    {
        await using TestHost host = Throwing(options =>
        {
            options.OnRunFailure = RunFailure.Restart;
            options.RestartDelay = TimeSpan.FromMilliseconds(1);
        });
        await host.StartAsync();
        host.Manager.RemoteEndpoint.Fire(_ => throw new TimeoutException("too late"));
        LogEntry entry = await host.Log.First(5);
        int subscribers = await host.Manager.RemoteEndpoint
            .CallAsync(manager => manager.GetSubscribers().Count, TestContext.Current.CancellationToken).Within();

        Assert.Equal(1, subscribers);
        Assert.IsType<TimeoutException>(entry.Exception);
        Assert.Equal(0, Environment.ExitCode);
        await host.StopAsync();
        Assert.Single(host.Log.Of(2));
    }

    [Fact]
    public async Task The_pause_before_a_restart_doubles_up_to_its_limit()
    {
        await using TestHost host = Throwing(options =>
        {
            options.OnRunFailure = RunFailure.Restart;
            options.RestartDelay = TimeSpan.FromMilliseconds(1);
            options.MaxRestartDelay = TimeSpan.FromMilliseconds(3);
        });
        await host.StartAsync();
        TaskCompletionSource done = new();
        int failures = 0;
        host.Manager.RemoteEndpoint.Fire(manager => manager.AddPrepareHook(_ =>
        {
            if (++failures > 4)
            {
                done.TrySetResult();
            }
            else
            {
                throw new TimeoutException();
            }
        }));
        await done.Task.Within();

        // A run that lasts longer than the limit, on a busy machine, begins anew.
        Assert.All(
            host.Log.Of(5).Skip(1).Zip(host.Log.Of(5)),
            pair => Assert.True(pair.First.Text == pair.Second.Text || !pair.First.Text.Contains(".0000000", StringComparison.Ordinal)));
        Assert.Contains("00:00:00.0010000", host.Log.Of(5).First().Text, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Log.Of(5), entry => entry.Text.Contains("00:00:00.0040000", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stop_ends_the_pause_before_a_restart()
    {
        await using TestHost host = Throwing(options =>
        {
            options.OnRunFailure = RunFailure.Restart;
            options.RestartDelay = options.MaxRestartDelay = TimeSpan.FromHours(1);
        });
        await host.StartAsync();
        host.Manager.RemoteEndpoint.Fire(_ => throw new TimeoutException());
        await host.Log.First(5);
        await host.StopAsync();

        Assert.Throws<ObjectDisposedException>(() => host.Manager.RemoteEndpoint.Fire(_ => { }));
    }

    [Fact]
    public async Task A_run_that_fails_can_be_ignored_and_its_callers_fail()
    {
        await using TestHost host = Throwing(options => options.OnRunFailure = RunFailure.Ignore);
        await host.StartAsync();
        EventManager manager = host.Manager;
        manager.RemoteEndpoint.Fire(_ => throw new TimeoutException());
        await host.Log.First(6);

        await Assert.ThrowsAsync<ObjectDisposedException>(
            async () => await manager.RemoteEndpoint.CallAsync(_ => 1, TestContext.Current.CancellationToken).Within());
        Assert.False(host.Host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
        Assert.Equal(0, Environment.ExitCode);
        await host.StopAsync();
    }

    [Fact]
    public async Task By_default_a_callback_that_throws_costs_its_owner_alone_and_is_logged_once()
    {
        await using TestHost host = new();
        host.Services.AddEventManager().AddSubscriber<Idle>();
        await host.StartAsync();
        await host.Manager.RemoteEndpoint.CallAsync(
            manager =>
            {
                TimerEvent timer = manager.CreateTimerEvent(
                    TimeSpan.Zero, TimeSpan.FromMilliseconds(1), (_, _) => throw new TimeoutException("too late"));
                return timer;
            },
            TestContext.Current.CancellationToken).Within();
        LogEntry entry = await host.Log.First(10);
        int timers = await host.Manager.RemoteEndpoint
            .CallAsync(manager => manager.GetTimers().Count, TestContext.Current.CancellationToken).Within();

        Assert.IsType<TimeoutException>(entry.Exception);
        Assert.Contains("TimerEvent", entry.Text, StringComparison.Ordinal);
        Assert.Equal(0, timers);
        Assert.Single(host.Log.Entries, entry => entry.Exception is TimeoutException);
        await host.StopAsync();
    }

    private static TestHost Throwing(Action<HostedManagerOptions> configure)
    {
        TestHost host = new();
        host.Services.AddEventManager(options => options.FaultPolicy = FaultPolicy.Throw)
            .ConfigureHosting(configure)
            .AddSubscriber<Idle>();
        return host;
    }

    private sealed class Idle : IEventSubscriber
    {
        public void Initialize(EventOps ops)
        {
        }

        public void Process(in Events events, EventOps ops)
        {
        }
    }
}
