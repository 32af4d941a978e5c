using System.Diagnostics;

namespace Vigil.Benchmarks.Workers;

/// <summary>Much work, sent at full speed: from the first send to the end of the last item.</summary>
internal static class Throughput
{
    /// <returns>Elapsed nanoseconds per item.</returns>
    /// <param name="crew">The pool that runs it.</param>
    /// <param name="senders">The number of sending threads.</param>
    /// <param name="each">The number of items from each of them.</param>
    /// <param name="duration">How long an item computes; zero for one that only counts.</param>
    public static double Measure(Func<Crew> crew, int senders, int each, TimeSpan duration)
    {
        using Crew running = crew();
        using var all = new CountdownEvent(1);
        var load = new Load(senders * each, duration, all);
        long start = Stopwatch.GetTimestamp();
        Thread[] threads = [.. Enumerable.Range(1, senders - 1).Select(_ => new Thread(() => SendAll(running, load, each)))];
        Array.ForEach(threads, thread => thread.Start());
        SendAll(running, load, each);
        all.Wait();
        double elapsed = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        Array.ForEach(threads, thread => thread.Join());
        return elapsed / (senders * each);
    }

    private static void SendAll(Crew crew, Load load, int each)
    {
        for (int i = 0; i < each; i++)
        {
            crew.Send(static load => ((Load)load!).Run(), load, WorkPriority.Normal);
        }
    }

    private sealed class Load(int count, TimeSpan duration, CountdownEvent all)
    {
        private int _left = count;

        public void Run()
        {
            Computation.Spin(duration);
            if (Interlocked.Decrement(ref _left) == 0)
            {
                all.Signal();
            }
        }
    }
}
