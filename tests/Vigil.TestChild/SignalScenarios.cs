using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>Signals, all sent to this process alone. Scenarios that need signals blocked restart this program with them
/// blocked.</summary>
internal static partial class SignalScenarios
{
    private static readonly Signal RealTime3 = Signal.RealTime(3);
    private static readonly Signal RealTime4 = Signal.RealTime(4);

    /// <summary>A thousand signals while callbacks are created and cancelled: each delivery calls all callbacks in order, also on another
    /// manager; the kernel merges equal signals.</summary>
    public static void OnTheRuntimesPath(string[] args)
    {
        using var manager = new EventManager();
        using var other = new EventManager();
        var order = new List<string>();
        int elsewhere = 0;
        SignalEvent? guest = null;
        SignalEvent first = manager.CreateSignalEvent(Signal.SIGUSR1, (_, info) =>
        {
            Check(info == new SignalInfo(Signal.SIGUSR1), $"{info} has details that the runtime does not tell");
            order.Add("first");

            // A temporary callback: created by one delivery, called by the next, cancelled by the one after.
            if (guest is null)
            {
                guest = manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => order.Add("guest"));
            }
            else if (order.Count(name => name == "guest") % 2 == 1)
            {
                guest.Cancel();
                guest = null;
            }
        });
        manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => order.Add("second"));
        other.CreateSignalEvent(Signal.SIGUSR1, (_, _) => elsewhere++);
        Check(first.Route == SignalRoute.Runtime, first.Route.ToString());
        for (int i = 0; i < 1000; i++)
        {
            Send(Signal.SIGUSR1);
            manager.RunOnce(TimeSpan.Zero);
        }

        int seen = order.Count(name => name == "first");
        Send(Signal.SIGUSR1);
        manager.RunUntil(() => order.Count(name => name == "first") > seen);
        seen = order.Count(name => name == "first");
        Check(seen is > 0 and <= 1001, $"{seen} deliveries of 1,001 signals");
        Check(seen == order.Count(name => name == "second"), string.Join(' ', order));
        string text = string.Join(' ', order);
        Check(!text.Contains("first first", StringComparison.Ordinal) && !text.Contains("second second", StringComparison.Ordinal), text);
        Check(seen < 3 || text.Contains("first second guest", StringComparison.Ordinal), text);
        other.RunUntil(() => elsewhere > 0);

        // The runtime reads signals in order. One that it has not read when the last event ends has its default action, which ends the
        // process.
        bool isRead = false;
        manager.CreateSignalEvent(Signal.SIGUSR2, (_, _) => isRead = true);
        Send(Signal.SIGUSR2);
        manager.RunUntil(() => isRead);
    }

    /// <summary>Through signalfd: the sender, the value, every real-time signal in order, on every manager; standard signals count
    /// once.</summary>
    public static void BySignalFd(string[] args)
    {
        const int Count = 1000;
        SignalBlocking.Restart(Signal.SIGUSR1, RealTime3, RealTime4);
        using var manager = new EventManager();
        using var other = new EventManager();
        var here = new List<SignalInfo>();
        var there = new List<SignalInfo>();
        int standard = 0;
        SignalEvent signalEvent = manager.CreateSignalEvent(RealTime4, (_, info) => here.Add(info));
        manager.CreateSignalEvent(RealTime3, (_, info) => here.Add(info));
        manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => standard++);
        other.CreateSignalEvent(RealTime4, (_, info) => there.Add(info));
        Check(signalEvent.Route == SignalRoute.SignalFd, signalEvent.Route.ToString());
        for (int i = 0; i < Count; i++)
        {
            Check(Queue(RealTime4, i) == 0, "sigqueue failed: is the limit of pending signals (ulimit -i) below a thousand?");
            Send(Signal.SIGUSR1);
        }

        Queue(RealTime3, -7);
        manager.RunUntil(() => here.Count == Count + 1);
        other.RunUntil(() => there.Count == Count);
        manager.RunOnce(TimeSpan.Zero);
        Check(standard == 1, $"{standard} deliveries of a standard signal that was pending");
        Check(here[0].Signal == RealTime3 && here[0].Value == -7, $"{here[0]} came first: the kernel gives out lower numbers first");
        Check(
            here.Skip(1).Select(info => info.Value).SequenceEqual(Enumerable.Range(0, Count).Select(value => (int?)value)),
            "out of order");
        Check(here.Skip(1).SequenceEqual(there), "the managers saw different things");
        Check(
            here.TrueForAll(info => info.Code == -1 && info.SenderProcessId == Environment.ProcessId && info.SenderUserId == getuid()),
            here[0].ToString());

        // After the last callback the signal is blocked, as before: it stays pending for the next event.
        signalEvent.Cancel();
        here.Clear();
        Queue(RealTime4, 1);
        other.RunUntil(() => there.Count == Count + 1);
        Check(manager.RunOnce(TimeSpan.Zero) == 0 && here.Count == 0, "a cancelled event was called");
    }

    /// <summary>The default action is off while there is a callback, and back after the last one: this process ends by it.</summary>
    public static void DefaultAction(string[] args)
    {
        if (args is [])
        {
            using Process self = Self.Start("signals-default-action", "inner");
            self.WaitForExit();
            Check(self.ExitCode == 128 + Signal.SIGUSR2.Number, $"exit code {self.ExitCode}");
            return;
        }

        using var manager = new EventManager();
        int calls = 0;
        SignalEvent staying = manager.CreateSignalEvent(Signal.SIGUSR2, (_, _) => calls++);
        SignalEvent once = manager.CreateSignalEvent(
            Signal.SIGUSR2,
            (source, _) => calls += source.IsCancelled ? 10 : 1000,
            new() { OneShot = true });
        Send(Signal.SIGUSR2);
        manager.RunUntil(() => calls == 11);
        Send(Signal.SIGUSR2);
        manager.RunUntil(() => calls == 12);
        Check(once.IsCancelled, "the one-shot is not over");
        staying.Cancel();
        Send(Signal.SIGUSR2);
        Thread.Sleep(Timeout.Infinite);
    }

    /// <summary>Signals that arrive before an asynchronous callback has ended wait for it: each real-time signal, in order, a standard
    /// signal once.</summary>
    public static void Asynchronous(string[] args)
    {
        const int Count = 100;
        SignalBlocking.Restart(Signal.SIGUSR1, RealTime4);
        using var manager = new EventManager();
        List<int?> values = [];
        int standard = 0;
        int inside = 0;
        CallbackTarget target = args is ["worker"] ? CallbackTarget.Worker() : CallbackTarget.Loop;
        manager.CreateSignalEvent(
            RealTime4,
            async (_, info) =>
            {
                Check(Interlocked.Increment(ref inside) == 1, "two at once");
                await Task.Yield();
                Interlocked.Decrement(ref inside);
                values.Add(info.Value);
            },
            new() { Target = target });
        var gate = new TaskCompletionSource();
        manager.CreateSignalEvent(
            Signal.SIGUSR1,
            async (_, _) =>
            {
                standard++;
                await gate.Task;
            },
            new() { Target = target });
        for (int i = 0; i < Count; i++)
        {
            Check(Queue(RealTime4, i) == 0, "sigqueue failed: is the limit of pending signals (ulimit -i) too low?");
        }

        Send(Signal.SIGUSR1);
        Turn(() => values.Count == Count && Volatile.Read(ref standard) == 1);
        Check(values.SequenceEqual(Enumerable.Range(0, Count).Select(value => (int?)value)), "out of order");
        for (int i = 0; i < 3; i++)
        {
            Send(Signal.SIGUSR1);
            for (int turn = 0; turn < 10; turn++)
            {
                manager.RunOnce(TimeSpan.Zero);
            }
        }

        Check(standard == 1, $"{standard} callbacks before the first had ended");
        gate.SetResult();
        Turn(() => Volatile.Read(ref standard) == 2);
        for (int turn = 0; turn < 10; turn++)
        {
            manager.RunOnce(TimeSpan.Zero);
        }

        Check(standard == 2, $"{standard} callbacks of a standard signal that came while one was not finished");

        // Without sleeping: progress on a worker may not wake the loop.
        void Turn(Func<bool> until) => Check(
            SpinWait.SpinUntil(
                () =>
                {
                    manager.RunOnce(TimeSpan.Zero);
                    return until();
                },
                TimeSpan.FromSeconds(60)),
            $"{values.Count} and {standard} callbacks");
    }

    /// <summary>A callback that throws does not affect the others, and is detached if the policy says so; disposal ends every signal
    /// event.</summary>
    public static void Faults(string[] args)
    {
        var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Detach });
        var reports = new List<FaultReport>();
        manager.FaultReported += (_, report) => reports.Add(report);
        int calls = 0;
        SignalEvent bad = manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => throw new InvalidOperationException("bad"));
        SignalEvent good = manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => calls++);
        Send(Signal.SIGUSR1);
        manager.RunUntil(() => calls == 1);
        Check(reports is [{ Origin: FaultOrigin.SignalEvent }] && reports[0].Event == bad, string.Join('\n', reports));
        Check(bad.IsCancelled && !good.IsCancelled, "the wrong one was detached");
        manager.Dispose();
        Check(good.IsCancelled, "not cancelled by disposal");
        good.Cancel();

        // Two managers: the signal stays with the other one while that exists.
        using var other = new EventManager();
        other.CreateSignalEvent(Signal.SIGUSR1, (source, _) =>
        {
            calls++;
            source.Manager.Stop();
        });
        Send(Signal.SIGUSR1);
        other.Run();
        Check(calls == 2, $"{calls} calls");
    }

    /// <summary>Signals that must not be handled are refused, with advice, and nothing changes.</summary>
    public static void Refused(string[] args)
    {
        using var manager = new EventManager();
        foreach (int number in new[] { 4, 5, 6, 7, 8, 9, 11, 13, 19, 32, 33, 34 })
        {
            var signal = new Signal(number);
            EventManagerException refusal = Expect<EventManagerException>(() => manager.CreateSignalEvent(signal, (_, _) => { }));
            Check(
                refusal.Error == EventManagerError.SignalReserved && refusal.Message.StartsWith(
                    $"{signal} cannot be handled: ",
                    StringComparison.Ordinal),
                refusal.Message);
        }

        Expect<ArgumentException>(() => manager.CreateSignalEvent(default, (_, _) => { }));
        Check(manager.ToString().Contains(" 0 sources", StringComparison.Ordinal), manager.ToString());
    }

    /// <summary>An ignored signal never arrives, so waiting for it is refused.</summary>
    public static void Ignored(string[] args)
    {
        if (args is [])
        {
            signal(Signal.SIGHUP.Number, 1);
            using Process self = Self.Start("signals-ignored", "inner");
            self.WaitForExit();
            Check(self.ExitCode == 0, $"exit code {self.ExitCode}");
            return;
        }

        using var manager = new EventManager();
        Check(!manager.TryCreateSignalEvent(Signal.SIGHUP, (_, _) => { }, out SignalEvent? none) && none is null, "created");
        int calls = 0;
        Check(
            manager.TryCreateSignalEvent(Signal.SIGUSR1, (_, _) => calls++, out SignalEvent? usable) && usable.Signal == Signal.SIGUSR1,
            "not created");
        Send(Signal.SIGUSR1);
        manager.RunUntil(() => calls == 1);
        Expect<ArgumentException>(() => manager.TryCreateSignalEvent(default, (_, _) => { }, out _));
        Check(
            Expect<EventManagerException>(
                () => manager.TryCreateSignalEvent(Signal.SIGKILL, (_, _) => { }, out _)).Error == EventManagerError.SignalReserved,
            "another error");
        EventManagerException refusal = Expect<EventManagerException>(() => manager.CreateSignalEvent(Signal.SIGHUP, (_, _) => { }));
        Check(
            refusal.Error == EventManagerError.SignalIgnored && refusal.Message.Contains(
                "env --default-signal=HUP",
                StringComparison.Ordinal),
            refusal.Message);
    }

    /// <summary>A signal that only some threads have blocked would arrive at random.</summary>
    public static void BlockedInPart(string[] args)
    {
        using var manager = new EventManager();
        SignalMask.Block(Signal.SIGUSR1);
        EventManagerException refusal = Expect<EventManagerException>(() => manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => { }));
        Check(
            refusal.Error == EventManagerError.SignalBlocked && refusal.Message.Contains("blocked on 1 of", StringComparison.Ordinal),
            refusal.Message);
        Check(!SignalBlocking.IsBlocked(Signal.SIGUSR1), "one thread is not all");
    }

    /// <summary>A thread that is being started has all signals blocked for a moment; that does not count as blocked in part.</summary>
    public static void WhileThreadsStart(string[] args)
    {
        using var manager = new EventManager();
        bool isOver = false;
        var starter = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                var thread = new Thread(() => { });
                thread.Start();
                thread.Join();
            }
        })
        { IsBackground = true };
        starter.Start();
        for (int i = 0; i < 200; i++)
        {
            SignalEvent signalEvent = manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => { });
            Check(signalEvent.Route == SignalRoute.Runtime, signalEvent.Route.ToString());
            signalEvent.Cancel();
        }

        Volatile.Write(ref isOver, true);
        starter.Join();
    }

    /// <summary>A thread that stalls while it is being started, because its processor is busy, does not count as blocking
    /// anything.</summary>
    public static void WhileOneThreadStarts(string[] args)
    {
        using var blocks = new ManualResetEventSlim();
        new Thread(() =>
        {
            SignalMask.BlockEverything();
            blocks.Set();
            Thread.Sleep(Timeout.Infinite);
        })
        { IsBackground = true }.Start();
        Check(blocks.Wait(TimeSpan.FromSeconds(60)), "the thread did not start");
        using var manager = new EventManager();
        int calls = 0;
        SignalEvent signalEvent = manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => calls++);
        Check(signalEvent.Route == SignalRoute.Runtime, signalEvent.Route.ToString());
        Send(Signal.SIGUSR1);
        manager.RunUntil(() => calls == 1);

        // Nor is it counted with threads that have blocked a signal.
        SignalMask.Block(Signal.SIGUSR2);
        EventManagerException refusal = Expect<EventManagerException>(() => manager.CreateSignalEvent(Signal.SIGUSR2, (_, _) => { }));
        Check(refusal.Message.Contains("blocked on 1 of", StringComparison.Ordinal), refusal.Message);
    }

    /// <summary>A kernel thread in this process, which has all signals blocked for ever, delays nothing and changes no route.</summary>
    public static void BesideIoUring(string[] args)
    {
        SignalBlocking.Restart(Signal.SIGUSR1);
        byte[] parameters = new byte[120];
        parameters[8] = 1 << 1;     // IORING_SETUP_SQPOLL
        int ring = (int)io_uring_setup(425, 4, parameters);
        if (ring < 0)
        {
            Console.WriteLine("There is no io_uring here.");
            return;
        }

        using var manager = new EventManager();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 20; i++)
        {
            SignalEvent onRuntime = manager.CreateSignalEvent(Signal.SIGUSR2, (_, _) => { });
            SignalEvent onDescriptor = manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => { });
            Check(
                onRuntime.Route == SignalRoute.Runtime && onDescriptor.Route == SignalRoute.SignalFd,
                $"{onRuntime.Route}, {onDescriptor.Route}");
            onRuntime.Cancel();
            onDescriptor.Cancel();
        }

        // A check that waits for such a thread would take a second, each time.
        Check(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10), $"it took {Stopwatch.GetElapsedTime(start)}");
        Check(SignalBlocking.IsBlocked(Signal.SIGUSR1) && !SignalBlocking.IsBlocked(Signal.SIGUSR2), "the kernel's thread counts");
    }

    /// <summary>If the kernel refuses to add a signal to the signalfd, the creation fails, other signals still arrive, and the creation can
    /// be tried again.</summary>
    public static void SignalFdFails(string[] args)
    {
        SignalBlocking.Restart(Signal.SIGUSR1, Signal.SIGUSR2, RealTime3);
        using var manager = new EventManager();
        int first = 0;
        int second = 0;
        manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => first++);
        Exception? failure = null;
        var filtered = new Thread(() =>
        {
            try
            {
                SystemCallFilter.Refuse(SystemCallFilter.SignalFd4, argument: 2, value: sizeof(ulong), errno: 12, everywhere: false);
                EventManagerException refusal = Expect<EventManagerException>(
                    () => manager.CreateSignalEvent(Signal.SIGUSR2, (_, _) => second++));
                Check(refusal is { Error: EventManagerError.System, Errno: 12 }, refusal.ToString());
                Send(Signal.SIGUSR1);
                Send(Signal.SIGUSR2);
                manager.RunUntil(() => first == 1);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        filtered.Start();
        filtered.Join();
        Check(failure is null, $"{failure}");
        manager.CreateSignalEvent(Signal.SIGUSR2, (_, _) => second++);
        manager.RunUntil(() => second == 1);
        Check(first == 1, $"{first} of the other");
    }

    /// <summary>A program that is started with SIGCHLD blocked gets an error that explains it.</summary>
    public static void ChildSignalBlocked(string[] args)
    {
        if (args is [])
        {
            // A child inherits the mask of the thread that starts it. Other threads of this process still get the signal.
            SignalMask.Block(Signal.SIGCHLD);
            using Process self = Self.Start("signals-child-blocked", "inner");
            self.WaitForExit();
            Check(self.ExitCode == 0, $"exit code {self.ExitCode}");
            return;
        }

        Check(SignalBlocking.IsBlocked(Signal.SIGCHLD), "the mask was not inherited");
        using var manager = new EventManager();
        EventManagerException refusal = Expect<EventManagerException>(() => manager.CreateSignalEvent(Signal.SIGCHLD, (_, _) => { }));
        Check(
            refusal.Error == EventManagerError.SignalBlocked && refusal.Message.Contains("WaitForExit", StringComparison.Ordinal),
            refusal.Message);
        using Process child = Process.Start(new ProcessStartInfo("true") { UseShellExecute = false })!;
        refusal = Expect<EventManagerException>(() => manager.CreateChildEvent(child, (_, _) => { }));
        Check(refusal.Error == EventManagerError.SignalBlocked, refusal.Message);
        refusal = Expect<EventManagerException>(() => SignalBlocking.Restart(Signal.SIGCHLD));
        Check(refusal.Error == EventManagerError.SignalBlocked, refusal.Message);
    }

    /// <summary>SIGCHLD is delivered, and the runtime's own children are still reaped.</summary>
    public static void BesideProcess(string[] args)
    {
        using var manager = new EventManager();
        int seen = 0;
        SignalEvent signalEvent = manager.CreateSignalEvent(Signal.SIGCHLD, (_, _) => seen++);
        for (int i = 0; i < 30; i++)
        {
            int code = i % 7;
            using Process child = Process.Start(
                new ProcessStartInfo(
                    "sh",
                    ["-c", string.Create(CultureInfo.InvariantCulture, $"exit {code}")])
                { UseShellExecute = false })!;
            child.WaitForExit();
            Check(child.ExitCode == code, $"exit code {child.ExitCode} instead of {code}");
            manager.RunOnce(TimeSpan.Zero);
        }

        manager.RunUntil(() => seen > 0);
        signalEvent.Cancel();
        using Process last = Process.Start(new ProcessStartInfo("true") { UseShellExecute = false })!;
        last.WaitForExit();
        Check(last.ExitCode == 0, $"exit code {last.ExitCode}");
    }

    /// <summary>The program restarts as the same process, with its arguments, its signals blocked, and only once.</summary>
    public static void Restart(string[] args)
    {
        Check(args is ["a b", "", "ü"], string.Join('|', args));
        bool isSecondTime = SignalBlocking.IsBlocked(Signal.SIGTERM);
        Check(isSecondTime || !SignalBlocking.IsBlocked(Signal.SIGUSR1), "already blocked");
        SignalBlocking.Restart(Signal.SIGTERM, Signal.SIGUSR1);
        Check(
            isSecondTime && SignalBlocking.IsBlocked(Signal.SIGUSR1) && !SignalBlocking.IsBlocked(Signal.SIGUSR2),
            "not blocked as asked for");
        SignalBlocking.Restart(Signal.SIGTERM);
        Send(Signal.SIGTERM);
        using var manager = new EventManager();
        SignalInfo? came = null;
        manager.CreateSignalEvent(Signal.SIGTERM, (_, info) => came = info);
        manager.RunUntil(() => came is not null);
        Check(came is { Code: 0, SenderProcessId: { } sender } && sender == Environment.ProcessId, came.ToString()!);

        // A child has another id, so the inherited mark does not prevent its restart.
        if (args.Length == 3 && Environment.GetEnvironmentVariable("NESTED") is null)
        {
            ProcessStartInfo info = Self.Info("signals-restart", "a b", "", "ü");
            info.Environment["NESTED"] = "yes";
            using Process child = SignalBlocking.StartProcess(info);
            child.WaitForExit();
            Check(child.ExitCode == 0, $"exit code {child.ExitCode}");
        }
    }

    /// <summary>A later request for other signals blocks them in addition to the first ones.</summary>
    public static void RestartTwice(string[] args)
    {
        SignalBlocking.Restart(Signal.SIGTERM);
        SignalBlocking.Restart(Signal.SIGUSR1);
        SignalBlocking.Restart(Signal.SIGTERM, Signal.SIGUSR1);
        Check(SignalBlocking.IsBlocked(Signal.SIGTERM) && SignalBlocking.IsBlocked(Signal.SIGUSR1), "not blocked");
    }

    /// <summary>A restarted program starts another one, which has the same id in its own namespace: the restart of the first does not count
    /// for the second.</summary>
    public static void RestartInNestedNamespaces(string[] args)
    {
        Check(Environment.ProcessId == 1, $"process {Environment.ProcessId}");
        SignalBlocking.Restart(Signal.SIGTERM, Signal.SIGUSR1);
        ProcessStartInfo restarting = Self.Info("signals-restart-twice");
        var startInfo = new ProcessStartInfo("unshare", ["--pid", "--fork", restarting.FileName, .. restarting.ArgumentList])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using Process child = SignalBlocking.StartProcess(startInfo);
        string error = child.StandardError.ReadToEnd();
        child.WaitForExit();
        Check(child.ExitCode == 0, error);
    }

    /// <summary>A child's signals: no handlers, only those ignored that were ignored before, and the mask of the thread that starts
    /// it.</summary>
    public static void Inherited(string[] args)
    {
        SignalBlocking.Restart(Signal.SIGUSR1);
        using var manager = new EventManager();
        manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => { });
        manager.CreateSignalEvent(Signal.SIGTERM, (_, _) => { });
        using Process child = Process.Start(Status())!;
        string status = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Check(SetOf(status, "SigBlk") == 1UL << (Signal.SIGUSR1.Number - 1), status);

        // The signals ignored at this program's start, and SIGPIPE: the runtime leaves it ignored in every child, with or without Vigil.
        Check(SetOf(status, "SigIgn") == SetOf(File.ReadAllText("/proc/self/status"), "SigIgn"), status);
        Check((SetOf(status, "SigCgt") & ((1UL << (Signal.SIGTERM.Number - 1)) | (1UL << (Signal.SIGUSR1.Number - 1)))) == 0, status);
    }

    /// <summary>A child can be started with nothing blocked, and no signal that arrives meanwhile is lost.</summary>
    public static void StartedUnblocked(string[] args)
    {
        const int Count = 400;
        SignalBlocking.Restart(RealTime3, Signal.SIGTERM);
        using var manager = new EventManager();
        int seen = 0;
        manager.CreateSignalEvent(RealTime3, (_, _) => seen++);
        var sender = new Thread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                Check(Queue(RealTime3, i) == 0, "sigqueue failed");
                Thread.Yield();
            }
        })
        { IsBackground = true };
        sender.Start();
        do
        {
            using Process child = SignalBlocking.StartProcess(Status());
            string status = child.StandardOutput.ReadToEnd();
            child.WaitForExit();
            Check(SetOf(status, "SigBlk") == 0, status);

            // SIGTERM has no callback: it stays pending, as without the child.
            Send(Signal.SIGTERM);
            manager.RunOnce(TimeSpan.Zero);
        }
        while (sender.IsAlive);
        manager.RunUntil(() => seen == Count);
        int terminations = 0;
        manager.CreateSignalEvent(Signal.SIGTERM, (_, _) => terminations++);
        manager.RunUntil(() => terminations > 0);
        Check(SignalBlocking.IsBlocked(RealTime3) && SignalBlocking.IsBlocked(Signal.SIGTERM), "not blocked again");
    }

    private static ProcessStartInfo Status() => new("cat", "/proc/self/status") { RedirectStandardOutput = true, UseShellExecute = false };

    private static ulong SetOf(string status, string name) => ulong.Parse(
        status.Split('\n').Single(line => line.StartsWith(name, StringComparison.Ordinal)).AsSpan(name.Length + 1).Trim(),
        NumberStyles.HexNumber,
        CultureInfo.InvariantCulture);

    private static void Send(Signal signal) => Check(kill(Environment.ProcessId, signal.Number) == 0, "kill failed");

    private static int Queue(Signal signal, int value) => sigqueue(Environment.ProcessId, signal.Number, value);

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    // union sigval is passed in the register of its pointer.
    [LibraryImport("libc")]
    private static partial int sigqueue(int process, int signal, nint value);

    [LibraryImport("libc")]
    private static partial uint getuid();

    [LibraryImport("libc")]
    private static partial nint signal(int signal, nint action);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint io_uring_setup(nint number, nint entries, byte[] parameters);
}
