using MetricsGateway.Configuration;
using Vigil;

namespace MetricsGateway.Flushing;

/// <summary>When intervals end, as the options say.</summary>
internal sealed class FlushSchedule
{
    // More than what may lie between asking two clocks on a busy machine, less than what would make a second's rounding fall on another
    // one.
    private static readonly TimeSpan LargestDeviation = TimeSpan.FromMilliseconds(50);

    private readonly EventManager _manager;
    private readonly Flusher _flusher;
    private readonly FlushTargets _targets;
    private readonly Func<FlushPlan, FlushTexts> _createTexts;
    private readonly TimeProvider _time;
    private TimeSpan? _interval;
    private TimerEvent? _timer;

    /// <param name="options">How often, and what is told.</param>
    /// <param name="manager">Runs the timer.</param>
    /// <param name="flusher">Ends the intervals.</param>
    /// <param name="targets">Where they are told.</param>
    /// <param name="createTexts">Makes texts for another plan.</param>
    /// <param name="time">Says when intervals end: at multiples of their length.</param>
    public FlushSchedule(
        GatewayOptions options, EventManager manager, Flusher flusher, FlushTargets targets, Func<FlushPlan, FlushTexts> createTexts,
        TimeProvider time)
    {
        _manager = manager;
        _flusher = flusher;
        _targets = targets;
        _createTexts = createTexts;
        _time = time;
        Prepare(options)();
    }

    /// <summary>Null if nothing was ever flushed and nothing will be.</summary>
    public FlushStatus? Status => _flusher.Status is { } status && (_interval is not null || status.Count > 0) ? status : null;

    /// <summary>Whether <see cref="FlushLast"/> has something to do, or has not got done.</summary>
    public bool HasFlushLeft => _interval is not null || !_flusher.WhenComputed().IsCompleted;

    /// <summary>
    /// Gets ready to go over to other options, and gives what does it. An interval that gets another length begins no new one: what it has
    /// received counts in it, and it ends at the next multiple of the new length.
    /// </summary>
    public Action Prepare(GatewayOptions options)
    {
        // New ones, because those of the old plan may be in use.
        FlushPlan plan = FlushPlan.Of(options);
        FlushTexts texts = _flusher.Texts.Plan.Equals(plan) ? _flusher.Texts : _createTexts(plan);
        return () => Apply(options, texts);
    }

    private void Apply(GatewayOptions options, FlushTexts texts)
    {
        _targets.UsesConsole = options.FlushConsole;
        _flusher.Texts = texts;
        if (_interval != options.FlushInterval)
        {
            _interval = options.FlushInterval;
            _flusher.Interval = _interval;
            Start(_interval is { } interval ? UntilEnd(_time.GetUtcNow(), interval) : Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>A timer whose callback has thrown is cancelled. Its interval goes on, and the next flush has all of it.</summary>
    public void OnFault(object? sender, FaultReport report)
    {
        if (report.Event is { } faulty && faulty == _timer)
        {
            // It is set right by the next flush. To ask for the time may be what has failed.
            Start(_interval ?? Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Ends the schedule.</summary>
    public void Stop()
    {
        _timer?.Cancel();
        _timer = null;
    }

    /// <summary>Flushes what came since the last flush. Nothing follows. Without flushes there may still be one that is being
    /// computed.</summary>
    /// <returns>Ends when it was handed to whoever tells it.</returns>
    public Task FlushLast() => _interval is null ? _flusher.WhenComputed() : _flusher.FlushLast();

    // Flushes that were missed have nothing left to tell, because the one that comes has all of it: they are skipped.
    private void Start(TimeSpan first)
    {
        _timer?.Cancel();
        _timer = _interval is { } interval
            ? _manager.CreateTimerEvent(first, interval, (_, tick) => OnDue(tick))
            : null;
    }

    private TimeSpan UntilEnd(DateTimeOffset now, TimeSpan interval) => _flusher.Times.EndAfter(now, interval) - now;

    private void OnDue(in TimerTick tick)
    {
        _flusher.Flush(tick.Lateness, tick.Missed);

        // The timer goes by a clock that runs evenly, the times by one that is corrected and set.
        if (_interval is { } interval)
        {
            DateTimeOffset now = _time.GetUtcNow();
            DateTimeOffset due = now - tick.Lateness + ((tick.Missed + 1) * interval);
            DateTimeOffset end = _flusher.Times.Expected(due, interval);
            if ((due - end).Duration() > LargestDeviation)
            {
                Start(end > now ? end - now : UntilEnd(now, interval));
            }
        }
    }
}
