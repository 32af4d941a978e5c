using Vigil;

namespace MetricsGateway.Network;

/// <summary>How long a connection may be silent. Each has a timer, which every message puts off.</summary>
/// <param name="manager">Runs the timers.</param>
/// <param name="timeout">Null for no limit, and no timers.</param>
internal sealed class IdleTimeout(EventManager manager, TimeSpan? timeout)
{
    // Nobody cares for the exact moment, so that timers which end at about the same time can share a wake-up of the loop.
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

    /// <summary>Goes on where another limit was counting: a connection that has been silent for long does not gain that time
    /// anew.</summary>
    /// <param name="before">The limit until now.</param>
    /// <param name="timer">Its timer, which ends.</param>
    /// <param name="onIdle">What to call when the time is over.</param>
    public TimerEvent? TakeOver(IdleTimeout before, TimerEvent? timer, TimerEventCallback onIdle)
    {
        TimeSpan silence = before.Timeout is { } old && timer is not null ? old - timer.Remaining : TimeSpan.Zero;
        timer?.Cancel();
        return timeout is { } time ? Start(onIdle, time, silence) : null;
    }

    // A tolerance belongs to a timer for its life, so another limit needs another timer.
    private TimerEvent Start(TimerEventCallback onIdle, TimeSpan time, TimeSpan silence) => manager.CreateTimerEvent(
        silence < time ? time - silence : TimeSpan.Zero,
        System.Threading.Timeout.InfiniteTimeSpan,
        onIdle,
        new() { Tolerance = time / TolerancePart });
}
