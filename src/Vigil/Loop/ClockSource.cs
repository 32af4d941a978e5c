using Vigil.Polling;
using Vigil.Timing;

namespace Vigil;

/// <summary>A clock's timer of the kernel's among the sources. It ends the wait; what is due then is found by reading the clock.</summary>
internal sealed class ClockSource : OwnSource
{
    private readonly ClockTimers _clock;

    public ClockSource(LoopCore core, FileDescriptor fd, ClockTimers clock)
        : base(core, fd, Waker.Interest)
    {
        _clock = clock;
    }

    // A clock that cannot be set is not read from: edge-triggered, an expiry is reported once, and over when the timer is set anew.
    public override int Deliver(EventSet ready)
    {
        _clock.OnWoken();
        return _clock.Clock.CanBeSet && Core.Timers.ReportStep(_clock) ? 1 : 0;
    }
}
