namespace Vigil.Internals.Tests.Support;

/// <summary>What the calling thread allocates.</summary>
internal static class Allocations
{
    /// <summary>Runs an action until it is compiled and warm, and then once more, in which it must allocate nothing.</summary>
    public static void AssertNone(Action action)
    {
        const int WarmUps = 3;
        for (int i = 0; i < WarmUps; i++)
        {
            action();
        }

        Assert.Equal(0, Of(action));
    }

    public static long Of(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
