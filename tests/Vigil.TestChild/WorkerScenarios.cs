using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>What worker pools do where the process has little of what they share with it.</summary>
internal static class WorkerScenarios
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>All threads of the runtime's pool wait for the ends of worker pools, which come all the same.</summary>
    public static void EndWithoutRuntimeThreads(string[] args)
    {
        ThreadPool.GetMinThreads(out int workers, out int others);
        Check(ThreadPool.SetMaxThreads(workers, others), "the number of threads is not to be had");
        using var started = new CountdownEvent(workers);
        using var isAwaited = new ManualResetEventSlim();
        using var ended = new CountdownEvent(workers);
        for (int i = 0; i < workers; i++)
        {
            var pool = new WorkerPool(new WorkerPoolOptions { ThreadCount = 2, DrainTimeout = Timeout.InfiniteTimeSpan });
            bool disposes = i % 2 == 0;
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    using var sender = new EventManager(new EventManagerOptions { Workers = pool });
                    sender.ExecuteWork(WorkPriority.Normal, isAwaited.Wait);
                    started.Signal();
                    started.Wait();
                    Task end = disposes ? pool.DisposeAsync().AsTask() : pool.DrainAsync(Patience);
                    isAwaited.Set();
                    end.Wait();
                    ended.Signal();
                },
                state: null);
        }

        Check(ended.Wait(Patience), $"{ended.CurrentCount} of {workers} pools have not ended");

        // Again, and of a pool that has ended long since.
        var last = new WorkerPool(new WorkerPoolOptions { ThreadCount = 1 });
        Check(last.DrainAsync(TimeSpan.Zero).IsCompletedSuccessfully, "a drain that waits for nothing waits");
        Check(last.DisposeAsync().IsCompletedSuccessfully, "it has ended");
    }
}
