namespace Vigil.Testing;

/// <summary>A timer of a <see cref="VirtualClock"/>. The clock guards its fields.</summary>
internal sealed class VirtualTimer : ITimer
{
    private readonly VirtualClock _clock;
    private readonly TimerCallback _callback;
    private readonly object? _state;
    private readonly ExecutionContext? _context;

    public VirtualTimer(VirtualClock clock, TimerCallback callback, object? state)
    {
        _clock = clock;
        _callback = callback;
        _state = state;
        _context = ExecutionContext.Capture();
    }

    /// <summary>When it fires, in nanoseconds.</summary>
    public long Due { get; set; }

    /// <summary>The order among timers of one due time: that in which they were started.</summary>
    public long Sequence { get; set; }

    /// <summary>Nanoseconds; 0 for a timer that fires once.</summary>
    public long Period { get; set; }

    /// <summary>Its place in the heap; −1 if it is not started.</summary>
    public int Place { get; set; } = -1;

    public bool IsDisposed { get; set; }

    /// <summary>Whether it is the simulation's own, and none that a program has left.</summary>
    public bool IsOfWorld { get; init; }

    public bool Change(TimeSpan dueTime, TimeSpan period) => _clock.Change(this, dueTime, period);

    public void Dispose() => _clock.Remove(this);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Calls back in the context that created it, as the system's timers do.</summary>
    public void Fire()
    {
        if (_context is null)
        {
            _callback(_state);
        }
        else
        {
            ExecutionContext.Run(_context, static timer => ((VirtualTimer)timer!)._callback(((VirtualTimer)timer)._state), this);
        }
    }
}
