namespace Vigil.Testing.Tests.Models;

/// <summary>A timer of the model; times are in milliseconds.</summary>
internal sealed class ModelTimer
{
    public TimerState State { get; set; } = TimerState.Idle;

    public long Due { get; set; }

    /// <summary>While suspended: the time left, negative if it was overdue.</summary>
    public long Left { get; set; }

    public long Period { get; init; }

    public MissedTickPolicy MissedTicks { get; init; }

    /// <summary>The order in which timers were started.</summary>
    public long Order { get; set; }

    /// <summary>Its due time had come when it was started: it has no order.</summary>
    public bool IsLate { get; set; }

    /// <summary>Whether it must fire in this iteration.</summary>
    public bool IsExpected { get; set; }
}

/// <summary>What docs/timers.md promises, for the monotonic clock and without tolerances.</summary>
internal sealed class ModelTimers(PlantedBug bug, Action<string> fail)
{
    private readonly ModelTimer?[] _timers = new ModelTimer?[Bounds.Timers];
    private long _order;

    public long Now { get; set; }

    public ModelTimer? this[int index] => _timers[index];

    public void Create(int index, long due, long period, MissedTickPolicy missedTicks)
    {
        _timers[index] = new ModelTimer { Period = period, MissedTicks = missedTicks };
        Change(index, due);
    }

    public void Change(int index, long due) => Start(_timers[index]!, Now + due);

    public void Suspend(int index)
    {
        ModelTimer timer = _timers[index]!;
        if (timer.State == TimerState.Started)
        {
            timer.State = TimerState.Suspended;
            timer.Left = timer.Due - Now;
            timer.IsExpected = false;
        }
    }

    public void Resume(int index)
    {
        ModelTimer timer = _timers[index]!;
        if (timer.State == TimerState.Suspended)
        {
            Start(timer, Now + timer.Left);
        }
    }

    public void Cancel(int index)
    {
        ModelTimer timer = _timers[index]!;
        timer.State = TimerState.Cancelled;
        timer.IsExpected = false;
    }

    public void Begin()
    {
        foreach (ModelTimer? timer in _timers)
        {
            if (timer is not null)
            {
                timer.IsExpected = timer.State == TimerState.Started && timer.Due <= Now;
            }
        }
    }

    public void OnFired(int index, long lateness, long missed)
    {
        if (_timers[index] is not { IsExpected: true } timer)
        {
            fail($"timer {index} fires and is not due in this iteration");
            return;
        }

        if (Array.FindIndex(_timers, other => other is { IsExpected: true } && IsBefore(other, timer)) is var earlier and >= 0)
        {
            fail($"timer {index} fires before timer {earlier}");
        }

        long late = Now - timer.Due;
        long due = timer.Period > 0 ? late / timer.Period : 0;
        if (lateness != late || missed != due)
        {
            fail($"timer {index} is {lateness} ms late with {missed} missed ticks instead of {late} and {due}");
        }

        timer.IsExpected = false;
        if (timer.Period == 0)
        {
            timer.State = TimerState.Idle;
            return;
        }

        bool bursts = timer.MissedTicks == MissedTickPolicy.Burst && bug != PlantedBug.BurstsAreSkipped;
        long next = bursts ? timer.Due + timer.Period
            : timer.MissedTicks == MissedTickPolicy.Delay && due > 0 ? Now + timer.Period
            : timer.Due + ((due + 1) * timer.Period);
        Start(timer, next);
    }

    public void End()
    {
        if (Array.FindIndex(_timers, timer => timer is { IsExpected: true }) is var missing and >= 0)
        {
            fail($"timer {missing} was due and has not fired");
        }
    }

    private static bool IsBefore(ModelTimer one, ModelTimer other) => !one.IsLate && !other.IsLate
        && (one.Due < other.Due || (one.Due == other.Due && one.Order < other.Order));

    private void Start(ModelTimer timer, long due)
    {
        timer.State = TimerState.Started;
        timer.Due = due;
        timer.IsLate = due <= Now;
        timer.Order = ++_order;
        timer.IsExpected = false;
    }
}
