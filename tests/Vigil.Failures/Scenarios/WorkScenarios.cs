using Vigil.IO;

namespace Vigil.Failures;

/// <summary>Workers.</summary>
internal static class WorkScenarios
{
    public static void Workers(Drive drive)
    {
        WorkerPool pool = drive.Get("new WorkerPool", () => new WorkerPool(new WorkerPoolOptions
        {
            ThreadCount = 2,
            Name = "vigil-failures",
            Processors = [Program.Processor],
            SpinBeforeSleep = TimeSpan.Zero,
        }));
        EventManager manager = drive.Create(new EventManagerOptions { Workers = pool });
        drive.Ask("work", told => manager.ExecuteWork(WorkTarget.Worker(), () => 1, (_, _) => told()));
        drive.Ask("work of a thread", told => manager.ExecuteWork(WorkTarget.Thread(1), () => 1, (_, _) => told()));
        drive.Ask("a task of work", told => _ = manager.ExecuteWorkAsync(WorkTarget.Worker(WorkPriority.High), () => { }).ContinueWith(
            _ => told(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default));
        UnixPipe pipe = drive.Get("a pipe", () => new UnixPipe());
        SocketEvent? source = null;
        int calls = 0;
        drive.Ask("callbacks on a worker", told => source = manager.CreateSocketEvent(
            pipe.Reader,
            EventSet.In,
            (_, _) =>
            {
                if (Interlocked.Increment(ref calls) == 2)
                {
                    told();
                }
            },
            new SocketEventOptions { Target = CallbackTarget.Worker() }));
        drive.Ask("a timer on a worker", told => manager.CreateTimerEvent(
            TimeSpan.FromMilliseconds(1), (_, _) => told(), new TimerEventOptions { Target = CallbackTarget.Worker() }));
        drive.Outside("a write", pipe.Writer.Write);
        drive.Turn(manager);
        Task cancelled = drive.Get("CancelAsync", source!.CancelAsync);
        drive.Ask("the end of a callback", told => _ = cancelled.ContinueWith(
            _ => told(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default));
        drive.End(manager);
        drive.Do("Dispose of the pool", pool.Dispose);
        drive.Do("Dispose of the pipe", pipe.Dispose);
    }
}
