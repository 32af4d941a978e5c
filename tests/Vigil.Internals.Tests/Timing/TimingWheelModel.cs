using Vigil.Timing;

namespace Vigil.Internals.Tests.Timing;

/// <summary>A <see cref="TimingWheel"/> beside a sorted list. Each step is chosen at random and compares what it touches.</summary>
internal sealed class TimingWheelModel
{
    private static readonly Comparer<WheelTimer> ByKey = Comparer<WheelTimer>.Create((one, other) => one.Key.CompareTo(other.Key));

    private readonly Random _random;
    private readonly TimingWheel _wheel;
    private readonly SortedSet<WheelTimer> _waiting = new(ByKey);
    private readonly SortedSet<WheelTimer> _due = new(ByKey);
    private readonly List<WheelTimer> _timers = [];
    private readonly int _mostTimers;
    private long _now;
    private long _starts;

    public TimingWheelModel(int seed, int mostTimers, long now = 0)
    {
        _random = new Random(seed);
        _mostTimers = mostTimers;
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

        Assert.Equal(_waiting.Count + _due.Count, _wheel.Count);
    }

    /// <summary>The clock is set back or forth.</summary>
    public void SetClock(long now)
    {
        foreach (WheelTimer timer in _waiting.ToArray())
        {
            _waiting.Remove(timer);
            timer.Key = (Math.Max(timer.Deadline, Math.Min(now, _now)), timer.Key.Start);
            _waiting.Add(timer);
        }

        Expire(now);
    }

    public void CheckEverything()
    {
        CheckNext();
        Assert.Equal(_waiting.Concat(_due).OrderBy(timer => timer.Key), _wheel.Targets().Cast<WheelTimer>().OrderBy(timer => timer.Key));
        while (_waiting.Count > 0)
        {
            Expire(Math.Max(_now, _waiting.Min!.Key.Due));
            Take(int.MaxValue);
        }

        Take(int.MaxValue);
        Assert.Equal(0, _wheel.Count);
        Assert.Equal(TimingWheel.Never, _wheel.NextDeadline);
    }

    private WheelTimer Add()
    {
        var timer = new WheelTimer();
        _timers.Add(timer);
        return timer;
    }

    private WheelTimer Pick() => _timers.Count == 0 ? Add() : _timers[_random.Next(_timers.Count)];

    // Common timeouts, equal deadlines, clusters, any scale, the past, and the end of time.
    private long RandomDeadline() => _random.Next(10) switch
    {
        0 or 1 => _now + 30_000_000_000,
        2 => _now + 250_000,
        3 => (_now | 0xFFFFFFF) + 1,
        4 => (_now | 0xFFFFFFF) + _random.Next(200),
        5 => _now - _random.Next(1000) + 500,
        6 => TimingWheel.Never - _random.Next(3),
        _ => Math.Max(_now, _now + RandomSpan()),
    };

    private long RandomSpan() => _random.NextInt64(1L << _random.Next(1, 38));

    private void Start(WheelTimer timer, long deadline)
    {
        Forget(timer);
        timer.Key = (Math.Max(deadline, _now), _starts++);
        _waiting.Add(timer);
        timer.Start(_wheel, deadline);
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
            Assert.True(_waiting.Remove(timer) || _due.Remove(timer));
        }
    }

    private void CheckNext()
    {
        Take(int.MaxValue);
        Assert.Equal(_waiting.Count > 0 && _waiting.Min!.Key.Due <= _now, _wheel.HasOverdue);
        Assert.Equal(_waiting.FirstOrDefault(timer => timer.Key.Due > _now)?.Deadline ?? TimingWheel.Never, _wheel.NextDeadline);
    }

    private void Expire(long now)
    {
        // What waits from an earlier batch is before whatever is due now.
        Take(int.MaxValue);
        _now = now;
        _wheel.Expire(now);
        while (_waiting.Count > 0 && _waiting.Min!.Key.Due <= now)
        {
            WheelTimer timer = _waiting.Min;
            _waiting.Remove(timer);
            _due.Add(timer);
        }
    }

    private void TakeSome() => Take(_random.Next(8));

    private void Take(int count)
    {
        for (; count > 0; count--)
        {
            bool isTaken = _wheel.TryTakeDue(out ITimerTarget? target);
            Assert.Equal(_due.Count > 0, isTaken);
            if (!isTaken)
            {
                return;
            }

            Assert.Same(_due.Min, target);
            target!.Fire(_now);
            _due.Remove(_due.Min!);
            Fired++;
        }
    }
}
