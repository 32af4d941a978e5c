namespace Vigil.Tests.Shared;

/// <summary>What the calling thread allocates.</summary>
internal static class Allocations
{
    private const int WarmUps = 3;
    private const int Attempts = 5;

    /// <summary>Asserts that an action, once it is compiled and warm, allocates nothing, or no more than is allowed.</summary>
    public static void AssertNone(Action action, long allowed = 0)
    {
        for (int i = 0; i < WarmUps; i++)
        {
            action();
        }

        AssertNoneMeasured(() => Of(action), allowed);
    }

    /// <summary>The same for a measurement of the caller's own, which has to warm up itself.</summary>
    /// <remarks>
    /// The smallest of a few attempts counts. Allocations of the runtime or of other tests, such as a native function that is resolved when
    /// it is first needed or a shared pool that a collection has emptied, happen once. Those of the action happen each time.
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

    /// <summary>The bytes that one run allocates.</summary>
    /// <remarks>Read in a method of its own: if an object is created right after the second reading, the JIT may allocate it before the
    /// reading.</remarks>
    public static long Of(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
