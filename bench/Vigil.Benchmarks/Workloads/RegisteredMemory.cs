using Vigil.IO;

namespace Vigil.Benchmarks.Workloads;

/// <summary>The managed memory that a registration costs, without the handle, which is the user's own.</summary>
internal static class RegisteredMemory
{
    // Enough for the arrays that grow by doubling to count as what they are.
    private const int DescriptorCount = 10_000;

    /// <summary>Bytes a registered descriptor.</summary>
    public static double Measure()
    {
        // The first manager and its first registration load types and fill caches that are paid for once, not an fd.
        Measure(1);
        return (double)Measure(DescriptorCount) / DescriptorCount;
    }

    private static long Measure(int count)
    {
        EventFd[] descriptors = EventFds.Create(count, static _ => false);
        try
        {
            using var manager = new EventManager();
            SubscriberId id = manager.AddSubscriber(new IdleSubscriber());
            long before = GC.GetTotalMemory(forceFullCollection: true);
            Register(manager.GetEventOps(id), descriptors);
            long after = GC.GetTotalMemory(forceFullCollection: true);
            return after - before;
        }
        finally
        {
            EventFds.Dispose(descriptors);
        }
    }

    private static void Register(EventOps ops, EventFd[] descriptors)
    {
        foreach (EventFd descriptor in descriptors)
        {
            ops.Add(new Events(descriptor, EventSet.In));
        }
    }

    private sealed class IdleSubscriber : IEventSubscriber
    {
        public void Initialize(EventOps ops)
        {
            // Its descriptors come later, so that what they cost can be told from what it and its manager cost.
        }

        public void Process(in Events events, EventOps ops) => throw new InvalidOperationException("Nothing is ever ready here.");
    }
}
