using MetricsGateway.Configuration;
using MetricsGateway.GraphiteSending;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using Vigil;

namespace MetricsGateway.Flushing;

/// <summary>Everything between the store and the targets of flushes: the schedule, the workers' part, and the targets.</summary>
internal sealed class FlushPipeline : IDisposable
{
    /// <summary>The number of worker threads: one computes, one may be held up by a disk, and one by a name lookup.</summary>
    public const int WorkerCount = 3;

    /// <summary>The worker that loads the configuration.</summary>
    public const int ConfigurationThread = 2;

    private const int FileThread = 1;

    private readonly ReportConsole _console;
    private readonly GraphiteSender _graphite;
    private readonly FlushFile _file;
    private readonly FlushSchedule _schedule;
    private readonly FlushTargets _targets;
    private readonly LineHandover _handover;
    private bool _isFlushed;
    private bool _isFinishing;

    /// <param name="options">How often to flush, what to report, and where.</param>
    /// <param name="manager">Runs the pipeline, and owns the workers.</param>
    /// <param name="store">The metrics to flush.</param>
    /// <param name="countTraffic">Counts the traffic received so far.</param>
    /// <param name="output">The console's file descriptor for reports.</param>
    /// <param name="errors">Receives error messages.</param>
    /// <param name="time">Measures the intervals.</param>
    public FlushPipeline(
        GatewayOptions options,
        EventManager manager,
        MetricStore store,
        Func<TrafficCounts> countTraffic,
        FileDescriptor output,
        TextWriter errors,
        TimeProvider time)
    {
        LineBlockPool pool = new();
        _console = new ReportConsole(output, errors);
        LineHandover handover = new(options.GraphiteBuffer, pool);
        _handover = handover;
        _graphite = new GraphiteSender(manager, handover, pool, time, errors);
        _file = new FlushFile(manager, FileThread, errors);
        _targets = new FlushTargets(_console, _file, _graphite);
        FlushTexts texts = new(FlushPlan.Of(options), handover, pool);
        Flusher flusher = new(manager, store, countTraffic, texts, _targets, time);
        _schedule = new FlushSchedule(options, manager, flusher, _targets, plan => new FlushTexts(plan, handover, pool), time);
        manager.FaultReported += _schedule.OnFault;
        manager.FaultReported += _graphite.OnFault;
    }

    /// <summary>Null if nothing was ever flushed and nothing will be.</summary>
    public FlushStatus? Status => _schedule.Status;

    public GraphiteStatus Graphite => _graphite.Status;

    public FlushFileStatus File => _file.Status;

    /// <summary>Checks that the file can be written, if the options name another file than before. Applying the rest of the options cannot
    /// fail.</summary>
    /// <exception cref="FlushFileException">The file cannot be written.</exception>
    public static void Check(GatewayOptions? before, GatewayOptions options)
    {
        RotatingFile? file = FlushFile.Of(options);
        if (file is not null && (before is null || !string.Equals(FlushFile.Of(before)?.Path, file.Path, StringComparison.Ordinal)))
        {
            file.Check();
        }
    }

    /// <summary>Applies other options.</summary>
    public void Apply(GatewayOptions options) => Prepare(options)();

    /// <summary>Prepares to apply other options. Only this step can fail, for want of memory.</summary>
    /// <returns>Applies them.</returns>
    public Action Prepare(GatewayOptions options)
    {
        Action applySchedule = _schedule.Prepare(options);
        return () =>
        {
            _graphite.Apply(options);
            _file.Apply(options);
            applySchedule();
        };
    }

    /// <summary>Ends the schedule.</summary>
    /// <param name="patience">
    /// How long flushes may wait from now on for a Graphite server that takes less than is written; null for the usual time.
    /// </param>
    public void Stop(TimeSpan? patience)
    {
        _schedule.Stop();
        if (patience is { } limit)
        {
            _handover.EndPatience(limit);
        }
    }

    /// <summary>Flushes everything since the last flush, if flushes are on, after the flush that is being computed, if any.</summary>
    /// <returns>Completes when the flush was handed to its targets.</returns>
    public async Task FlushLast()
    {
        try
        {
            await _schedule.FlushLast();
        }
        finally
        {
            // If it failed, the caller that awaits this reports why.
            _isFlushed = true;
        }
    }

    /// <summary>Waits for the targets, and writes the last text to the console.</summary>
    /// <param name="lastText">A text that is no flush. It is lost if there is no reader any more.</param>
    /// <returns>Completes when everything has reached its target, or cannot reach it.</returns>
    public Task Finish(ReadOnlyMemory<byte> lastText)
    {
        _isFinishing = true;
        return _targets.Finish(lastText);
    }

    /// <summary>What has not reached its target at the end, in words; empty if everything has.</summary>
    public IEnumerable<string> DescribeLeft() => ConsoleText.Left(
        isFlushLeft: !_isFlushed && _schedule.HasFlushLeft,
        areTotalsLeft: !_isFinishing,
        isConsoleLeft: !_console.WhenWritten().IsCompleted,
        isFileLeft: !_file.IsReady,
        _graphite.Status.WaitingLines);

    public void Dispose()
    {
        _graphite.Dispose();
        _console.Dispose();
    }
}
