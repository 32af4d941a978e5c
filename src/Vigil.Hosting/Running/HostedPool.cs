using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Vigil.Hosting;

/// <summary>
/// A worker pool of the host's: one that was added, or one of a single manager's that starts with its first work. It logs what waits too
/// long, and ends after the loops.
/// </summary>
internal sealed class HostedPool : IWorkExecutor, IAsyncDisposable, IDisposable
{
    private readonly WorkerPoolOptions _options;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<int, WorkWaitingReport> _waiting = new();
    private volatile WorkerPool? _pool;
    private bool _hasEnded;

    public HostedPool(WorkerPoolOptions options, ILogger logger)
    {
        _options = options;
        _logger = logger;
    }

    public string Name => _options.Name;

    /// <summary>Whether it was added, rather than made for one manager that then ends it.</summary>
    public bool IsShared { get; init; }

    /// <summary>The pool; the first use starts its threads.</summary>
    /// <exception cref="ObjectDisposedException">It has ended before it was used.</exception>
    public WorkerPool Pool => _pool ?? Start();

    /// <summary>What waits longer than its limit now.</summary>
    public IEnumerable<WorkWaitingReport> Waiting => _waiting.Values;

    /// <summary>The pool's figures; all zero before its first use.</summary>
    public WorkerPoolStatistics Statistics => _pool?.GetStatistics() ?? new WorkerPoolStatistics();

    public int ThreadCount => _options.ThreadCount;

    public bool TryExecute(in WorkItem item) => TryExecute(in item, CancellationToken.None);

    public bool TryExecute(in WorkItem item, CancellationToken cancellationToken)
    {
        try
        {
            return Pool.TryExecute(in item, cancellationToken);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Lets queued work run until the token is cancelled; then drops what is left, and logs that.</summary>
    public async Task EndAsync(CancellationToken deadline)
    {
        WorkerPool? pool;
        lock (_gate)
        {
            _hasEnded = true;
            pool = _pool;
        }

        if (pool is null)
        {
            return;
        }

        IReadOnlyList<WorkItem> left = await pool.DrainAsync(Timeout.InfiniteTimeSpan, deadline).ConfigureAwait(false);
        foreach (WorkItem item in left)
        {
            item.Drop();
        }

        if (left.Count > 0)
        {
            HostingLog.WorkDropped(_logger, pool.Name, left.Count);
        }
    }

    public void Dispose()
    {
        _hasEnded = true;
        _pool?.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        _hasEnded = true;
        if (_pool is { } pool)
        {
            await pool.DisposeAsync().ConfigureAwait(false);
        }
    }

    public override string ToString() => _pool?.ToString() ?? $"{_options.Name} (not started)";

    private WorkerPool Start()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_hasEnded, typeof(WorkerPool));
            if (_pool is { } started)
            {
                return started;
            }

            var pool = new WorkerPool(_options);
            pool.WorkWaiting += OnWaiting;
            return _pool = pool;
        }
    }

    // On the watchdog's thread.
    private void OnWaiting(object? sender, WorkWaitingReport report)
    {
        if (report.IsOver)
        {
            _waiting.TryRemove(report.Thread, out _);
            HostingLog.WorkWaited(_logger, report);
        }
        else
        {
            _waiting[report.Thread] = report;
            HostingLog.WorkWaits(_logger, report);
        }
    }
}
