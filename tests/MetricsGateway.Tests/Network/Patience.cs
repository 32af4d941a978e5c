using System.Diagnostics;

namespace MetricsGateway.Tests.Network;

/// <summary>How long tests wait for something that must happen: far longer than it ever takes, so that no test fails on a busy
/// machine.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    public static int Milliseconds => (int)Limit.TotalMilliseconds;

    public static void WaitUntil(Func<bool> condition, Func<string> describe)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Limit, $"It did not happen in time: {describe()}");
            Thread.Sleep(Interval);
        }
    }
}
