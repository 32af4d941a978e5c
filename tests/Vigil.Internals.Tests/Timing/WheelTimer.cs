using Vigil.Timing;

namespace Vigil.Internals.Tests.Timing;

/// <summary>A timer that records what the test asked of it.</summary>
internal sealed class WheelTimer : ITimerTarget
{
    public int Slot { get; private set; }

    public bool IsStarted => Slot != TimingWheel.NotStarted;

    /// <summary>The deadline that was last set.</summary>
    public long Deadline { get; private set; }

    /// <summary>The earliest firing that was last set.</summary>
    public long Earliest { get; private set; }

    /// <summary>The model's key: the due time, which is the same for all overdue timers, and the sequence number of its start.</summary>
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
