using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>Effects of the watchdog on a whole process, and checks that need a process of their own.</summary>
internal static partial class WatchdogScenarios
{
    private const int RLIMIT_CORE = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A callback that never returns ends the program while it hangs.</summary>
    public static void FailFast(string[] args)
    {
        WriteNoCore();
        using EventManager manager = Watched("grid", SlowCallbackPolicy.FailFast);
        manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => Thread.Sleep(Timeout.Infinite));
        manager.RunOnce();
    }

    /// <summary>Reports without a handler go to standard error, and so do exceptions of a handler; other handlers are still
    /// called.</summary>
    public static void Unheard(string[] args)
    {
        using EventManager manager = Watched("unheard", SlowCallbackPolicy.Report);
        using var heard = new ManualResetEventSlim();
        manager.CreateTimerEvent(
            TimeSpan.Zero,
            (_, _) => Check(SpinWait.SpinUntil(() => manager.GetSlowCallbackStatistics().Callbacks > 0, Patience), "not flagged"));
        manager.RunOnce();
        Check(
            SpinWait.SpinUntil(
                () => manager.GetSlowCallbackStatistics().Latest.Any(report => report.Kind == SlowCallbackKind.Ended),
                Patience),
            "its end was not told");
        manager.SlowCallbackReported += (_, _) => throw new InvalidOperationException("bad handler");
        manager.SlowCallbackReported += (_, _) => heard.Set();
        manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => Check(heard.Wait(Patience), "the second handler was not told"));
        manager.RunOnce();
    }

    /// <summary>The watchdog's thread sleeps while the loop does, wakes up with it, and ends with the last manager.</summary>
    public static void Idle(string[] args)
    {
        Check(WatchdogThread() is null, "there is a thread before there is a manager");
        using (EventManager manager = Watched("idle", SlowCallbackPolicy.Report))
        using (Watched("beside", SlowCallbackPolicy.Report))
        {
            AwaitSleep();
            for (int i = 0; i < 2; i++)
            {
                using var flagged = new ManualResetEventSlim();
                EventHandler<SlowCallbackReport> handler = (_, _) => flagged.Set();
                manager.SlowCallbackReported += handler;
                manager.Defer(_ => Check(flagged.Wait(Patience), "a callback was not flagged after the watchdog had slept"));
                manager.RunOnce();
                manager.SlowCallbackReported -= handler;
                AwaitSleep();
            }
        }

        Check(SpinWait.SpinUntil(() => WatchdogThread() is null, Patience), "the thread did not end");
        NoticeWork();
        Check(SpinWait.SpinUntil(() => WatchdogThread() is null, Patience), "the thread did not end with the pool");
        using (Watched("again", SlowCallbackPolicy.Report))
        {
            Check(SpinWait.SpinUntil(() => WatchdogThread() is not null, Patience), "the thread did not start again");
        }
    }

    // Work of a pool wakes it, too.
    private static void NoticeWork()
    {
        var pool = new WorkerPool(new WorkerPoolOptions { ThreadCount = 1, WaitLimit = TimeSpan.FromMilliseconds(20) });
        using (var manager = new EventManager(new EventManagerOptions { Workers = pool }))
        {
            AwaitSleep();
            var told = new ManualResetEventSlim();
            pool.WorkWaiting += (_, _) => told.Set();
            manager.ExecuteWork(
                WorkTarget.Thread(0),
                () => Check(told.Wait(Patience), "work was not noticed after the watchdog had slept"));
            manager.ExecuteWork(WorkTarget.Thread(0), told.Set);
            Check(told.Wait(Patience), "work was not noticed at all");
        }

        pool.DisposeAsync().AsTask().Wait();
    }

    /// <summary>A slow callback of a signal is named, also among others of the same signal.</summary>
    public static void Signals(string[] args)
    {
        using EventManager manager = Watched("signals", SlowCallbackPolicy.Report);
        using var flagged = new ManualResetEventSlim();
        SignalEvent? slow = null;
        SlowCallbackReport? report = null;
        manager.SlowCallbackReported += (_, told) =>
        {
            // Another callback may be slow as well, if the thread gets no processor.
            if (told.Event is not null && told.Event == slow)
            {
                report ??= told;
                flagged.Set();
            }
        };
        bool isOver = false;
        manager.CreateSignalEvent(Signal.SIGWINCH, (_, _) => { });
        slow = manager.CreateSignalEvent(Signal.SIGWINCH, (_, _) => Check(flagged.Wait(Patience), "not flagged"));
        manager.CreateSignalEvent(Signal.SIGWINCH, (_, _) => isOver = true);
        Check(kill(Environment.ProcessId, Signal.SIGWINCH.Number) == 0, "kill failed");
        manager.RunUntil(() => isOver);
        Check(report!.Phase == LoopPhase.Mailbox, report.ToString());
    }

    /// <summary>The time for which the process was stopped is not counted, although the loop measures it: nothing is reported, and FailFast
    /// aborts nothing.</summary>
    public static void Stopped(string[] args)
    {
        WriteNoCore();
        using var manager = new EventManager(new EventManagerOptions
        {
            Name = "stopped",
            Watchdog = new WatchdogOptions
            {
                ExactTiming = true,
                CallbackBudget = TimeSpan.FromSeconds(4),
                Policy = SlowCallbackPolicy.FailFast
            },
        });
        using Process other = Process.Start(
            new ProcessStartInfo(
                "sh",
                ["-c", "read line; kill -STOP $PPID; sleep 6; kill -CONT $PPID"])
            {
                RedirectStandardInput = true,
                UseShellExecute = false
            })!;
        manager.Defer(_ =>
        {
            long start = Stopwatch.GetTimestamp();
            other.StandardInput.WriteLine();
            other.WaitForExit();
            Check(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromSeconds(6), "the process was not stopped");
        });
        Check(manager.RunOnce() == 1, "the callback did not run");
        Check(manager.GetSlowCallbackStatistics().Callbacks == 0, "a callback was blamed");
    }

    /// <summary>The program's abort leaves no file.</summary>
    public static void WriteNoCore() => Check(setrlimit(RLIMIT_CORE, default) == 0, "setrlimit failed");

    private static EventManager Watched(string name, SlowCallbackPolicy policy) => new(new EventManagerOptions
    {
        Name = name,
        Watchdog = new WatchdogOptions { PhaseBudget = Timeout.InfiniteTimeSpan, Policy = policy, ReportInterval = TimeSpan.Zero },
    });

    // Thirty sampling periods (10 ms) without a context switch to it.
    private static void AwaitSleep()
    {
        Check(
            SpinWait.SpinUntil(
                () =>
                {
                    long? before = Switches();
                    Thread.Sleep(300);
                    return before is not null && before == Switches();
                },
                Patience),
            "the watchdog does not sleep while the loops do");
    }

    private static long? Switches() => WatchdogThread() is not { } task ? null : File.ReadLines(Path.Combine(task, "status"))
        .Where(line => line.Contains("ctxt_switches", StringComparison.Ordinal))
        .Sum(line => long.Parse(line.Split(':')[1], CultureInfo.InvariantCulture));

    private static string? WatchdogThread() => Directory.GetDirectories("/proc/self/task").FirstOrDefault(IsWatchdog);

    private static bool IsWatchdog(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).Trim() == "vigil-watchdog";
        }
        catch (IOException)
        {
            // The thread has ended meanwhile.
            return false;
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc")]
    private static partial int setrlimit(int resource, in Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Current;
        public ulong Maximum;
    }
}
