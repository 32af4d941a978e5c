namespace Vigil.Tests;

/// <summary>A clock that stands still until it is advanced. Its timers fire on the thread that advances it.</summary>
internal sealed class VirtualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<VirtualTimer> _timers = [];
    private TimeSpan _now = TimeSpan.FromDays(1);

    /// <summary>The wall clock's date at time 0: the wall clock runs with the time, and is set by setting this.</summary>
    public DateTimeOffset Zero { get; set; } = DateTimeOffset.UnixEpoch;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public TimeSpan Now
    {
        get
        {
            lock (_lock)
            {
                return _now;
            }
        }
    }

    /// <summary>The time until the next timer, or null if none is set.</summary>
    public TimeSpan? UntilNextTimer
    {
        get
        {
            lock (_lock)
            {
                VirtualTimer? next = Next();
                return next is null ? null : next.Due - _now;
            }
        }
    }

    /// <summary>The number of timers that are set.</summary>
    public int StartedTimers
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count(timer => timer.Due is not null);
            }
        }
    }

    public override long GetTimestamp() => Now.Ticks;

    public override DateTimeOffset GetUtcNow() => Zero + Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan span)
    {
        TimeSpan end = Now + span;
        while (TakeDue(end) is { } timer)
        {
            timer.Fire();
        }
    }

    private VirtualTimer? Next() => _timers.Where(timer => timer.Due is not null).MinBy(timer => timer.Due);

    private VirtualTimer? TakeDue(TimeSpan end)
    {
        lock (_lock)
        {
            VirtualTimer? next = Next();
            if (next is null || next.Due > end)
            {
                _now = end;
                return null;
            }

            _now = next.Due > _now ? next.Due.Value : _now;
            next.Due = null;
            return next;
        }
    }

    private sealed class VirtualTimer : ITimer
    {
        private readonly VirtualTime _time;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private TimeSpan _period;

        public VirtualTimer(VirtualTime time, TimerCallback callback, object? state)
        {
            _time = time;
            _callback = callback;
            _state = state;
            lock (time._lock)
            {
                time._timers.Add(this);
            }
        }

        public TimeSpan? Due { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_time._lock)
            {
                Due = dueTime == Timeout.InfiniteTimeSpan ? null : _time._now + dueTime;
                _period = period;
            }

            return true;
        }

        public void Fire()
        {
            if (_period > TimeSpan.Zero)
            {
                Change(_period, _period);
            }

            _callback(_state);
        }

        public void Dispose()
        {
            lock (_time._lock)
            {
                _time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
