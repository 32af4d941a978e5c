using MetricsGateway.Configuration;
using MetricsGateway.GraphiteSending;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using Vigil;

namespace MetricsGateway.Flushing;

/// <summary>All that is between the store and those who are told of it: the schedule, what a worker computes, and where it goes.</summary>
internal sealed class FlushPipeline : IDisposable
{
    /// <summary>How many threads the workers must have: one computes while a disk may hold up another, and a lookup of a name the
    /// third.</summary>
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

    /// <param name="options">How often, what is told, and where.</param>
    /// <param name="manager">Runs it, and has the workers.</param>
    /// <param name="store">What is flushed.</param>
    /// <param name="countTraffic">Counts what was received until now.</param>
    /// <param name="output">Where reports go for the console.</param>
    /// <param name="errors">Where it is said what does not work.</param>
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

    /// <summary>Makes sure that the file can be written, if there is another one than before. Nothing else of what is new can
    /// fail.</summary>
    /// <exception cref="FlushFileException">It cannot.</exception>
    public static void Check(GatewayOptions? before, GatewayOptions options)
    {
        RotatingFile? file = FlushFile.Of(options);
        if (file is not null && (before is null || !string.Equals(FlushFile.Of(before)?.Path, file.Path, StringComparison.Ordinal)))
        {
            file.Check();
        }
    }

    /// <summary>Goes over to other options.</summary>
    public void Apply(GatewayOptions options) => Prepare(options)();

    /// <summary>Gets ready to go over to other options. Only this can fail, for want of memory.</summary>
    /// <returns>What goes over to them.</returns>
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
    /// How long flushes may wait from now on for a Graphite server that takes less than is written; null for as long as ever.
    /// </param>
    public void Stop(TimeSpan? patience)
    {
        _schedule.Stop();
        if (patience is { } limit)
        {
            _handover.EndPatience(limit);
        }
    }

    /// <summary>Flushes what came since the last flush, if there are flushes, after the one that is being computed, if there is
    /// one.</summary>
    /// <returns>Ends when it was handed to whoever tells it.</returns>
    public async Task FlushLast()
    {
        try
        {
            await _schedule.FlushLast();
        }
        finally
        {
            // Whoever awaits this tells why it was not.
            _isFlushed = true;
        }
    }

    /// <summary>Waits for those who are told of flushes, and writes to the console what comes last there.</summary>
    /// <param name="lastText">Something else than a flush. Nobody gets it, if there is no reader any more.</param>
    /// <returns>Ends when everything that was told is where it should go, or cannot get there.</returns>
    public Task Finish(ReadOnlyMemory<byte> lastText)
    {
        _isFinishing = true;
        return _targets.Finish(lastText);
    }

    /// <summary>What is not where it should go at the end, in words; nothing if all is.</summary>
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
