using System.Diagnostics;
using Vigil.IO;

namespace Vigil.Benchmarks.Workers;

/// <summary>Callbacks of descriptors that are always ready, on the loop and on workers, including disarming and re-arming.</summary>
internal static class CallbackRounds
{
    /// <returns>Elapsed nanoseconds per callback.</returns>
    /// <param name="target">Where they run.</param>
    /// <param name="sources">The number of ready descriptors.</param>
    /// <param name="count">The number of callbacks.</param>
    public static double Measure(CallbackTarget target, int sources, int count)
    {
        using var manager = new EventManager();
        EventFd[] descriptors = [.. Enumerable.Range(0, sources).Select(_ => new EventFd(1))];
        int left = count;
        foreach (EventFd fd in descriptors)
        {
            manager.CreateSocketEvent(fd, EventSet.In, (_, _) =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                {
                    manager.Stop();
                }
            }, new() { Target = target });
        }

        long start = Stopwatch.GetTimestamp();
        manager.Run();
        double elapsed = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        manager.Dispose();
        Array.ForEach(descriptors, fd => fd.Dispose());
        return elapsed / count;
    }
}
