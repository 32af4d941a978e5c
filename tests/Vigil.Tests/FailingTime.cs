namespace Vigil.Tests;

/// <summary>A user's clock that stands still, and whose timer operations throw on request.</summary>
internal sealed class FailingTime : TimeProvider
{
    private readonly VirtualClock _time = new();

    public bool Fails { get; set; }

    /// <summary>Whether reading it throws, too.</summary>
    public bool FailsToBeRead { get; set; }

    /// <summary>Called when a timer has been set.</summary>
    public Action? TimerIsSet { get; set; }

    /// <summary>How many timers are set.</summary>
    public int StartedTimers => _time.TimerCount;

    public override long TimestampFrequency => _time.TimestampFrequency;

    public override long GetTimestamp()
    {
        Check(FailsToBeRead);
        return _time.GetTimestamp();
    }

    public override DateTimeOffset GetUtcNow()
    {
        Check(FailsToBeRead);
        return _time.GetUtcNow();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Check(Fails);
        return new Timer(this, _time.CreateTimer(callback, state, dueTime, period));
    }

    private static void Check(bool fails)
    {
        if (fails)
        {
            throw new FormatException("The clock is broken.");
        }
    }

    private sealed class Timer(FailingTime time, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Check(time.Fails);
            bool isChanged = timer.Change(dueTime, period);
            time.TimerIsSet?.Invoke();
            return isChanged;
        }

        public void Dispose()
        {
            Check(time.Fails);
            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
