using System.Diagnostics;

namespace Vigil.Benchmarks.Workers;

/// <summary>Keeps a processor busy.</summary>
internal static class Computation
{
    public static void Spin(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
        {
            return;
        }

        long end = Stopwatch.GetTimestamp() + (long)duration.TotalNanoseconds;
        while (Stopwatch.GetTimestamp() < end)
        {
            Thread.SpinWait(1);
        }
    }
}
