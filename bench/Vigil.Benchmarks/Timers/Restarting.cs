using System.Diagnostics;
using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Timers;

/// <summary>
/// Timers that are started and stopped again, like timeouts that hardly ever expire, while many others are outstanding. An operation is one
/// start and one stop. A thousand timers take turns, so that more than one cache line is used.
/// </summary>
internal abstract class Restarting : IWorkload
{
    protected const int Active = 1_000;

    private readonly Random _random = new(1);

    /// <summary>Nanoseconds per operation.</summary>
    public virtual double Measure(int operations)
    {
        long start = Stopwatch.GetTimestamp();
        for (int left = operations; left > 0; left -= Active)
        {
            RestartInTurn(Math.Min(left, Active));
        }

        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / operations;
    }

    public void Perform(int operations) => Measure(operations);

    public abstract void Dispose();

    /// <summary>Restarts the first timers, one after the other.</summary>
    protected abstract void RestartInTurn(int count);

    /// <summary>A timeout between 10 minutes and an hour, so that nothing becomes due during the measurement.</summary>
    protected TimeSpan RandomTimeout() =>
        TimeSpan.FromTicks(_random.NextInt64(600 * TimeSpan.TicksPerSecond, 3600 * TimeSpan.TicksPerSecond));
}

/// <summary>Vigil's, by <see cref="TimerEvent.Change(TimeSpan)"/>, which reads the clock, or by <see cref="TimerEvent.ChangeTo(long)"/>,
/// which does not.</summary>
internal sealed class VigilRestarting : Restarting
{
    private readonly EventManager _manager = new();
    private readonly TimerEvent[] _timers;
    private readonly TimeSpan[] _timeouts;
    private readonly long[] _timestamps;
    private readonly bool _readsClock;

    public VigilRestarting(int outstanding, bool readsClock)
    {
        _readsClock = readsClock;
        for (int i = 0; i < outstanding; i++)
        {
            _manager.CreateTimerEvent(RandomTimeout(), static (_, _) => { });
        }

        _timeouts = [.. Enumerable.Range(0, Active).Select(_ => RandomTimeout())];
        long now = _manager.TimeProvider.GetTimestamp();
        _timestamps = [.. _timeouts.Select(timeout => now + (long)timeout.TotalNanoseconds)];
        _timers = [.. _timeouts.Select(_ => _manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, static (_, _) => { }))];
        _manager.RunOnce(TimeSpan.Zero);
    }

    /// <summary>In a callback, as programs start and stop timers.</summary>
    public override double Measure(int operations)
    {
        double nanoseconds = 0;
        _manager.Defer(_ => nanoseconds = base.Measure(operations));
        _manager.RunOnce();
        return nanoseconds;
    }

    public override void Dispose() => _manager.Dispose();

    protected override void RestartInTurn(int count)
    {
        if (_readsClock)
        {
            RestartByTimeouts(count);
        }
        else
        {
            RestartByTimestamps(count);
        }
    }

    private void RestartByTimeouts(int count)
    {
        for (int i = 0; i < count; i++)
        {
            TimerEvent timer = _timers[i];
            timer.Change(_timeouts[i]);
            timer.Change(Timeout.InfiniteTimeSpan);
        }
    }

    private void RestartByTimestamps(int count)
    {
        for (int i = 0; i < count; i++)
        {
            TimerEvent timer = _timers[i];
            timer.ChangeTo(_timestamps[i]);
            timer.Change(Timeout.InfiniteTimeSpan);
        }
    }
}

/// <summary><see cref="System.Threading.Timer"/>'s, by its Change.</summary>
internal sealed class FrameworkRestarting : Restarting
{
    private readonly Timer[] _outstanding;
    private readonly Timer[] _timers;
    private readonly TimeSpan[] _timeouts;

    public FrameworkRestarting(int outstanding)
    {
        _outstanding = [.. Enumerable.Range(0, outstanding).Select(_ => Create(RandomTimeout()))];
        _timeouts = [.. Enumerable.Range(0, Active).Select(_ => RandomTimeout())];
        _timers = [.. _timeouts.Select(_ => Create(Timeout.InfiniteTimeSpan))];
    }

    public override void Dispose()
    {
        foreach (Timer timer in (Timer[])[.. _outstanding, .. _timers])
        {
            timer.Dispose();
        }
    }

    protected override void RestartInTurn(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Timer timer = _timers[i];
            timer.Change(_timeouts[i], Timeout.InfiniteTimeSpan);
            timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private static Timer Create(TimeSpan timeout) => new(static _ => { }, state: null, timeout, Timeout.InfiniteTimeSpan);
}
