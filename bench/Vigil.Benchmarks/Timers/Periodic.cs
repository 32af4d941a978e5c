using System.Diagnostics;

namespace Vigil.Benchmarks.Timers;

/// <summary>Statistics of ticks, in nanoseconds. The lateness is that of each tick against its due time; NaN if ticks have none.</summary>
internal readonly record struct Lateness(double MeanPeriod, double Median, double P99, double Max)
{
    public static Lateness Of(double meanPeriod, double[] lateness)
    {
        Array.Sort(lateness);
        return new Lateness(meanPeriod, lateness[lateness.Length / 2], lateness[lateness.Length * 99 / 100], lateness[^1]);
    }
}

/// <summary>A periodic timer of a millisecond, in an otherwise idle process.</summary>
internal static class Periodic
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(1);

    public static Lateness MeasureVigil(int ticks)
    {
        using var manager = new EventManager();
        var lateness = new double[ticks];
        int count = 0;
        long due = 0;
        long start = Stopwatch.GetTimestamp();
        TimerEvent timer = manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, Period, (timer, tick) =>
        {
            lateness[count++] = Stopwatch.GetTimestamp() - (due + Period.TotalNanoseconds);
            due += (tick.Missed + 1) * (long)Period.TotalNanoseconds;
            if (count == ticks)
            {
                timer.Manager.Stop();
            }
        });
        start = due = manager.TimeProvider.GetTimestamp();
        timer.ChangeTo(start + (long)Period.TotalNanoseconds);
        manager.Run();
        return Lateness.Of(Stopwatch.GetElapsedTime(start).TotalNanoseconds / ticks, lateness);
    }

    public static Lateness MeasureTimer(int ticks)
    {
        int count = 0;
        using var done = new ManualResetEventSlim();
        long start = Stopwatch.GetTimestamp();
        using var timer = new Timer(
            _ =>
            {
                if (Interlocked.Increment(ref count) == ticks)
                {
                    done.Set();
                }
            },
            state: null,
            Period,
            Period);
        done.Wait();
        return WithoutDueTimes(start, ticks);
    }

    public static Lateness MeasurePeriodicTimer(int ticks)
    {
        long start = Stopwatch.GetTimestamp();
        Tick(ticks).GetAwaiter().GetResult();
        return WithoutDueTimes(start, ticks);
    }

    private static async Task Tick(int ticks)
    {
        using var timer = new PeriodicTimer(Period);
        for (int i = 0; i < ticks; i++)
        {
            await timer.WaitForNextTickAsync();
        }
    }

    private static Lateness WithoutDueTimes(long start, int ticks) =>
        new(Stopwatch.GetElapsedTime(start).TotalNanoseconds / ticks, double.NaN, double.NaN, double.NaN);
}
