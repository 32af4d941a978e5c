using System.Diagnostics;

namespace Soak;

/// <summary>Waits for what other threads and processes do.</summary>
internal static class Patience
{
    // A busy machine delays everything; what takes longer hangs.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until a condition holds. False if it does not come to hold.</summary>
    public static bool Await(Func<bool> condition)
    {
        for (long start = Stopwatch.GetTimestamp(); !condition(); Thread.Sleep(Step))
        {
            if (Stopwatch.GetElapsedTime(start) > Limit)
            {
                return false;
            }
        }

        return true;
    }
}
