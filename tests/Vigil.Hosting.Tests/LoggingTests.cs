using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Vigil.IO;

namespace Vigil.Hosting.Tests;

/// <summary>Each kind of report has an event id of its own.</summary>
public partial class LoggingTests
{
    [Fact]
    public async Task A_subscriber_that_throws_is_detached_and_logged_once()
    {
        await using TestHost host = new();
        host.Services.AddEventManager("a").AddSubscriber<Faulty>();
        await host.StartAsync();
        await host.Keyed("a").RemoteEndpoint.CallAsync(
            manager => manager.GetSubscribers().Count, TestContext.Current.CancellationToken).Within();
        LogEntry entry = await host.Log.First(11);

        Assert.Equal(LogLevel.Error, entry.Level);
        Assert.Contains("The Faulty was detached", entry.Text, StringComparison.Ordinal);
        Assert.IsType<TimeoutException>(entry.Exception);
        Assert.Single(host.Log.Entries, entry => entry.Exception is not null);
    }

    [Fact]
    public async Task A_mailbox_that_refuses_senders_is_logged_with_their_number()
    {
        using ManualResetEventSlim gate = new();
        await using TestHost host = new();
        host.Services.AddEventManager("a", options => options.MailboxCapacity = 2);
        await host.StartAsync();
        RemoteEndpoint endpoint = host.Keyed("a").RemoteEndpoint;
        TaskCompletionSource begun = new();
        endpoint.Fire(_ =>
        {
            begun.SetResult();
            gate.Wait(Patience.Limit);
        });
        await begun.Task.Within();
        int refused = 0;
        for (int i = 0; i < 5; i++)
        {
            refused += endpoint.TryFire(_ => { }) ? 0 : 1;
        }

        gate.Set();

        Assert.Equal(3, refused);
        Assert.Equal("a: the mailbox was full (2 messages), and 3 posts were refused", (await host.Log.First(14)).Text);
    }

    [Fact]
    public async Task A_descriptor_that_spins_is_a_limit_and_a_closed_one_a_registration()
    {
        await using TestHost host = new(("Vigil:Managers:a:UnhandledHangUpLimit", "3"));
        host.Services.AddEventManager("a");
        await host.StartAsync();
        using var pipe = new UnixPipe();
        using var other = new UnixPipe();
        await host.Keyed("a").RemoteEndpoint.CallAsync(
            manager =>
            {
                manager.CreateSocketEvent(pipe.Reader, EventSet.In, (_, _) => { });
                manager.CreateSocketEvent(other.Reader, EventSet.In, (_, _) => { });
                pipe.Writer.Dispose();
                other.Reader.Dispose();
                manager.GetSources();
            },
            TestContext.Current.CancellationToken).Within();

        Assert.Contains("was disarmed", (await host.Log.First(13)).Text, StringComparison.Ordinal);
        Assert.Contains("was closed without removing it", (await host.Log.First(12)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_throws_ends_neither_the_start_nor_the_loop_nor_the_stop()
    {
        await using TestHost host = new();
        host.Services.AddSingleton<ILoggerProvider, FullDisk>();
        host.Services.AddEventManager("a").AddSubscriber<Faulty>();
        await host.StartAsync();
        EventManager manager = host.Keyed("a");

        Assert.True(await manager.RemoteEndpoint.CallAsync(_ => true, TestContext.Current.CancellationToken).Within());
        await host.StopAsync();

        Assert.Throws<ObjectDisposedException>(() => manager.RemoteEndpoint.Fire(_ => { }));
        Assert.Equal(LogLevel.Information, (await host.Log.First(2)).Level);
        Assert.Empty(host.Log.Of(4));
    }

    [Fact]
    public void The_page_lists_every_event_id_with_its_level()
    {
        string root = typeof(LoggingTests).Assembly.GetCustomAttributes(typeof(System.Reflection.AssemblyMetadataAttribute), inherit: false)
            .Cast<System.Reflection.AssemblyMetadataAttribute>().Single(attribute => attribute.Key is "RepositoryRoot").Value!;
        string[] page = [.. Row().Matches(File.ReadAllText(Path.Combine(root, "docs", "hosting.md")))
            .Select(match => $"{match.Groups["id"].Value} {match.Groups["level"].Value}")];
        string[] expected = [.. typeof(HostingLog).GetMethods()
            .Select(method => method.GetCustomAttributesData()
                .SingleOrDefault(attribute => attribute.AttributeType == typeof(LoggerMessageAttribute)))
            .OfType<System.Reflection.CustomAttributeData>()
            .Select(attribute => $"{attribute.ConstructorArguments[0].Value} {(LogLevel)attribute.ConstructorArguments[1].Value!}")];

        Assert.Equal(expected.Order(StringComparer.Ordinal), page.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(
        "^\\| (?<id>[0-9]+) \\| (?<level>[A-Z][a-z]+) \\|",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Row();

    private sealed class Faulty : IEventSubscriber, IDisposable
    {
        private readonly EventFd _ready = new(1);

        public void Initialize(EventOps ops) => ops.Add(new Events(_ready, EventSet.In));

        public void Process(in Events events, EventOps ops) => throw new TimeoutException("too late");

        public void Dispose() => _ready.Dispose();
    }

    private sealed class FullDisk : ILoggerProvider, ILogger
    {
        // The host's own entries are not the matter.
        public ILogger CreateLogger(string categoryName) =>
            categoryName is HostingLog.Category ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new IOException("No space left on device");

        public void Dispose()
        {
        }
    }
}
