using MetricsGateway.Configuration;
using Vigil;

namespace MetricsGateway.Flushing;

/// <summary>Ends intervals at the times that the options ask for.</summary>
internal sealed class FlushSchedule
{
    // More than the time between two readings of different clocks on a busy machine, and small enough that rounding to a second does not
    // give another one.
    private static readonly TimeSpan LargestDeviation = TimeSpan.FromMilliseconds(50);

    private readonly EventManager _manager;
    private readonly Flusher _flusher;
    private readonly FlushTargets _targets;
    private readonly Func<FlushPlan, FlushTexts> _createTexts;
    private readonly TimeProvider _time;
    private TimeSpan? _interval;
    private TimerEvent? _timer;

    /// <param name="options">How often to flush, and what to report.</param>
    /// <param name="manager">Runs the timer.</param>
    /// <param name="flusher">Ends the intervals.</param>
    /// <param name="targets">The targets of flushes.</param>
    /// <param name="createTexts">Makes texts for another plan.</param>
    /// <param name="time">The clock whose multiples of the interval end intervals.</param>
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

    /// <summary>Whether <see cref="FlushLast"/> has something to do, or has not completed.</summary>
    public bool HasFlushLeft => _interval is not null || !_flusher.WhenComputed().IsCompleted;

    /// <summary>
    /// Prepares to apply other options, and returns an action that applies them. Another length does not begin a new interval: the current
    /// one keeps what it has received, and ends at the next multiple of the new length.
    /// </summary>
    public Action Prepare(GatewayOptions options)
    {
        // New texts, because those of the old plan may be in use.
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

    /// <summary>A timer whose callback has thrown is cancelled, so it is replaced. Its interval goes on, and the next flush has all of
    /// it.</summary>
    public void OnFault(object? sender, FaultReport report)
    {
        if (report.Event is { } faulty && faulty == _timer)
        {
            // The next flush corrects the phase. Reading the clock, which may have thrown, is avoided here.
            Start(_interval ?? Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Ends the schedule.</summary>
    public void Stop()
    {
        _timer?.Cancel();
        _timer = null;
    }

    /// <summary>Flushes everything since the last flush; none follows. If flushes are off, one may still be being computed.</summary>
    /// <returns>Completes when the flush was handed to its targets.</returns>
    public Task FlushLast() => _interval is null ? _flusher.WhenComputed() : _flusher.FlushLast();

    // Missed flushes are skipped: the next flush has all of their data.
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

        // The timer uses the monotonic clock; timestamps use the wall clock, which is corrected and set.
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
