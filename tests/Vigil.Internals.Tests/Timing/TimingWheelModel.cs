using Vigil.Timing;

namespace Vigil.Internals.Tests.Timing;

/// <summary>A <see cref="TimingWheel"/> beside a sorted list. Each step is chosen at random and compares what it touches.</summary>
internal sealed class TimingWheelModel
{
    private static readonly Comparer<WheelTimer> ByKey = Comparer<WheelTimer>.Create((one, other) => one.Key.CompareTo(other.Key));

    private readonly Random _random;
    private readonly TimingWheel _wheel;
    private readonly SortedSet<WheelTimer> _waiting = new(ByKey);

    // Sorted by start: the timers that were due when they were started, and those of them in the current batch.
    private SortedSet<WheelTimer> _overdue = new(ByKey);
    private SortedSet<WheelTimer> _due = new(ByKey);
    private readonly List<WheelTimer> _timers = [];
    private readonly int _mostTimers;
    private readonly bool _hasLeeway;
    private long _now;
    private long _starts;

    /// <param name="seed">The seed of the random steps.</param>
    /// <param name="mostTimers">The largest number of timers.</param>
    /// <param name="now">The time at the beginning.</param>
    /// <param name="hasLeeway">Whether every other timer has a leeway. Then the clock must not be set.</param>
    public TimingWheelModel(int seed, int mostTimers, long now = 0, bool hasLeeway = false)
    {
        _random = new Random(seed);
        _mostTimers = mostTimers;
        _hasLeeway = hasLeeway;
        _now = now;
        _wheel = new TimingWheel(now);
    }

    public int Fired { get; private set; }

    public void Step()
    {
        switch (_random.Next(100))
        {
            case < 45:
                Start(_timers.Count < _mostTimers && _random.Next(3) > 0 ? Add() : Pick(), RandomDeadline());
                break;
            case < 70:
                Cancel(Pick());
                break;
            case < 85:
                CheckNext();
                break;
            case < 97:
                TakeSome();
                break;
            case < 98:
                CancelMany();
                break;
            default:
                Expire(_now + RandomSpan());
                break;
        }

        Assert.Equal(All.Count(), _wheel.Count);
    }

    /// <summary>Sets the clock back or forward.</summary>
    public void SetClock(long now)
    {
        Take(int.MaxValue);
        foreach (WheelTimer timer in _overdue.Where(timer => timer.Deadline > now).ToArray())
        {
            _overdue.Remove(timer);
            timer.Key = (timer.Deadline, timer.Key.Start);
            _waiting.Add(timer);
        }

        BeginBatch(now);
    }

    public void CheckEverything()
    {
        CheckNext();
        Assert.Equal(All.OrderBy(timer => timer.Key), _wheel.Targets().Cast<WheelTimer>().OrderBy(timer => timer.Key));
        while (All.Any())
        {
            Expire(Math.Max(_now, _waiting.Min?.Deadline ?? _now));
            Take(int.MaxValue);
        }

        Take(int.MaxValue);
        Assert.Equal(0, _wheel.Count);
        Assert.Equal(TimingWheel.Never, _wheel.NextDeadline);
    }

    private IEnumerable<WheelTimer> All => _waiting.Concat(_overdue).Concat(_due);

    private WheelTimer Add()
    {
        var timer = new WheelTimer();
        _timers.Add(timer);
        return timer;
    }

    private WheelTimer Pick() => _timers.Count == 0 ? Add() : _timers[_random.Next(_timers.Count)];

    // Common timeouts, equal deadlines, clusters, any scale, the past, and the end of time.
    private long RandomDeadline() => _random.Next(11) switch
    {
        0 or 1 => _now + 30_000_000_000,
        2 => _now + 250_000,
        3 => (_now | 0xFFFFFFF) + 1,
        4 => (_now | 0xFFFFFFF) + _random.Next(200),
        5 => _now - _random.Next(1000) + 500,
        6 => TimingWheel.Never - _random.Next(3),
        7 => _random.Next(3) == 0 ? Nanoseconds.First + _random.Next(3) : -RandomSpan(),
        _ => Math.Max(_now, _now + RandomSpan()),
    };

    private long RandomSpan() => _random.NextInt64(1L << _random.Next(1, 38));

    // In whole units, so that the wheel does not round it.
    private long RandomLeeway() => _hasLeeway && _random.Next(2) == 0
        ? Math.Min(RandomSpan(), TimingWheel.MaxLeeway) / TimingWheel.LeewayUnit * TimingWheel.LeewayUnit
        : 0;

    private void Start(WheelTimer timer, long deadline)
    {
        Forget(timer);
        timer.Start(_wheel, deadline, RandomLeeway());
        bool isOverdue = timer.Earliest <= _now;
        timer.Key = (isOverdue ? long.MinValue : deadline, _starts++);
        (isOverdue ? _overdue : _waiting).Add(timer);
        Assert.Equal(deadline, _wheel.DeadlineOf(timer.Slot));
    }

    private void Cancel(WheelTimer timer)
    {
        Forget(timer);
        timer.Cancel(_wheel);
    }

    private void CancelMany()
    {
        if (_random.Next(10) == 0)
        {
            foreach (WheelTimer timer in _timers.Where(_ => _random.Next(10) > 0))
            {
                Cancel(timer);
            }
        }
    }

    private void Forget(WheelTimer timer)
    {
        if (timer.IsStarted)
        {
            Assert.True(_waiting.Remove(timer) || _overdue.Remove(timer) || _due.Remove(timer));
        }
    }

    private void CheckNext()
    {
        Take(int.MaxValue);
        Assert.Equal(_overdue.Count > 0, _wheel.HasOverdue);
        Assert.Equal(_waiting.Min?.Deadline ?? TimingWheel.Never, _wheel.NextDeadline);
    }

    private void Expire(long now)
    {
        // A batch must be taken to its end.
        Take(int.MaxValue);
        BeginBatch(now);
    }

    private void BeginBatch(long now)
    {
        _now = now;
        _wheel.Expire(now);
        (_due, _overdue) = (_overdue, _due);
    }

    private void TakeSome() => Take(_random.Next(8));

    private void Take(int count)
    {
        for (; count > 0; count--)
        {
            WheelTimer? expected = _due.Min ?? (_waiting.Min is { } first && first.Earliest <= _now ? first : null);
            if (count % 2 == 0)
            {
                Assert.Same(expected, _wheel.PeekDue());
            }

            bool isTaken = _wheel.TryTakeDue(out ITimerTarget? target);
            Assert.Same(expected, target);
            if (!isTaken)
            {
                return;
            }

            Forget(expected!);
            target!.Fire(_now);
            Fired++;
        }
    }
}
