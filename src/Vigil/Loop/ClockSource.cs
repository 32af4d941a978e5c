using Vigil.Polling;
using Vigil.Timing;

namespace Vigil;

/// <summary>A clock's kernel timer as a source. It only ends the wait; the loop finds due timers by reading the clock.</summary>
internal sealed class ClockSource : OwnSource
{
    private readonly ClockTimers _clock;

    public ClockSource(LoopCore core, FileDescriptor fd, ClockTimers clock)
        : base(core, fd, Waker.Interest)
    {
        _clock = clock;
    }

    // A clock that cannot be set is not read from: with an edge-triggered interest an expiry is reported once, and setting the timer clears
    // it.
    public override int Deliver(EventSet ready)
    {
        _clock.OnWoken();
        return _clock.Clock.CanBeSet && Core.Timers.ReportStep(_clock) ? 1 : 0;
    }

    // At the loop's end, or because foreign code closed its number (ClockWaker).
    public override void OnRemoved()
    {
        base.OnRemoved();
        _clock.HasWaker = false;
        _clock.OnWoken();
        _clock.Clock.Close();
    }
}
