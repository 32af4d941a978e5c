using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Vigil.Hosting.Tests;

/// <summary>How managers start, run and stop with the host.</summary>
public class LifecycleTests
{
    [Theory]
    [InlineData("Vigil:Managers:a:DrainTimeout", "10675199.02:48:05.4775807")]
    [InlineData("Vigil:Managers:a:DrainTimeout", "49.17:02:47.295")]
    [InlineData("Vigil:Managers:a:DrainTimeout", "00:00:00")]
    [InlineData("shutdownTimeoutSeconds", "2147483647")]
    [InlineData("shutdownTimeoutSeconds", "0")]
    public async Task A_stop_ends_the_loops_whatever_the_time_for_draining(string key, string value)
    {
        await using TestHost host = new((key, value));
        host.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
        host.Services.AddEventManager("a");
        await host.StartAsync();
        EventManager manager = host.Keyed("a");

        await host.StopAsync();

        Assert.Throws<ObjectDisposedException>(() => manager.RemoteEndpoint.Fire(_ => { }));
        await host.Log.First(2);
    }

    [Fact]
    public async Task The_loop_runs_on_a_thread_of_its_own_from_the_start_of_the_host_to_its_end()
    {
        await using TestHost host = new();
        host.Services.AddEventManager(options => options.Name = "gateway");
        await host.StartAsync();
        EventManager manager = host.Manager;

        (string? name, bool isCurrent) = await manager.RemoteEndpoint
            .CallAsync(running => (Thread.CurrentThread.Name, EventManager.Current == running), TestContext.Current.CancellationToken)
            .Within();
        await host.StopAsync();

        Assert.Equal("gateway", name);
        Assert.True(isCurrent);
        Assert.Throws<ObjectDisposedException>(() => manager.RemoteEndpoint.Fire(_ => { }));
        Assert.Contains("gateway", (await host.Log.First(1)).Text, StringComparison.Ordinal);
        Assert.Contains("gateway", (await host.Log.First(2)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_background_service_posts_in_its_constructor_is_kept_until_the_loop_runs()
    {
        await using TestHost host = new();
        host.Services.AddHostedService<Poster>();
        host.Services.AddEventManager();
        host.Services.AddSingleton<Diary>();
        await host.StartAsync();

        Assert.Equal(["posted", "ran on the loop"], host.Host.Services.GetRequiredService<Diary>().Lines);
    }

    [Fact]
    public async Task A_keyed_manager_is_the_one_that_its_key_names()
    {
        await using TestHost host = new();
        host.Services.AddEventManager("devices");
        host.Services.AddEventManager("clients");
        host.Services.AddSingleton<Session>();
        await host.StartAsync();

        Assert.Same(host.Keyed("devices"), host.Host.Services.GetRequiredService<Session>().Manager);
        Assert.Equal("clients", host.Keyed("clients").Name);
    }

    [Fact]
    public async Task Subscribers_are_added_in_the_order_of_their_registration_before_the_first_message()
    {
        await using TestHost host = new();
        host.Services.AddSingleton<Diary>();
        host.Services.AddEventManager("a").AddSubscriber<First>().AddSubscriber<Second>(DispatchPriority.High);
        host.Services.AddEventManager("b").AddSubscriber(services => new Second(services.GetRequiredService<Diary>()));
        Diary diary = host.Host.Services.GetRequiredService<Diary>();
        host.Keyed("a").RemoteEndpoint.Fire(_ => diary.Note("message"));
        await host.StartAsync();

        Assert.Equal(["First", "Second", "message", "Second"], diary.Lines);
        Assert.Equal(
            [DispatchPriority.Normal, DispatchPriority.High],
            await host.Keyed("a").RemoteEndpoint.CallAsync(
                manager => manager.GetSubscribers().Select(info => info.DispatchPriority).ToArray(),
                TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_subscriber_is_disposed_once_by_the_services_after_the_loop_has_ended()
    {
        Disposable subscriber;
        await using (TestHost host = new())
        {
            host.Services.AddEventManager().AddSubscriber<Disposable>();
            await host.StartAsync();
            subscriber = host.Host.Services.GetRequiredService<Disposable>();
            subscriber.Manager = host.Manager;
            await host.StopAsync();
            Assert.Equal(0, subscriber.Disposals);
        }

        Assert.Equal(1, subscriber.Disposals);
        Assert.True(subscriber.WasOver);
    }

    [Fact]
    public async Task A_subscriber_that_throws_fails_the_start_with_its_name_and_all_loops_end()
    {
        await using TestHost host = new();
        host.Services.AddEventManager("a");
        host.Services.AddEventManager("b").AddSubscriber<Faulty>();

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(host.StartAsync);

        Assert.Equal(
            $"The subscriber {typeof(Faulty)} of the event manager \"b\" could not be added: no device", exception.Message);
        Assert.Throws<ObjectDisposedException>(() => host.Keyed("a").RemoteEndpoint.Fire(_ => { }));
        Assert.Throws<ObjectDisposedException>(() => host.Keyed("b").RemoteEndpoint.Fire(_ => { }));
    }

    [Fact]
    public async Task A_subscriber_that_cannot_be_made_fails_the_start_with_its_name()
    {
        await using TestHost host = new();
        host.Services.AddEventManager("b").AddSubscriber<Faulty>(_ => throw new TimeoutException("too late"));

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(host.StartAsync);

        Assert.Equal($"The subscriber {typeof(Faulty)} of the event manager \"b\" could not be made: too late", exception.Message);
        Assert.IsType<TimeoutException>(exception.InnerException);
    }

    [Fact]
    public async Task Another_service_that_does_not_start_ends_the_loops_before_the_subscribers_are_disposed()
    {
        Disposable subscriber;
        await using (TestHost host = new())
        {
            host.Services.AddEventManager().AddSubscriber<Disposable>();
            host.Services.AddHostedService<Broken>();
            await Assert.ThrowsAsync<NotSupportedException>(host.StartAsync);
            subscriber = host.Host.Services.GetRequiredService<Disposable>();
            subscriber.Manager = host.Manager;
        }

        Assert.Equal(1, subscriber.Disposals);
        Assert.True(subscriber.WasOver);
    }

    [Fact]
    public async Task A_manager_of_services_that_are_never_started_ends_with_them()
    {
        EventManager manager;
        await using (TestHost host = new())
        {
            host.Services.AddEventManager();
            manager = host.Manager;
            manager.RemoteEndpoint.Fire(_ => { });
        }

        Assert.Throws<ObjectDisposedException>(() => manager.RemoteEndpoint.Fire(_ => { }));
    }

    [Fact]
    public async Task Services_that_stop_still_reach_the_loop_whatever_the_order_of_registration()
    {
        await using TestHost host = new();
        host.Services.AddSingleton<Diary>();
        host.Services.AddHostedService<Farewell>();
        host.Services.AddEventManager();
        await host.StartAsync();
        await host.StopAsync();

        Assert.Equal(["farewell on the loop"], host.Host.Services.GetRequiredService<Diary>().Lines);
    }

    [Fact]
    public async Task The_stop_runs_what_was_posted_and_what_the_workers_still_have_and_then_its_results()
    {
        await using TestHost host = new();
        host.Services.AddWorkerPool();
        host.Services.AddEventManager();
        await host.StartAsync();
        EventManager manager = host.Manager;
        int results = 0;
        using ManualResetEventSlim gate = new();
        manager.RemoteEndpoint.Fire(running =>
        {
            running.ExecuteWork(default, () => gate.Wait(Patience.Limit), (_, _) =>
            {
                results++;
                running.ExecuteWork(default, () => 1, (_, _) => results++);
            });
            gate.Set();
        });

        await host.StopAsync();

        Assert.Equal(2, results);
        Assert.Empty(host.Log.Of(8));
    }

    [Fact]
    public async Task Listeners_accept_nothing_from_the_beginning_of_the_stop_and_are_told()
    {
        await using TestHost host = new();
        host.Services.AddEventManager().AddSubscriber<Listener>();
        host.Services.AddHostedService<Knocker>();
        await host.StartAsync();
        Listener listener = host.Host.Services.GetRequiredService<Listener>();

        await host.StopAsync();

        Assert.Equal(SourceState.Disarmed, listener.StateWhenTold);
        Assert.Equal(0, listener.Accepted);
    }

    [Fact]
    public async Task Work_that_does_not_end_in_time_is_named_and_the_host_stops_all_the_same()
    {
        using ManualResetEventSlim gate = new();
        await using TestHost host = new();
        host.Services.AddWorkerPool(options => options.ThreadCount = 1);
        host.Services.AddEventManager().ConfigureHosting(options => options.DrainTimeout = TimeSpan.FromMilliseconds(50));
        host.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(300));
        await host.StartAsync();
        TaskCompletionSource begun = new();
        host.Manager.ExecuteWork(default, () =>
        {
            begun.SetResult();
            gate.Wait(Patience.Limit);
        });
        host.Manager.ExecuteWork(default, () => { });
        await begun.Task.Within();

        await Record.ExceptionAsync(host.StopAsync);

        Assert.Contains("1 items wait and 1 run in worker", (await host.Log.First(8)).Text, StringComparison.Ordinal);
        Assert.Contains("worker: 1 work items did not run", (await host.Log.First(9)).Text, StringComparison.Ordinal);
        gate.Set();
    }

    [Fact]
    public async Task A_callback_that_never_returns_is_named_and_holds_neither_the_stop_nor_the_disposal()
    {
        using ManualResetEventSlim gate = new();
        TestHost host = new();
        host.Services.AddEventManager(options =>
            {
                options.Name = "gateway";
                options.Watchdog = new WatchdogOptions { CallbackBudget = TimeSpan.FromMilliseconds(20) };
            });
        host.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(1));
        await host.StartAsync();
        host.Manager.RemoteEndpoint.Fire(_ => NeverReturns(gate));
        await host.Log.First(20);

        long began = Stopwatch.GetTimestamp();
        await Record.ExceptionAsync(host.StopAsync);
        await host.DisposeAsync();

        LogEntry entry = await host.Log.First(7);
        Assert.Contains("gateway: ", entry.Text, StringComparison.Ordinal);
        Assert.Contains(nameof(LifecycleTests), entry.Text, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20));
        gate.Set();
    }

    [Fact]
    public async Task A_loop_that_the_program_stops_is_disposed_and_the_host_goes_on()
    {
        await using TestHost host = new();
        host.Services.AddEventManager();
        await host.StartAsync();
        host.Manager.Stop();
        await host.Log.First(3);

        Assert.False(host.Host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
        await host.StopAsync();
        Assert.Throws<ObjectDisposedException>(() => host.Manager.RemoteEndpoint.Fire(_ => { }));
    }

    [Fact]
    public async Task Managers_share_the_pool_without_a_name_and_one_may_name_another()
    {
        await using TestHost host = new();
        host.Services.AddWorkerPool();
        host.Services.AddWorkerPool("encoders", options => options.ThreadCount = 2);
        host.Services.AddEventManager("a");
        host.Services.AddEventManager("b");
        host.Services.AddEventManager("c").UseWorkerPool("encoders");
        await host.StartAsync();

        Assert.Same(host.Keyed("a").Workers, host.Keyed("b").Workers);
        Assert.Equal(2, host.Keyed("c").Workers.ThreadCount);
        WorkerPool shared = host.Host.Services.GetRequiredService<WorkerPool>();
        await host.Keyed("a").ExecuteWorkAsync(default, () => { }, TestContext.Current.CancellationToken).Within();
        Assert.Equal(1, shared.GetStatistics().Done);
        await host.StopAsync();
        using var late = new EventManager(new EventManagerOptions { Workers = shared });
        Assert.Equal(
            EventManagerError.WorkQueueFull, Assert.Throws<EventManagerException>(() => late.ExecuteWork(default, () => { })).Error);
    }

    [Fact]
    public void Two_managers_or_pools_of_one_name_are_refused()
    {
        var services = new ServiceCollection();
        services.AddEventManager();
        services.AddEventManager("devices");
        services.AddWorkerPool("encoders");

        Assert.Equal(
            "An event manager named \"devices\" is there already.",
            Assert.Throws<InvalidOperationException>(() => services.AddEventManager("devices")).Message);
        Assert.Contains(
            "without a name is there already",
            Assert.Throws<InvalidOperationException>(() => services.AddEventManager()).Message,
            StringComparison.Ordinal);
        Assert.Equal(
            "A worker pool named \"encoders\" is there already.",
            Assert.Throws<InvalidOperationException>(() => services.AddWorkerPool("encoders")).Message);
        Assert.Throws<ArgumentException>(() => services.AddEventManager(" "));

        // They would have the same section of the configuration.
        Assert.Throws<InvalidOperationException>(() => services.AddEventManager("Devices"));
        Assert.Throws<InvalidOperationException>(() => services.AddWorkerPool("Encoders"));
    }

    [Fact]
    public void A_name_with_a_colon_is_refused_since_it_would_lead_into_another_section()
    {
        var services = new ServiceCollection();

        Assert.Contains(
            "has a colon",
            Assert.Throws<ArgumentException>(() => services.AddEventManager("a:Watchdog")).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => services.AddWorkerPool("a:b"));
        Assert.Empty(services);
    }

    [Fact]
    public async Task A_pool_that_was_not_added_is_named()
    {
        await using TestHost host = new();
        host.Services.AddEventManager("a").UseWorkerPool("encoders");

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(host.StartAsync);

        Assert.Contains("AddWorkerPool(\"encoders\")", exception.Message, StringComparison.Ordinal);
    }

    private static void NeverReturns(ManualResetEventSlim gate) => gate.Wait(Patience.Limit);

    private sealed class Poster : BackgroundService
    {
        public Poster(EventManager manager, Diary diary)
        {
            manager.RemoteEndpoint.Fire(running => diary.Note(EventManager.Current == running ? "ran on the loop" : "ran elsewhere"));
            diary.Note("posted");
        }

        protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
    }

    private sealed class Session([FromKeyedServices("devices")] EventManager manager)
    {
        public EventManager Manager => manager;
    }

    private sealed class First(Diary diary) : IEventSubscriber
    {
        public void Initialize(EventOps ops) => diary.Note(nameof(First));

        public void Process(in Events events, EventOps ops)
        {
        }
    }

    private sealed class Second(Diary diary) : IEventSubscriber
    {
        public void Initialize(EventOps ops) => diary.Note(nameof(Second));

        public void Process(in Events events, EventOps ops)
        {
        }
    }

    private sealed class Faulty : IEventSubscriber
    {
        public void Initialize(EventOps ops) => throw new NotSupportedException("no device");

        public void Process(in Events events, EventOps ops)
        {
        }
    }

    private sealed class Disposable : IEventSubscriber, IDisposable
    {
        public EventManager? Manager { get; set; }

        public int Disposals { get; private set; }

        public bool WasOver { get; private set; }

        public void Initialize(EventOps ops)
        {
        }

        public void Process(in Events events, EventOps ops)
        {
        }

        public void Dispose()
        {
            Disposals++;
            WasOver = Record.Exception(() => Manager!.RemoteEndpoint.Fire(_ => { })) is ObjectDisposedException;
        }
    }

    private sealed class Broken : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => throw new NotSupportedException("broken");

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Farewell(EventManager manager, Diary diary) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) =>
            manager.RemoteEndpoint.CallAsync(running => diary.Note("farewell on the loop"), cancellationToken);
    }

    private sealed class Listener(EventManager manager) : IEventSubscriber, IDisposable
    {
        private readonly System.Net.Sockets.Socket _socket = new(
            System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);

        public System.Net.EndPoint Address => _socket.LocalEndPoint!;

        public int Accepted { get; private set; }

        public SourceState StateWhenTold { get; private set; }

        public void Initialize(EventOps ops)
        {
            _socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
            _socket.Listen();
            ops.Add(new Events(_socket, EventSet.In));
            manager.AddStoppingCallback(running => StateWhenTold = running.GetSources().Single().State);
        }

        public void Process(in Events events, EventOps ops)
        {
            Accepted++;
            _socket.Accept().Dispose();
        }

        public void Dispose() => _socket.Dispose();
    }

    // Connects when the stop has begun.
    private sealed class Knocker(Listener listener, EventManager manager) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            await manager.RemoteEndpoint.CallAsync(running => Assert.True(running.IsStopping), cancellationToken);
            using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
            await socket.ConnectAsync(listener.Address, cancellationToken);
        }
    }
}
