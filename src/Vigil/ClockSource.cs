using Vigil.Polling;
using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>A clock's timer of the kernel's among the sources. It ends the wait; what is due then is found by reading the clock.</summary>
internal sealed class ClockSource : Source
{
    private readonly LoopTimers _timers;
    private readonly ClockTimers _clock;

    public ClockSource(FileDescriptor fd, LoopTimers timers, ClockTimers clock)
        : base(fd, Waker.Interest, data: 0, DispatchPriority.Normal)
    {
        _timers = timers;
        _clock = clock;
    }

    public override bool IsOfVigilsOwn => true;

    public override object Owner => this;

    // A clock that cannot be set is not read from: edge-triggered, an expiry is reported once, and over when the timer is set anew.
    public override int Deliver(EventSet ready)
    {
        _clock.OnWoken();
        return _clock.Clock.CanBeSet && _timers.TellOfStep(_clock) ? 1 : 0;
    }

    public override string ToString() => "the manager itself";
}
