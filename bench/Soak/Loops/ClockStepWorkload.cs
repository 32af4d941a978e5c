using Vigil;

namespace Soak.Loops;

/// <summary>Steps of the wall clock while timers with dates wait. None fires before its date; every step is reported.</summary>
internal sealed class ClockStepWorkload : Workload
{
    private const int Most = 50;

    // A step is measured, not told, and is accurate to what the thread was interrupted for.
    private static readonly TimeSpan Accuracy = TimeSpan.FromSeconds(0.5);

    private readonly SteppingClock _clock;
    private readonly HashSet<TimerEvent> _timers = [];
    private TimeSpan _stepped;
    private TimeSpan _reported;
    private long _steps;
    private EventManager? _manager;

    public ClockStepWorkload(SteppingClock clock, Random random, Findings findings)
        : base(random, findings) => _clock = clock;

    public override string Name => "steps of a wall clock of the program's own";

    public override long Count => _steps;

    public override string? Outstanding => (_stepped - _reported).Duration() <= Accuracy
        ? null
        : $"steps of {_stepped - _reported} that were not reported";

    protected override TimeSpan Pace => TimeSpan.FromMilliseconds(25);

    public override void Finish()
    {
        _manager!.WallClockStepped -= OnStepped;

        // The inaccuracies must not add up over the rounds.
        _stepped = _reported = TimeSpan.Zero;
    }

    protected override void OnStart(EventManager manager)
    {
        _manager = manager;
        manager.WallClockStepped += OnStepped;
    }

    protected override void Step(EventManager manager)
    {
        if (Random.Next(4) == 0)
        {
            // Back as often as forth, so that dates remain within years.
            TimeSpan step = TimeSpan.FromSeconds(Random.Next(1, 3600)) * (_clock.GetUtcNow() > TimeProvider.System.GetUtcNow() ? -1 : 1);
            _stepped += step;
            _steps++;

            // Deferred: timers that are due have been compared with the clock as it was, and fire in this phase of the loop.
            manager.Defer(_ => _clock.Step(step));
        }
        else if (_timers.Count < Most)
        {
            DateTimeOffset date = _clock.GetUtcNow() + Between(0, 10_000);
            TimeSpan period = Random.Next(2) == 0 ? Timeout.InfiniteTimeSpan : Between(50, 5_000);
            _timers.Add(manager.CreateTimerEvent(date, period, (timer, tick) => OnTick(timer, date, tick)));
        }
    }

    protected override void OnStop()
    {
        foreach (TimerEvent timer in _timers)
        {
            timer.Dispose();
        }

        _timers.Clear();
    }

    private void OnTick(TimerEvent timer, DateTimeOffset date, TimerTick tick)
    {
        Findings.Require(_clock.GetUtcNow() >= date, $"a timer for {date:O} fired at {_clock.GetUtcNow():O}");
        Findings.Require(tick.Lateness >= TimeSpan.Zero, $"a timer was {-tick.Lateness} early by its own account");
        if (timer.Period == Timeout.InfiniteTimeSpan || Random.Next(4) == 0)
        {
            timer.Dispose();
            _timers.Remove(timer);
        }
    }

    private void OnStepped(object? sender, ClockStep step) => _reported += step.Offset;
}
