using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Vigil.Hosting.Tests;

/// <summary>What a service manager is told. In one class: the signal belongs to the process.</summary>
public class SystemdTests
{
    [Fact]
    public async Task A_service_is_ready_when_all_services_have_started_and_says_that_it_stops()
    {
        using FakeServiceManager systemd = new();
        await using TestHost host = new();
        host.Services.AddSingleton(systemd.CreateNotifier());
        host.Services.AddEventManager("a").AddSystemd();
        host.Services.AddEventManager("b").AddSystemd();
        host.Services.AddSingleton(systemd);
        host.Services.AddHostedService<StartedMarker>();

        await host.StartAsync();
        Assert.Equal("X_STARTED=1", await systemd.NextAsync());
        Assert.Matches("^READY=1\nSTATUS=2 loops, lag [0-9.]+ ms$", await systemd.NextAsync());
        await host.StopAsync();

        Assert.Equal("STOPPING=1\nSTATUS=Stopping", await systemd.NextAsync(message => !IsStatus(message)));
    }

    [Fact]
    public async Task A_hang_up_reloads_the_configuration_with_a_stamp_and_answers()
    {
        RequireHangUps();
        using FakeServiceManager systemd = new();
        await using TestHost host = new();
        host.Services.AddSingleton(systemd.CreateNotifier());
        host.Services.AddEventManager("a").AddSystemd();
        await host.StartAsync();
        await systemd.NextAsync(message => message.StartsWith("READY=1", StringComparison.Ordinal));
        host.Host.Services.GetRequiredService<IConfiguration>()["Vigil:Managers:a:MailboxBudget"] = "3";

        HangUp();
        string reloading = await systemd.NextAsync(message => !IsStatus(message));
        string ready = await systemd.NextAsync(message => !IsStatus(message));
        await host.Log.First(40);

        Assert.Matches("^RELOADING=1\nMONOTONIC_USEC=[0-9]+\nSTATUS=Reloading$", reloading);
        Assert.StartsWith("READY=1\nSTATUS=1 loop, lag ", ready, StringComparison.Ordinal);
        await host.Log.First(50);
        await host.StopAsync();
    }

    [Fact]
    public async Task A_reload_that_fails_is_answered_too_and_the_status_says_why()
    {
        RequireHangUps();
        using FakeServiceManager systemd = new();
        await using TestHost host = new();
        host.Services.AddSingleton(systemd.CreateNotifier());
        host.Services.AddEventManager("a").AddSystemd();
        await host.StartAsync();
        await systemd.NextAsync(message => message.StartsWith("READY=1", StringComparison.Ordinal));
        host.Host.Services.GetRequiredService<IConfiguration>()["Vigil:Managers:a:MailboxBudget"] = "0";

        HangUp();
        await systemd.NextAsync(message => message.StartsWith("RELOADING=1", StringComparison.Ordinal));
        string ready = await systemd.NextAsync(message => !IsStatus(message));

        Assert.StartsWith("READY=1\n", ready, StringComparison.Ordinal);
        Assert.Contains(
            "the last reload failed: Vigil:Managers:a: EventManagerOptions.MailboxBudget must be", ready, StringComparison.Ordinal);
        await host.Log.First(51);
        await host.Log.First(42);
        await host.StopAsync();
    }

    [Fact]
    public async Task One_reload_runs_at_a_time_and_hang_ups_meanwhile_lead_to_one_more()
    {
        RequireHangUps();
        using FakeServiceManager systemd = new();
        var source = new SlowSource();
        await using TestHost host = new();
        host.Configuration.Add(source);
        host.Services.AddSingleton(systemd.CreateNotifier());
        host.Services.AddEventManager("a").AddSystemd();
        await host.StartAsync();
        await systemd.NextAsync(message => message.StartsWith("READY=1", StringComparison.Ordinal));
        source.IsSlow = true;

        HangUp();
        await source.Begun.Task.Within();
        using SemaphoreSlim handled = new(0);
        using PosixSignalRegistration counting = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            handled.Release();
        });
        for (int i = 0; i < 3; i++)
        {
            HangUp();
            Assert.True(await handled.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));
        }

        source.Gate.Set();
        string[] messages = new string[4];
        for (int i = 0; i < messages.Length; i++)
        {
            messages[i] = (await systemd.NextAsync(message => !IsStatus(message))).Split('\n')[0];
        }

        Assert.Equal(["RELOADING=1", "READY=1", "RELOADING=1", "READY=1"], messages);
        await host.StopAsync();
        Assert.StartsWith("STOPPING=1", await systemd.NextAsync(message => !IsStatus(message)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subscriber_that_fails_the_start_is_told_with_its_error_number()
    {
        using FakeServiceManager systemd = new();
        await using TestHost host = new();
        host.Services.AddSingleton(systemd.CreateNotifier());
        host.Services.AddEventManager("a").AddSystemd().AddSubscriber<Unreachable>(
            _ => throw new SocketException((int)SocketError.AddressAlreadyInUse));
        await Assert.ThrowsAsync<InvalidOperationException>(host.StartAsync);

        Assert.StartsWith(
            "STATUS=The start failed: The subscriber", await systemd.NextAsync(IsStatus), StringComparison.Ordinal);
        Assert.Equal("ERRNO=98", await systemd.NextAsync());
    }

    [Fact]
    public async Task A_drain_that_makes_progress_asks_for_more_time()
    {
        using FakeServiceManager systemd = new();
        await using TestHost host = new();
        host.Services.AddSingleton(systemd.CreateNotifier());
        host.Services.AddEventManager("a").AddSystemd();
        await host.StartAsync();
        await host.StopAsync();

        Assert.Equal(
            "EXTEND_TIMEOUT_USEC=10000000",
            await systemd.NextAsync(message => message.StartsWith("EXTEND", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Signs_of_life_stop_when_one_of_two_critical_loops_hangs_and_come_again_when_it_turns()
    {
        using FakeServiceManager systemd = new();
        using ManualResetEventSlim gate = new();
        await using TestHost host = new();
        host.Services.AddSingleton(systemd.CreateNotifier(TimeSpan.FromMilliseconds(100)));
        host.Services.AddEventManager("a").AddSystemd();
        host.Services.AddEventManager("b").AddSystemd();
        await host.StartAsync();
        await systemd.NextAsync(IsBeat);
        await systemd.NextAsync(IsBeat);
        host.Keyed("a").RemoteEndpoint.Fire(_ => gate.Wait(Patience.Limit));
        await host.Log.First(20);

        // The other loop turns, and marks a time in which ten beats would be due. One may be under way before.
        ServiceNotifier notifier = host.Host.Services.GetRequiredService<ServiceNotifier>();
        host.Keyed("b").RemoteEndpoint.Fire(manager =>
        {
            manager.CreateTimerEvent(TimeSpan.FromMilliseconds(200), (_, _) => notifier.Send("X_FROM=1"));
            manager.CreateTimerEvent(TimeSpan.FromMilliseconds(700), (_, _) => notifier.Send("X_TO=1"));
        });
        await systemd.NextAsync(message => message is "X_FROM=1");
        List<string> between = [];
        await systemd.NextAsync(message =>
        {
            between.Add(message);
            return message is "X_TO=1";
        });
        gate.Set();
        await systemd.NextAsync(IsBeat);

        Assert.DoesNotContain(between, IsBeat);
        await host.StopAsync();
    }

    [Fact]
    public async Task Without_a_service_manager_nothing_happens_and_a_hang_up_keeps_its_meaning()
    {
        await using TestHost host = new();
        host.Services.AddSingleton(new ServiceNotifier(address: null));
        host.Services.AddEventManager("a").AddSystemd();
        await host.StartAsync();
        await host.StopAsync();

        Assert.Empty(host.Log.Of(52));
    }

    [Fact]
    public async Task A_service_manager_that_is_gone_is_logged_once_and_the_service_goes_on()
    {
        await using TestHost host = new();
        host.Services.AddSingleton(new ServiceNotifier(Path.Combine(Path.GetTempPath(), $"vigil-{Guid.NewGuid():N}")));
        host.Services.AddEventManager("a").AddSystemd();
        await host.StartAsync();
        LogEntry entry = await host.Log.First(52);
        await host.StopAsync();

        Assert.Single(host.Log.Of(52));
        Assert.Contains("READY=1", entry.Text, StringComparison.Ordinal);
    }

    private static bool IsStatus(string message) => message.StartsWith("STATUS=", StringComparison.Ordinal);

    private static bool IsBeat(string message) => string.Equals(message, "WATCHDOG=1", StringComparison.Ordinal);

    // nohup ignores the signal, for its children too, and the runtime leaves it so.
    private static void RequireHangUps()
    {
        string ignored = File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal));
        Assert.SkipWhen((Convert.ToUInt64(ignored[7..].Trim(), 16) & 1) != 0, "SIGHUP is ignored (nohup).");
    }

    private static void HangUp() =>
        System.Diagnostics.Process.Start("kill", ["-HUP", $"{Environment.ProcessId}"]).WaitForExit(Patience.Limit);

    private sealed class StartedMarker(ServiceNotifier notifier) : IHostedLifecycleService
    {
        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            notifier.Send("X_STARTED=1");
            return Task.CompletedTask;
        }

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Unreachable : IEventSubscriber
    {
        public void Initialize(EventOps ops)
        {
        }

        public void Process(in Events events, EventOps ops)
        {
        }
    }

    // Its first reload waits at a gate.
    private sealed class SlowSource : ConfigurationProvider, IConfigurationSource
    {
        public ManualResetEventSlim Gate { get; } = new();

        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsSlow { get; set; }

        public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

        public override void Load()
        {
            if (IsSlow)
            {
                Begun.TrySetResult();
                Gate.Wait(Patience.Limit);
            }
        }
    }

    /// <summary>A socket like the service manager's.</summary>
    private sealed class FakeServiceManager : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        private readonly string _path = Path.Combine(
            Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"vigil-{Guid.NewGuid():N}"));

        private readonly byte[] _buffer = new byte[4096];

        public FakeServiceManager() => _socket.Bind(new UnixDomainSocketEndPoint(_path));

        public ServiceNotifier CreateNotifier(TimeSpan? watchdogPeriod = null) => new(_path, watchdogPeriod);

        /// <summary>The next message that fulfils a condition.</summary>
        public async Task<string> NextAsync(Func<string, bool>? condition = null)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(Patience.Limit);
            while (true)
            {
                int size = await _socket.ReceiveAsync(_buffer, SocketFlags.None, limit.Token);
                string message = Encoding.UTF8.GetString(_buffer, 0, size);
                if (condition?.Invoke(message) != false)
                {
                    return message;
                }
            }
        }

        public void Dispose()
        {
            _socket.Dispose();
            File.Delete(_path);
        }
    }
}
