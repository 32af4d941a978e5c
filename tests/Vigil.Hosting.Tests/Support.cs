using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Vigil.Hosting.Tests;

/// <summary>Deadlines that only a hang reaches.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static Task Within(this Task task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    public static Task<T> Within<T>(this Task<T> task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);
}

/// <summary>A host with nothing but what a test adds, and a log that can be awaited.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly HostApplicationBuilder _builder;
    private IHost? _host;

    public TestHost(params (string Key, string? Value)[] configuration)
    {
        _builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        _builder.Configuration.AddInMemoryCollection(configuration.Select(pair => KeyValuePair.Create(pair.Key, pair.Value)));
        _builder.Logging.AddProvider(Log);
    }

    public RecordedLog Log { get; } = new();

    public IServiceCollection Services => _builder.Services;

    public IConfigurationManager Configuration => _builder.Configuration;

    public IHost Host => _host ??= _builder.Build();

    public EventManager Manager => Host.Services.GetRequiredService<EventManager>();

    public EventManager Keyed(string name) => Host.Services.GetRequiredKeyedService<EventManager>(name);

    public Task StartAsync() => Host.StartAsync(TestContext.Current.CancellationToken).Within();

    public Task StopAsync() => Host.StopAsync(CancellationToken.None).Within();

    /// <summary>Changes the configuration as a file that is saved would.</summary>
    public void Reload(params (string Key, string? Value)[] changes)
    {
        var configuration = (IConfigurationRoot)Host.Services.GetRequiredService<IConfiguration>();
        foreach ((string key, string? value) in changes)
        {
            configuration[key] = value;
        }

        configuration.Reload();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable host)
        {
            await host.DisposeAsync().AsTask().Within();
        }
    }
}

internal sealed record LogEntry(LogLevel Level, int Id, string Text, Exception? Exception);

/// <summary>What was logged by Vigil.Hosting.</summary>
internal sealed class RecordedLog : ILoggerProvider
{
    private readonly ConcurrentQueue<LogEntry> _entries = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<LogEntry>> _firsts = new();

    public IReadOnlyList<LogEntry> Entries => [.. _entries];

    /// <summary>The first entry with an id, logged already or in future.</summary>
    public Task<LogEntry> First(int id) => FirstOf(id).Task.Within();

    public IEnumerable<LogEntry> Of(int id) => _entries.Where(entry => entry.Id == id);

    public ILogger CreateLogger(string categoryName) =>
        string.Equals(categoryName, HostingLog.Category, StringComparison.Ordinal) ? new Logger(this) : new Silence();

    public void Dispose()
    {
    }

    private TaskCompletionSource<LogEntry> FirstOf(int id) =>
        _firsts.GetOrAdd(id, static _ => new TaskCompletionSource<LogEntry>(TaskCreationOptions.RunContinuationsAsynchronously));

    private sealed class Logger(RecordedLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var entry = new LogEntry(logLevel, eventId.Id, formatter(state, exception), exception);
            log._entries.Enqueue(entry);
            log.FirstOf(eventId.Id).TrySetResult(entry);
        }
    }

    private sealed class Silence : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => false;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
        }
    }
}

/// <summary>Who did what, in order.</summary>
internal sealed class Diary
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyList<string> Lines => [.. _lines];

    public void Note(string line) => _lines.Enqueue(line);
}
