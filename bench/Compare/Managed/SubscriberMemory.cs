using Vigil;

namespace Compare.Managed;

/// <summary>Managed memory of a subscriber without descriptors, not counting the user's own object.</summary>
internal static class SubscriberMemory
{
    public static double Measure(int count)
    {
        using var manager = new EventManager();
        manager.AddSubscriber(new Silent());
        Silent[] subscribers = [.. Enumerable.Range(0, count).Select(_ => new Silent())];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (Silent subscriber in subscribers)
        {
            manager.AddSubscriber(subscriber);
        }

        long after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(subscribers);
        return (double)(after - before) / count;
    }

    private sealed class Silent : IEventSubscriber
    {
        public void Initialize(EventOps ops)
        {
            // It watches nothing.
        }

        public void Process(in Events events, EventOps ops) => throw new InvalidOperationException("Nothing is ever ready here.");
    }
}
