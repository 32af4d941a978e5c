using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>Worker pools in a process that is short of shared resources.</summary>
internal static class WorkerScenarios
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>All threads of the runtime's pool wait for worker pools to end, and the pools still end.</summary>
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

        // Again, for a pool that ended long ago.
        var last = new WorkerPool(new WorkerPoolOptions { ThreadCount = 1 });
        Check(last.DrainAsync(TimeSpan.Zero).IsCompletedSuccessfully, "a drain that waits for nothing waits");
        Check(last.DisposeAsync().AsTask().IsCompletedSuccessfully, "it has ended");
    }

    /// <summary>An interrupt of a worker's thread right after the end of its work does not end the process, keeps no sender waiting, and
    /// loses no work.</summary>
    public static void Interrupted(string[] args)
    {
        int interrupts = Scale.Times(40_000);
        const int Senders = 32;
        var pool = new WorkerPool(new WorkerPoolOptions { ThreadCount = 1, QueueCapacity = 4, WhenFull = QueueFullPolicy.Block });
        using var manager = new EventManager(new EventManagerOptions { Workers = pool });
        Thread? worker = null;
        manager.ExecuteWorkAsync(WorkTarget.Thread(0), () => { worker = Thread.CurrentThread; }).Wait();
        bool isOver = false;
        long sent = 0;
        Thread[] senders = [.. Enumerable.Range(0, Senders).Select(_ => new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                manager.ExecuteWork(WorkTarget.Thread(0), static () => { });
                Interlocked.Increment(ref sent);
            }
        }))];
        Array.ForEach(senders, sender => sender.Start());
        for (int i = 0; i < interrupts; i++)
        {
            worker!.Interrupt();
            Thread.SpinWait(100);
        }

        Volatile.Write(ref isOver, true);
        Check(Array.TrueForAll(senders, sender => sender.Join(Patience)), "a sender waits");
        Check(
            pool.DrainAsync(Patience).Result.Count == 0 && pool.GetStatistics().Done == sent + 1,
            $"{sent} were sent: {pool.GetStatistics()}");
    }

    /// <summary>The first thread of the process that uses the library has a pending interrupt: it is still pending afterwards, and nothing
    /// has failed.</summary>
    public static void InterruptedAtFirst(string[] args)
    {
        Thread.CurrentThread.Interrupt();
        using (var manager = new EventManager())
        {
            manager.Defer(static _ => { });
            Check(manager.RunOnce() == 1, "nothing ran");
        }

        _ = Expect<ThreadInterruptedException>(static () => Thread.Sleep(0));
    }

    /// <summary>Work that makes its thread a foreground thread, or renames it, affects only itself.</summary>
    public static void MadeForeground(string[] args)
    {
        var pool = new WorkerPool(new WorkerPoolOptions { ThreadCount = 1, SpinBeforeSleep = TimeSpan.Zero });
        var manager = new EventManager(new EventManagerOptions { Workers = pool });
        manager.ExecuteWorkAsync(WorkTarget.Thread(0), () =>
        {
            Thread.CurrentThread.IsBackground = false;
            Thread.CurrentThread.Name = "changed";
        }).Wait();
        Check(
            SpinWait.SpinUntil(
                () => manager.ExecuteWorkAsync(
                    WorkTarget.Thread(0),
                    () => Thread.CurrentThread is { IsBackground: true, Name: "worker-0" }).Result,
                Patience),
            "the thread is not what it was");

        // Neither is disposed: the end of the program is under test.
    }

    /// <summary>
    /// A listener of the meter may use managers and pools when it is notified of an instrument, also the very manager that makes its pool,
    /// and may wait for other threads that do.
    /// </summary>
    public static void UsedWhileInstrumentsAreMade(string[] args)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        EventManager? first = null;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == "Vigil" && told.Add(instrument.Name))
            {
                OnBoth(() => Use(first));
            }
        };
        listener.Start();
        first = new EventManager();
        Use(first);
        string[] missing = [.. Named.Except(told, StringComparer.Ordinal)];
        Check(missing is [], $"not told of {string.Join(", ", missing)}");
        first.Dispose();
    }

    /// <summary>
    /// A listener of event sources may use a manager when it is notified of Vigil's. It must not wait for another thread there: the runtime
    /// notifies it under the lock of all event sources (EventListenersLock), which threads need at their first task or event.
    /// </summary>
    public static void UsedWhileTheEventSourceIsMade(string[] args)
    {
        int told = 0;
        using var events = new SourceListener(() => Require(() =>
        {
            told++;
            using var own = new EventManager();
            own.Defer(static _ => { });
            Check(own.RunOnce() == 1, "nothing ran");
        }));
        Use(shared: null);
        Check(told == 1, $"told {told} times");
    }

    private static readonly string[] Named =
    [
        "vigil.loop.lag", "vigil.loop.iterations", "vigil.loop.overruns", "vigil.pool.wait.duration",
        "vigil.pool.steals",
    ];

    // On this thread and on another one. An exception would be the listener's, which costs nobody anything: so the program ends.
    private static void OnBoth(Action action)
    {
        Require(action);
        var thread = new Thread(() => Require(action)) { IsBackground = true };
        thread.Start();
        Require(() => Check(thread.Join(Patience), "another thread waits for the listener"));
    }

    private static void Require(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception)
        {
            Console.Error.WriteLine(exception);
            Environment.Exit(1);
        }
    }

    private static void Use(EventManager? shared)
    {
        using var own = new EventManager();
        own.Defer(static _ => { });
        Check(own.RunOnce() == 1, "nothing ran");
        Check(own.ExecuteWorkAsync(WorkPriority.Normal, () => 7).Wait(Patience), "no work was done");
        Check(shared?.ExecuteWorkAsync(WorkPriority.Normal, () => 7).Wait(Patience) != false, "no work was done by the shared manager");
    }

    private sealed class SourceListener(Action told) : EventListener
    {
        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Vigil")
            {
                told();
            }
        }
    }

    /// <summary>A listener of the meter that is notified of the pools' instruments while the process's first pool is made may send work to
    /// the very manager that makes it: the manager has one pool, which ends.</summary>
    public static void SentWhileThePoolIsMade(string[] args)
    {
        int ran = 0;
        int others = Directory.GetDirectories("/proc/self/task").Count(IsWorker);
        var manager = new EventManager();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Name == "vigil.pool.wait.duration")
            {
                manager.ExecuteWork(WorkPriority.Normal, () => { Interlocked.Increment(ref ran); });
            }
        };
        listener.Start();
        manager.ExecuteWork(WorkPriority.Normal, () => { Interlocked.Increment(ref ran); });
        Check(SpinWait.SpinUntil(() => Volatile.Read(ref ran) == 2, Patience), $"{ran} of two ran");
        manager.Dispose();
        Check(
            SpinWait.SpinUntil(() => Directory.GetDirectories("/proc/self/task").Count(IsWorker) == others, TimeSpan.FromSeconds(20)),
            "threads of a pool are left");

        static bool IsWorker(string task)
        {
            try
            {
                return File.ReadAllText(Path.Combine(task, "comm")).StartsWith("worker-", StringComparison.Ordinal);
            }
            catch (IOException)
            {
                // It has ended.
                return false;
            }
        }
    }
}
