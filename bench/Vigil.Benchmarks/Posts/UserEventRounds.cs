using System.Diagnostics;

namespace Vigil.Benchmarks.Posts;

/// <summary>The cost of triggering a user event.</summary>
internal static class UserEventRounds
{
    /// <summary>Triggers of an event whose message is already on its way; nanoseconds each.</summary>
    public static double MeasurePending(int count)
    {
        using var manager = new EventManager();
        UserEvent userEvent = manager.CreateUserEvent(UserEventMerge.Add, static (_, _) => { });
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++)
        {
            userEvent.Trigger();
        }

        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / count;
    }

    /// <summary>A trigger and the callback of each of many events, all in one iteration; nanoseconds each.</summary>
    public static double MeasureDelivered(int count)
    {
        const int AtOnce = 200;
        using var manager = new EventManager();
        UserEvent[] events = [.. Enumerable.Range(0, AtOnce).Select(
            _ => manager.CreateUserEvent(UserEventMerge.Add, static (_, _) => { }))];
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < count / AtOnce; i++)
        {
            foreach (UserEvent userEvent in events)
            {
                userEvent.Trigger();
            }

            manager.RunOnce(TimeSpan.Zero);
        }

        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / (count / AtOnce * AtOnce);
    }

    /// <summary>Triggers by several threads while the loop runs on another; nanoseconds of elapsed time per trigger, until the last was
    /// delivered.</summary>
    public static double MeasureThreads(int threads, int each)
    {
        using var manager = new EventManager();
        long sum = 0;
        long expected = (long)threads * each;
        UserEvent userEvent = manager.CreateUserEvent(UserEventMerge.Add, (_, value) => sum += value);
        Thread[] senders = [.. Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < each; i++)
            {
                userEvent.Trigger();
            }
        }))];
        long start = Stopwatch.GetTimestamp();
        Array.ForEach(senders, sender => sender.Start());
        while (sum < expected)
        {
            manager.RunOnce();
        }

        double elapsed = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        Array.ForEach(senders, sender => sender.Join());
        return elapsed / expected;
    }
}
