using System.Diagnostics;

namespace Vigil.Benchmarks.Workers;

/// <summary>How long work waits until it begins.</summary>
internal static class Latency
{
    /// <summary>One item at a time, each sent a while after the previous one, when all threads sleep.</summary>
    /// <returns>Nanoseconds: median and 99th percentile.</returns>
    public static (double Median, double P99) MeasureIdle(Func<Crew> crew, int count, TimeSpan pause)
    {
        using Crew running = crew();
        return Measure(running, count, pause);
    }

    /// <summary>The same with high priority, during a flood of other work: one more item than there are processors, each sending the
    /// next.</summary>
    /// <returns>Nanoseconds: median and 99th percentile.</returns>
    public static (double Median, double P99) MeasureFlooded(Func<Crew> crew, int count, TimeSpan pause, TimeSpan duration)
    {
        using Crew running = crew();
        var flood = new Flood(running, duration);
        for (int i = 0; i < Flood.Width; i++)
        {
            flood.Send();
        }

        (double, double) result = Measure(running, count, pause);
        flood.End();
        return result;
    }

    private static (double Median, double P99) Measure(Crew crew, int count, TimeSpan pause)
    {
        long[] waits = new long[count];
        using var began = new AutoResetEvent(initialState: false);
        for (int i = 0; i < count; i++)
        {
            Thread.Sleep(pause);
            long wait = 0;
            long start = Stopwatch.GetTimestamp();
            crew.Send(_ =>
            {
                wait = Stopwatch.GetTimestamp() - start;
                began.Set();
            }, state: null, WorkPriority.High);
            began.WaitOne();
            waits[i] = wait;
        }

        Array.Sort(waits);
        return (waits[count / 2], waits[(int)(count * 0.99)]);
    }

    // Enough that some items always wait: 50 per processor.
    private sealed class Flood(Crew crew, TimeSpan duration)
    {
        private volatile bool _isOver;
        private int _left;

        public static int Width => Environment.ProcessorCount * 50;

        public void Send()
        {
            Interlocked.Increment(ref _left);
            crew.Send(static flood => ((Flood)flood!).Run(), this, WorkPriority.Low);
        }

        public void End()
        {
            _isOver = true;
            SpinWait.SpinUntil(() => Volatile.Read(ref _left) == 0);
        }

        private void Run()
        {
            Computation.Spin(duration);
            if (!_isOver)
            {
                Send();
            }

            Interlocked.Decrement(ref _left);
        }
    }
}
