using Vigil;

namespace MetricsGateway.Network;

/// <summary>The limit of a connection's silence. Each connection has a timer, which every message puts off.</summary>
/// <param name="manager">Runs the timers.</param>
/// <param name="timeout">Null for no limit, and no timers.</param>
internal sealed class IdleTimeout(EventManager manager, TimeSpan? timeout)
{
    // The exact moment does not matter, so timers that end at about the same time may share a wake-up of the loop.
    private const int TolerancePart = 16;

    public TimeSpan? Timeout => timeout;

    /// <returns>A timer that calls once, when the time is over; null if there is no limit.</returns>
    public TimerEvent? Start(TimerEventCallback onIdle) => timeout is { } time ? Start(onIdle, time, TimeSpan.Zero) : null;

    public void Restart(TimerEvent? timer)
    {
        if (timeout is { } time)
        {
            timer?.Change(time);
        }
    }

    /// <summary>Replaces another limit: the time for which the connection has been silent counts.</summary>
    /// <param name="before">The limit so far.</param>
    /// <param name="timer">Its timer, which ends.</param>
    /// <param name="onIdle">Called when the time is over.</param>
    public TimerEvent? TakeOver(IdleTimeout before, TimerEvent? timer, TimerEventCallback onIdle)
    {
        TimeSpan silence = before.Timeout is { } old && timer is not null ? old - timer.Remaining : TimeSpan.Zero;
        timer?.Cancel();
        return timeout is { } time ? Start(onIdle, time, silence) : null;
    }

    // A timer's tolerance is fixed, so another limit needs another timer.
    private TimerEvent Start(TimerEventCallback onIdle, TimeSpan time, TimeSpan silence) => manager.CreateTimerEvent(
        silence < time ? time - silence : TimeSpan.Zero,
        System.Threading.Timeout.InfiniteTimeSpan,
        onIdle,
        new() { Tolerance = time / TolerancePart });
}
