using Vigil;

namespace MetricsGateway.Network;

/// <summary>How long a connection may be silent. Each has a timer, which every message puts off.</summary>
/// <param name="manager">Runs the timers.</param>
/// <param name="timeout">Null for no limit, and no timers.</param>
internal sealed class IdleTimeout(EventManager manager, TimeSpan? timeout)
{
    // Nobody cares for the exact moment, so that timers which end at about the same time can share a wake-up of the loop.
    private const int TolerancePart = 16;

    /// <returns>A timer that calls once, when the time is over; null if there is no limit.</returns>
    public TimerEvent? Start(TimerEventCallback onIdle) => timeout is { } time
        ? manager.CreateTimerEvent(time, Timeout.InfiniteTimeSpan, onIdle, tolerance: time / TolerancePart)
        : null;

    public void Restart(TimerEvent? timer)
    {
        if (timeout is { } time)
        {
            timer?.Change(time);
        }
    }
}
