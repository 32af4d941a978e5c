using Vigil;

namespace Soak.Loops;

/// <summary>The machine's clocks, with a wall clock that a program may step without harm to others.</summary>
internal sealed class SteppingClock : MachineTimeProvider
{
    private long _offset;

    public override event EventHandler? ClockJumped;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _offset));

    // The machine is not suspended meanwhile.
    public override long GetBootTimestamp() => GetTimestamp();

    public void Step(TimeSpan step)
    {
        Interlocked.Add(ref _offset, step.Ticks);
        ClockJumped?.Invoke(this, EventArgs.Empty);
    }
}
