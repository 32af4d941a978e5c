namespace Vigil.Benchmarks.Timers;

/// <summary>Managed memory of a started timer and its storage, without the callback, which all share.</summary>
internal static class TimerMemory
{
    private const int Count = 100_000;

    public static double MeasureVigil()
    {
        using var manager = new EventManager();
        manager.CreateTimerEvent(TimeSpan.FromHours(1), static (_, _) => { });
        TimerEventCallback callback = static (_, _) => { };
        var random = new Random(1);
        return Measure(() => manager.CreateTimerEvent(TimeSpan.FromSeconds(random.Next(600, 3600)), callback));
    }

    public static double MeasureFramework()
    {
        TimerCallback callback = static _ => { };
        var random = new Random(1);
        return Measure(() => new Timer(callback, state: null, TimeSpan.FromSeconds(random.Next(600, 3600)), Timeout.InfiniteTimeSpan));
    }

    private static double Measure<T>(Func<T> create)
        where T : class, IDisposable
    {
        var timers = new T[Count];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < Count; i++)
        {
            timers[i] = create();
        }

        long after = GC.GetTotalMemory(forceFullCollection: true);
        foreach (T timer in timers)
        {
            timer.Dispose();
        }

        return (double)(after - before) / Count;
    }
}
