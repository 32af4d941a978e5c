using System.Diagnostics;
using Vigil;

namespace Soak.Loops;

/// <summary>Timers of all clocks that are started, changed, suspended and cancelled. None is early, or fires after its end.</summary>
internal sealed class TimerWorkload : Workload
{
    private const int Most = 300;

    private static readonly TimerClock[] Clocks = Enum.GetValues<TimerClock>();
    private static readonly MissedTickPolicy[] Policies = Enum.GetValues<MissedTickPolicy>();

    private readonly List<Entry> _entries = [];
    private long _started;
    private long _fired;
    private long _cancelled;
    private int _delays;

    public TimerWorkload(Random random, Findings findings)
        : base(random, findings)
    {
    }

    public override string Name => "timers started, of three clocks";

    public override long Count => _started;

    public override string? Outstanding =>
        _entries.Count + _delays == 0 ? null : $"{_entries.Count} timers, {_delays} delays";

    protected override TimeSpan Pace => TimeSpan.FromMilliseconds(5);

    public override void Finish() => Findings.Require(
        _started == _fired + _cancelled, $"of {_started} one-shot timers {_fired} fired and {_cancelled} were cancelled");

    protected override void OnStart(EventManager manager)
    {
    }

    protected override void Step(EventManager manager)
    {
        for (int i = 0; i < 4; i++)
        {
            int choice = Random.Next(10);
            if (_entries.Count < Most && choice < 5)
            {
                Add(manager);
            }
            else if (_entries.Count > 0)
            {
                Disturb(_entries[Random.Next(_entries.Count)], choice);
            }
        }
    }

    // What is suspended goes on, and ends by itself.
    protected override void OnStop()
    {
        foreach (Entry entry in _entries.ToArray())
        {
            if (entry.IsPeriodic)
            {
                Cancel(entry);
            }
            else if (entry.Timer.State == TimerState.Suspended)
            {
                entry.Timer.Resume();
            }
        }
    }

    private void Add(EventManager manager)
    {
        if (Random.Next(10) == 0)
        {
            _ = DelayAsync(manager, Between(0, 300));
            return;
        }

        _started++;
        var options = new TimerEventOptions
        {
            Clock = Clocks[Random.Next(Clocks.Length)],
            MissedTicks = Policies[Random.Next(Policies.Length)],
            Tolerance = Random.Next(4) == 0 ? Between(0, 50) : TimeSpan.Zero,
        };
        TimeSpan dueTime = Between(0, 500);
        var entry = new Entry { IsPeriodic = Random.Next(4) == 0, DueTime = dueTime, Begin = Stopwatch.GetTimestamp() };
        entry.Timer = entry.IsPeriodic
            ? manager.CreateTimerEvent(dueTime, Between(1, 100), (_, tick) => OnTick(entry, tick), options)
            : manager.CreateTimerEvent(dueTime, (_, tick) => OnTick(entry, tick), options);
        entry.Place = _entries.Count;
        _entries.Add(entry);
    }

    private async Task DelayAsync(EventManager manager, TimeSpan delay)
    {
        _delays++;
        long begin = Stopwatch.GetTimestamp();
        await manager.Delay(delay);
        _delays--;
        Findings.Require(manager.IsOnLoop, "a delay ended on another thread");
        Findings.Require(Stopwatch.GetElapsedTime(begin) >= delay, $"a delay of {delay} ended after {Stopwatch.GetElapsedTime(begin)}");
    }

    private void Disturb(Entry entry, int choice)
    {
        switch (choice)
        {
            case 5:
                entry.DueTime = Between(0, 500);
                entry.Begin = Stopwatch.GetTimestamp();
                if (entry.IsPeriodic)
                {
                    entry.Timer.Change(entry.DueTime, Between(1, 100));
                }
                else
                {
                    entry.Timer.Change(entry.DueTime);
                }

                break;
            case 6 when entry.Timer.State == TimerState.Started:
                entry.Timer.Suspend();
                break;
            case 6 or 7 when entry.Timer.State == TimerState.Suspended:
                entry.Timer.Resume();
                break;
            default:
                Cancel(entry);
                break;
        }
    }

    private void OnTick(Entry entry, TimerTick tick)
    {
        Findings.Require(!entry.IsOver, "a timer fired after its end");
        Findings.Require(tick.Lateness >= TimeSpan.Zero, $"a timer was {-tick.Lateness} early by its own account");

        // The wall clock may be corrected meanwhile, and time for which a timer was suspended only adds to it.
        if (entry.Timer.Clock != TimerClock.WallClock && !entry.HasTicked)
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(entry.Begin);
            Findings.Require(elapsed >= entry.DueTime, $"a timer of {entry.DueTime} fired after {elapsed}");
        }

        entry.HasTicked = true;
        if (!entry.IsPeriodic || Random.Next(20) == 0)
        {
            _fired++;
            End(entry);
        }
    }

    private void Cancel(Entry entry)
    {
        _cancelled++;
        End(entry);
    }

    private void End(Entry entry)
    {
        entry.IsOver = true;
        entry.Timer.Dispose();
        Entry last = _entries[^1];
        _entries[entry.Place] = last;
        last.Place = entry.Place;
        _entries.RemoveAt(_entries.Count - 1);
    }

    private sealed class Entry
    {
        public TimerEvent Timer { get; set; } = null!;

        public required bool IsPeriodic { get; init; }

        public TimeSpan DueTime { get; set; }

        public long Begin { get; set; }

        public int Place { get; set; }

        public bool HasTicked { get; set; }

        public bool IsOver { get; set; }
    }
}
