using Vigil.IO;
using Vigil.Timing;

namespace Vigil.Internals.Tests.Timing;

/// <summary>A clock that shows what the test says, and wakes the loop as the kernel's would.</summary>
internal sealed class ScriptedClock : IClock
{
    private readonly EventFd _wakeUp = new();
    private bool _hasStepped;

    public long Now { get; private set; }

    public long ReadingError => 0;

    public bool IsPollers { get; init; }

    /// <summary>What the loop set last.</summary>
    public long WakesAt { get; private set; } = TimingWheel.Never;

    public bool WatchesSteps { get; private set; }

    /// <summary>How often the loop set it.</summary>
    public int Sets { get; private set; }

    public FileDescriptor? Open() => _wakeUp;

    /// <summary>Time passes.</summary>
    public void Advance(long nanoseconds)
    {
        Now += nanoseconds;
        if (WakesAt <= Now)
        {
            _wakeUp.TryAdd();
        }
    }

    /// <summary>The clock is set, as by <c>settimeofday(2)</c>.</summary>
    public void Set(long now)
    {
        Now = now;
        if (WatchesSteps)
        {
            _hasStepped = true;
            _wakeUp.TryAdd();
        }
    }

    public WakeUp WakeAt(long deadline, bool watchesSteps)
    {
        WakesAt = deadline;
        WatchesSteps = watchesSteps;
        Sets++;
        if (deadline <= Now)
        {
            _wakeUp.TryAdd();
        }

        return WakeUp.Exact;
    }

    public bool TryTakeStep()
    {
        bool hasStepped = _hasStepped;
        _hasStepped = false;
        return hasStepped;
    }

    public long FromTimestamp(long timestamp) => timestamp;

    public void Dispose() => _wakeUp.Dispose();
}
