using Vigil.IO;

namespace Vigil.Benchmarks.Workloads;

/// <summary>The managed memory of a registration, without the handle, which is the user's own.</summary>
internal static class RegisteredMemory
{
    // Enough to average over arrays that grow by doubling.
    private const int DescriptorCount = 10_000;

    /// <summary>Bytes per registered descriptor.</summary>
    public static double Measure()
    {
        // The first manager and its first registration load types and fill caches, a one-time cost that is not a descriptor's.
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
            // Its descriptors are added later, so that their cost can be separated from its own and the manager's.
        }

        public void Process(in Events events, EventOps ops) => throw new InvalidOperationException("Nothing is ever ready here.");
    }
}
