using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Runtime.InteropServices;
using Vigil.IO;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

internal static partial class Scenarios
{
    private const int RLIMIT_NOFILE = 7;

    public static IReadOnlyDictionary<string, Action<string[]>> All { get; } = new Dictionary<string,
        Action<string[]>>(StringComparer.Ordinal)
    {
        ["no-descriptors-left"] = NoDescriptorsLeft,
        ["timers-without-descriptors"] = TimersWithoutDescriptors,
        ["signals-while-waiting"] = SignalsWhileWaiting,
        ["nothing-is-inherited"] = NothingIsInherited,
        ["unheard-fault"] = UnheardFault,
        ["throwing-fault-handler"] = ThrowingFaultHandler,
        ["throwing-listener"] = ThrowingListener,
        ["throwing-when-told-of-instruments"] = ThrowingWhenToldOfInstruments,
        ["file-limits"] = FileScenarios.Limits,
        ["file-unmounts"] = FileScenarios.Unmounts,
        ["terminal-unplugged"] = TerminalScenarios.Unplugged,
        ["signalfd-unreadable"] = FailureScenarios.SignalFdUnreadable,
        ["signalfd-replaced"] = FailureScenarios.SignalFdReplaced,
        ["signalfd-of-a-poller-that-throws"] = FailureScenarios.SignalFdOfPollerThatThrows,
        ["mount-changes"] = MountScenarios.Changes,
        ["file-mounts"] = FileMountScenarios.SingleFiles,
        ["file-bind-mounts"] = FileMountScenarios.BindMounts,
        ["file-mounts-unreadable"] = FileMountScenarios.UnreadableList,
        ["file-kindless-entries"] = FileMountScenarios.KindlessEntries,
        ["files-without-proc"] = MountScenarios.FilesWithoutProc,
        ["file-bad-directory"] = FileMountScenarios.BadDirectory,
        ["file-mounts-at-random"] = FileMountScenarios.AtRandom,
        ["file-unsearchable"] = FileScenarios.Unsearchable,
        ["file-instances"] = FileScenarios.Instances,
        ["file-permissions"] = FileScenarios.Permissions,
        ["signals-on-the-runtimes-path"] = SignalScenarios.OnTheRuntimesPath,
        ["signals-by-signalfd"] = SignalScenarios.BySignalFd,
        ["signals-asynchronous"] = SignalScenarios.Asynchronous,
        ["signals-too-many-for-a-loop"] = SignalFloodScenarios.ForALoop,
        ["signals-too-many-for-a-callback"] = SignalFloodScenarios.ForACallback,
        ["signals-refused-by-workers"] = SignalFloodScenarios.ForWorkersThatEnd,
        ["signals-faults"] = SignalScenarios.Faults,
        ["signals-default-action"] = SignalScenarios.DefaultAction,
        ["signals-refused"] = SignalScenarios.Refused,
        ["signals-ignored"] = SignalScenarios.Ignored,
        ["signals-blocked-in-part"] = SignalScenarios.BlockedInPart,
        ["signals-while-threads-start"] = SignalScenarios.WhileThreadsStart,
        ["signals-while-one-thread-starts"] = SignalScenarios.WhileOneThreadStarts,
        ["signals-beside-io-uring"] = SignalScenarios.BesideIoUring,
        ["signals-signalfd-fails"] = SignalScenarios.SignalFdFails,
        ["signals-child-blocked"] = SignalScenarios.ChildSignalBlocked,
        ["signals-beside-process"] = SignalScenarios.BesideProcess,
        ["signals-restart"] = SignalScenarios.Restart,
        ["signals-inherited"] = SignalScenarios.Inherited,
        ["signals-started-unblocked"] = SignalScenarios.StartedUnblocked,
        ["signals-started-by-threads"] = ProcessScenarios.StartedByThreads,
        ["signals-started-in-a-row"] = ProcessScenarios.StartedInARow,
        ["signals-started-and-unblocked"] = ProcessScenarios.StartedAndUnblocked,
        ["signals-started-where-one-blocks"] = ProcessScenarios.StartedWhereOneThreadBlocks,
        ["signals-started-with-kept"] = ProcessScenarios.StartedWithSignalsKept,
        ["children-of-two-managers"] = ChildScenarios.WatchedByTwoManagers,
        ["children-in-an-outer-proc"] = ChildScenarios.InAnOuterProc,
        ["children-before-linux-6.15"] = ChildScenarios.BeforeLinux615,
        ["children-whose-wait-fails"] = ChildScenarios.WaitFails,
        ["children-reaped-by-foreign-code"] = ChildScenarios.ReapedByForeignCode,
        ["children-traced"] = ChildScenarios.Traced,
        ["children-with-another-exit-signal"] = ChildScenarios.WithAnotherExitSignal,
        ["children-not-killed"] = ProcessScenarios.NotKilled,
        ["signals-restart-twice"] = SignalScenarios.RestartTwice,
        ["signals-restart-in-nested-namespaces"] = SignalScenarios.RestartInNestedNamespaces,
        ["signals-started-with-pending"] = ProcessScenarios.StartedWithSignalsPending,
        ["signals-without-descriptors"] = SignalsWithoutDescriptors,
        ["signals-restart-without-temporary-files"] = RestartWithoutTemporaryFiles,
        ["children-killed-among-signals"] = ProcessScenarios.KilledAmongSignals,
        ["workers-end-without-runtime-threads"] = WorkerScenarios.EndWithoutRuntimeThreads,
        ["workers-interrupted"] = WorkerScenarios.Interrupted,
        ["interrupted-at-first"] = WorkerScenarios.InterruptedAtFirst,
        ["workers-sent-while-made"] = WorkerScenarios.SentWhileThePoolIsMade,
        ["workers-used-while-instruments-are-made"] = WorkerScenarios.UsedWhileInstrumentsAreMade,
        ["used-while-the-event-source-is-made"] = WorkerScenarios.UsedWhileTheEventSourceIsMade,
        ["workers-made-foreground"] = WorkerScenarios.MadeForeground,
        ["systemd-inherited"] = SystemdScenarios.Inherited,
        ["systemd-unclaimed"] = SystemdScenarios.Unclaimed,
        ["systemd-foreign"] = SystemdScenarios.Foreign,
        ["systemd-refused"] = SystemdScenarios.Refused,
        ["systemd-fail-fast"] = SystemdScenarios.FailFast,
        ["systemd-activated"] = SystemdScenarios.Activated,
        ["watchdog-fail-fast"] = WatchdogScenarios.FailFast,
        ["watchdog-unheard"] = WatchdogScenarios.Unheard,
        ["watchdog-idle"] = WatchdogScenarios.Idle,
        ["watchdog-signals"] = WatchdogScenarios.Signals,
        ["watchdog-stopped"] = WatchdogScenarios.Stopped,
    };

    /// <summary>A manager that cannot be created reports the reason and leaks nothing; it works as soon as descriptors are free.</summary>
    private static void NoDescriptorsLeft(string[] args)
    {
        // Code that is needed later must be loaded while descriptors are left.
        Console.Error.Flush();
        using (var warmUp = new EventManager())
        {
            warmUp.Stop();
            warmUp.Run();
            _ = Expect<EventManagerException>(() => warmUp.CreateSocketEvent(1_000_000, EventSet.In, (_, _) => { })).Message;
        }

        SetLimit(128);
        var hoard = new List<EventFd>();
        EventManagerException refusal = Expect<EventManagerException>(() =>
        {
            while (true)
            {
                hoard.Add(new EventFd());
            }
        });
        Check(refusal.Errno == 24, $"errno {refusal.Errno}");
        Check(refusal.Message.Contains("ulimit -n", StringComparison.Ordinal), refusal.Message);

        // One free descriptor is enough for the poller but not for its waker; opened descriptors must be closed again.
        hoard[0].Dispose();
        for (int i = 0; i < 3; i++)
        {
            Check(Expect<EventManagerException>(() => new EventManager().Dispose()).Errno == 24, "the manager's refusal has another errno");
        }

        hoard.ForEach(fd => fd.Dispose());
        using var manager = new EventManager();
        manager.Stop();
        manager.Run();
    }

    /// <summary>If no descriptor is left for the clock, the wait carries the deadline: timers still work. Other clocks report the shortage,
    /// and work later.</summary>
    private static void TimersWithoutDescriptors(string[] args)
    {
        using (var warmUp = new EventManager())
        {
            Fire(warmUp);
            warmUp.CreateTimerEvent(TimeSpan.Zero, Timeout.InfiniteTimeSpan, (_, _) => { }, new() { Clock = TimerClock.BootTime });
            warmUp.RunOnce();
            warmUp.RunOnce(TimeSpan.FromMilliseconds(1));
        }

        using var manager = new EventManager();
        SetLimit(128);
        var hoard = new List<EventFd>();
        _ = Expect<EventManagerException>(() =>
        {
            while (true)
            {
                hoard.Add(new EventFd());
            }
        });
        Fire(manager);
        EventManagerException refusal = Expect<EventManagerException>(() =>
            manager.CreateTimerEvent(TimeSpan.Zero, Timeout.InfiniteTimeSpan, (_, _) => { }, new() { Clock = TimerClock.BootTime }));
        Check(refusal.Errno == 24, $"errno {refusal.Errno}");
        hoard.ForEach(fd => fd.Dispose());

        bool hasFired = false;
        manager.CreateTimerEvent(
            TimeSpan.FromMilliseconds(1),
            Timeout.InfiniteTimeSpan,
            (_, _) => hasFired = true,
            new() { Clock = TimerClock.BootTime });
        Check(manager.RunOnce(TimeSpan.FromMinutes(1)) == 1 && hasFired, "no boot-time timer fired");
        Fire(manager);

        static void Fire(EventManager manager)
        {
            long start = Stopwatch.GetTimestamp();
            manager.CreateTimerEvent(TimeSpan.FromMilliseconds(5), (_, _) => { });
            Check(manager.RunOnce() == 1, "no timer fired");
            Check(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(5), "a timer was early");
            Check(manager.RunOnce(TimeSpan.Zero) == 0, "something fired twice");
        }
    }

    /// <summary>If no descriptor is left to read which signals are blocked, nothing is guessed: that is reported, and works
    /// later.</summary>
    private static void SignalsWithoutDescriptors(string[] args)
    {
        SignalBlocking.Restart(Signal.SIGUSR1);
        using Process process = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true, UseShellExecute = false })!;
        using var manager = new EventManager();
        manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => { }).Cancel();
        _ = Expect<EventManagerException>(() => manager.CreateSocketEvent(1_000_000, EventSet.In, (_, _) => { })).Message;
        SetLimit(256);
        var hoard = new List<EventFd>();
        _ = Expect<EventManagerException>(() =>
        {
            while (true)
            {
                hoard.Add(new EventFd());
            }
        });

        // Without any descriptor the list of threads cannot be read; with one it can, but the threads cannot.
        for (int free = 0; free < 2; free++)
        {
            Check(
                Expect<EventManagerException>(() => manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => { })).Errno == 24,
                "another errno");
            Check(Expect<EventManagerException>(() => SignalBlocking.IsBlocked(Signal.SIGUSR2)).Errno == 24, "another errno");
            Check(Expect<EventManagerException>(() => manager.CreateChildEvent(process, (_, _) => { })).Errno == 24, "another errno");
            hoard[free].Dispose();
        }

        hoard.ForEach(fd => fd.Dispose());
        Check(manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => { }).Route == SignalRoute.SignalFd, "another path");
        bool hasEnded = false;
        manager.CreateChildEvent(process, (_, _) => hasEnded = true);
        process.StandardInput.Close();
        manager.RunUntil(() => hasEnded);
    }

    /// <summary>A program restarts with its signals blocked even if the directory for temporary files does not exist.</summary>
    private static void RestartWithoutTemporaryFiles(string[] args)
    {
        // In the C library's environment, so that the restarted program has it, too.
        Check(setenv("TMPDIR", "/nonexistent", 1) == 0, "setenv failed");
        Environment.SetEnvironmentVariable("TMPDIR", "/nonexistent");
        SignalBlocking.Restart(Signal.SIGUSR1);
        Check(SignalBlocking.IsBlocked(Signal.SIGUSR1), "not blocked");
    }

    /// <summary>Signals that are handled elsewhere end no wait early and do not affect deadlines.</summary>
    private static void SignalsWhileWaiting(string[] args)
    {
        using PosixSignalRegistration winch = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, context => context.Cancel = true);
        using var manager = new EventManager();
        nint loopThread = pthread_self();
        using var done = new CancellationTokenSource();
        var sender = new Thread(() =>
        {
            // To this very thread: signals to the process would mostly reach another one.
            while (!done.IsCancellationRequested)
            {
                Check(pthread_kill(loopThread, 28) == 0, "pthread_kill failed");
                Thread.Yield();
            }
        })
        { IsBackground = true };
        sender.Start();
        for (int i = 0; i < 20; i++)
        {
            var timeout = TimeSpan.FromMilliseconds(10);
            long start = Stopwatch.GetTimestamp();
            Check(manager.RunOnce(timeout) == 0, "something ran");
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            Check(elapsed >= timeout, $"the wait ended after {elapsed.TotalMilliseconds} ms");
        }

        done.Cancel();
        sender.Join();
    }

    /// <summary>A program started by this one inherits none of Vigil's descriptors.</summary>
    private static void NothingIsInherited(string[] args)
    {
        using var manager = new EventManager();
        using var eventFd = new EventFd();
        using var pipe = new UnixPipe();
        using var pair = new UnixSocketPair();
        manager.RunOnce(TimeSpan.FromMilliseconds(1));
        using Process child = Process.Start(
            new ProcessStartInfo("ls", "-l /proc/self/fd") { RedirectStandardOutput = true, UseShellExecute = false })!;
        string open = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Check(!open.Contains("anon_inode", StringComparison.Ordinal), open);
        string mine = string.Join('\n', Directory.GetFiles("/proc/self/fd").Select(path => new FileInfo(path).LinkTarget));
        Check(
            mine.Contains(
                "anon_inode:[eventpoll]",
                StringComparison.Ordinal) && mine.Contains("anon_inode:[eventfd]", StringComparison.Ordinal),
            mine);
        string pipeName = new FileInfo($"/proc/self/fd/{pipe.Reader.DangerousGetHandle()}").LinkTarget!;
        string socketName = new FileInfo($"/proc/self/fd/{pair.First.DangerousGetHandle()}").LinkTarget!;
        Check(!open.Contains(pipeName, StringComparison.Ordinal) && !open.Contains(socketName, StringComparison.Ordinal), open);
    }

    /// <summary>A fault that is neither thrown nor handled goes to standard error.</summary>
    private static void UnheardFault(string[] args)
    {
        using var manager = new EventManager(new EventManagerOptions { Name = "unheard", FaultPolicy = FaultPolicy.Report });
        manager.RemoteEndpoint.Fire(_ => throw new InvalidOperationException("nobody listens"));
        Check(manager.RunOnce() == 1, "the closure did not run");
    }

    private static void ThrowingFaultHandler(string[] args)
    {
        var workers = new OneItem();
        var manager = new EventManager(new EventManagerOptions { Name = "ended", Workers = workers });
        manager.FaultReported += (_, _) => throw new InvalidOperationException("bad handler");
        manager.ExecuteWork(WorkPriority.Normal, Fail);
        manager.Dispose();
        Check(workers.Item.Run() == WorkOutcome.Failed, "the work did not run");

        static void Fail() => throw new FormatException("bad work");
    }

    /// <summary>The exceptions of a listener of the meter, possibly thousands, are one line per second on standard error, and end
    /// nothing.</summary>
    private static void ThrowingListener(string[] args)
    {
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "Vigil")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => throw new InvalidOperationException("bad listener"));
        listener.Start();
        using var manager = new EventManager();
        int ticks = 0;
        manager.CreateTimerEvent(TimeSpan.Zero, TimeSpan.FromMicroseconds(100), (_, _) => ticks++);
        manager.RunUntil(() => ticks == 100);
    }

    /// <summary>Exceptions of listeners that are notified of instruments and of the event source cost no manager, pool or work.</summary>
    private static void ThrowingWhenToldOfInstruments(string[] args)
    {
        using var events = new SourceRefusingListener();
        using var listener = new MeterListener();
        listener.InstrumentPublished = static (instrument, _) => Check(instrument.Meter.Name != "Vigil", "bad listener");
        listener.Start();
        for (int i = 0; i < 2; i++)
        {
            using var manager = new EventManager(new EventManagerOptions { CollectStatistics = true });
            Check(manager.ExecuteWorkAsync(WorkPriority.Normal, () => 7).Result == 7, "no work was done");
            manager.Defer(static _ => { });
            Check(manager.RunOnce() == 1 && manager.GetStatistics().DeferredCallbacks == 1, "nothing ran");
        }
    }

    private static void SetLimit(ulong files)
    {
        var limit = new Limit { Current = files, Maximum = files };
        Check(setrlimit(RLIMIT_NOFILE, in limit) == 0, "setrlimit failed");
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc")]
    private static partial int setrlimit(int resource, in Limit limit);

    [LibraryImport("libc")]
    private static partial nint pthread_self();

    [LibraryImport("libc")]
    private static partial int pthread_kill(nint thread, int signal);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Current;
        public ulong Maximum;
    }

    private sealed class SourceRefusingListener : EventListener
    {
        protected override void OnEventSourceCreated(EventSource eventSource) => Check(eventSource.Name != "Vigil", "bad listener");
    }

    private sealed class OneItem : IWorkExecutor
    {
        public WorkItem Item { get; private set; }

        public int ThreadCount => 0;

        public bool TryExecute(in WorkItem item)
        {
            Item = item;
            return true;
        }
    }
}
