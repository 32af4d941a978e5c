using Vigil.Timing;

namespace Vigil.Internals.Tests.Timing;

/// <summary>A timer that remembers what the test wants of it.</summary>
internal sealed class WheelTimer : ITimerTarget
{
    public int Slot { get; private set; }

    public bool IsStarted => Slot != TimingWheel.NotStarted;

    /// <summary>The deadline last asked for.</summary>
    public long Deadline { get; private set; }

    /// <summary>The earliest firing last asked for.</summary>
    public long Earliest { get; private set; }

    /// <summary>The model's key: when it is due, the same for all that are overdue, and which start of all it was.</summary>
    public (long Due, long Start) Key { get; set; }

    public void Start(TimingWheel wheel, long deadline, long leeway = 0)
    {
        Deadline = deadline;
        Earliest = deadline - leeway;
        Slot = wheel.Start(Slot, this, deadline, leeway);
    }

    public void Cancel(TimingWheel wheel)
    {
        if (IsStarted)
        {
            wheel.Cancel(Slot);
            Slot = TimingWheel.NotStarted;
        }
    }

    public void OnMoved(int slot) => Slot = slot;

    public bool Fire(long now)
    {
        Slot = TimingWheel.NotStarted;
        return true;
    }

    public void OnAbandoned() => throw new InvalidOperationException("The wheel calls nobody.");
}
