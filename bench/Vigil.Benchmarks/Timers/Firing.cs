using System.Diagnostics;

namespace Vigil.Benchmarks.Timers;

/// <summary>Many timers that are due together. An operation is one firing, including the time to find it and to call its
/// callback.</summary>
internal static class Firing
{
    private static readonly TimeSpan Lead = TimeSpan.FromMilliseconds(300);

    /// <summary>Vigil's, in one iteration that comes when all are due: nanoseconds of the loop's time per timer.</summary>
    /// <param name="count">The number of timers.</param>
    /// <param name="spread">The time over which their due times are spread at random; zero for one due time.</param>
    public static double MeasureVigil(int count, TimeSpan spread)
    {
        using var manager = new EventManager();
        var random = new Random(1);
        int fired = 0;
        TimerEventCallback callback = (_, _) => fired++;
        long due = manager.TimeProvider.GetTimestamp() + (long)Lead.TotalNanoseconds;
        for (int i = 0; i < count; i++)
        {
            manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, callback).ChangeTo(
                due + random.NextInt64((long)spread.TotalNanoseconds + 1));
        }

        // Their garbage must not be collected during the measurement.
        GC.Collect();
        Thread.Sleep(Lead + spread);
        long start = Stopwatch.GetTimestamp();
        while (fired < count)
        {
            manager.RunOnce();
        }

        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / count;
    }

    /// <summary>The framework's: nanoseconds of the process's CPU time per timer, because its threads share the work.</summary>
    public static double MeasureFramework(int count, TimeSpan spread)
    {
        var random = new Random(1);
        int fired = 0;
        using var all = new ManualResetEventSlim();
        TimerCallback callback = _ =>
        {
            if (Interlocked.Increment(ref fired) == count)
            {
                all.Set();
            }
        };
        var timers = new Timer[count];
        for (int i = 0; i < count; i++)
        {
            timers[i] = new Timer(callback, state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        foreach (Timer timer in timers)
        {
            timer.Change(Lead + TimeSpan.FromTicks(random.NextInt64(spread.Ticks + 1)), Timeout.InfiniteTimeSpan);
        }

        GC.Collect();
        TimeSpan before = Environment.CpuUsage.TotalTime;
        all.Wait();
        TimeSpan used = Environment.CpuUsage.TotalTime - before;
        foreach (Timer timer in timers)
        {
            timer.Dispose();
        }

        return used.TotalNanoseconds / count;
    }
}
