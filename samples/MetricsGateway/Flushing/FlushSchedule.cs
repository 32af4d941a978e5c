using MetricsGateway.Configuration;
using MetricsGateway.Metrics;
using Vigil;

namespace MetricsGateway.Flushing;

/// <summary>When intervals end, and how that is told, as the options say.</summary>
internal sealed class FlushSchedule
{
    private readonly EventManager _manager;
    private readonly ReportConsole _console;
    private readonly Flusher _flusher;
    private PercentileList _percentiles;
    private TimeSpan? _interval;
    private TimerEvent? _timer;

    /// <param name="options">How often, and what is told.</param>
    /// <param name="manager">Runs the timer.</param>
    /// <param name="store">What is flushed.</param>
    /// <param name="console">Where it is told.</param>
    /// <param name="time">Measures the intervals.</param>
    public FlushSchedule(GatewayOptions options, EventManager manager, MetricStore store, ReportConsole console, TimeProvider time)
    {
        _manager = manager;
        _console = console;
        _percentiles = options.Percentiles;
        _flusher = new Flusher(store, new FlushReport(_percentiles), console: null, time);
        Apply(options);
    }

    /// <summary>Null if nothing was ever flushed and nothing will be.</summary>
    public FlushStatus? Status => _flusher.Status is { } status && (_interval is not null || status.Count > 0) ? status : null;

    /// <summary>
    /// Goes over to other options. An interval that gets another length begins no new one: what it has received counts in it, and it
    /// ends when the new length has passed from now on.
    /// </summary>
    public void Apply(GatewayOptions options)
    {
        _flusher.Console = options.FlushConsole ? _console : null;
        if (!_percentiles.Equals(options.Percentiles))
        {
            // A new one, because the console may still be writing what the old one has made.
            _percentiles = options.Percentiles;
            _flusher.Report = new FlushReport(_percentiles);
        }

        if (_interval != options.FlushInterval)
        {
            _interval = options.FlushInterval;
            Start();
        }
    }

    /// <summary>A timer whose callback has thrown is cancelled. Its interval goes on, and the next flush has all of it.</summary>
    public void OnFault(object? sender, FaultReport report)
    {
        if (report.Event is { } faulty && faulty == _timer)
        {
            Start();
        }
    }

    /// <summary>Ends the schedule.</summary>
    /// <returns>Whether there is something left that the last flush would tell.</returns>
    public bool Stop()
    {
        _timer?.Cancel();
        _timer = null;
        return _interval is not null;
    }

    /// <summary>Flushes what came since the last flush. Nothing follows.</summary>
    public void FlushLast() => _flusher.FlushLast();

    // Flushes that were missed have nothing left to tell, because the one that comes has all of it: they are skipped.
    private void Start()
    {
        _timer?.Cancel();
        _timer = _interval is { } interval
            ? _manager.CreateTimerEvent(interval, interval, (_, tick) => _flusher.Flush(tick.Lateness, tick.Missed), MissedTickPolicy.Skip)
            : null;
    }
}
