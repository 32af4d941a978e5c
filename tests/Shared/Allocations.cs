namespace Vigil.Tests.Shared;

/// <summary>What the calling thread allocates.</summary>
internal static class Allocations
{
    private const int WarmUps = 3;
    private const int Attempts = 5;

    /// <summary>Asserts of an action, once it is compiled and warm, that it allocates nothing, or no more than is allowed.</summary>
    public static void AssertNone(Action action, long allowed = 0)
    {
        for (int i = 0; i < WarmUps; i++)
        {
            action();
        }

        AssertNoneMeasured(() => Of(action), allowed);
    }

    /// <summary>The same of what is measured otherwise; whoever measures warms up.</summary>
    /// <remarks>
    /// The least of a few attempts counts. What the runtime or other tests bring about in between, such as a native function that is looked
    /// up when it is first needed or a shared pool that a collection has emptied, comes once. What the action allocates comes each time.
    /// </remarks>
    public static void AssertNoneMeasured(Func<long> measure, long allowed = 0)
    {
        long least = long.MaxValue;
        for (int attempt = 0; attempt < Attempts && least > allowed; attempt++)
        {
            least = Math.Min(least, measure());
        }

        Assert.InRange(least, 0, allowed);
    }

    /// <summary>How many bytes, in one run.</summary>
    /// <remarks>Asked for in a method of its own: where something is created right behind the second question, the JIT may make room for it
    /// before it asks.</remarks>
    public static long Of(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
