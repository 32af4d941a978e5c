using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Vigil.IO;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>Children, on kernels that report less, and with calls that fail.</summary>
internal static partial class ChildScenarios
{
    private const int SIGUSR1 = 10;
    private const int ENOTTY = 25;
    private const int EIO = 5;
    private const uint P_PIDFD = 3;
    private const int PTRACE_SEIZE = 0x4206;
    private const int WALL = 0x40000000;

    private static PosixSignalRegistration? _handled;

    /// <summary>
    /// Two managers that notice a child's end at the same moment both know how it ended. With "old" on a kernel that does not report it
    /// afterwards.
    /// </summary>
    public static void WatchedByTwoManagers(string[] args)
    {
        int rounds = Scale.Times(100);
        if (args is ["old", ..])
        {
            BeforeLinux615();
        }

        using var one = new EventManager();
        using var two = new EventManager();
        using var step = new Barrier(2);
        int id = 0;
        ChildExit? ofTwo = null;
        ExceptionDispatchInfo? failure = null;
        bool isOver = false;
        var other = new Thread(() =>
        {
            while (true)
            {
                step.SignalAndWait();
                if (isOver)
                {
                    return;
                }

                try
                {
                    ofTwo = AwaitEnd(two, id);
                }
                catch (Exception exception)
                {
                    failure = ExceptionDispatchInfo.Capture(exception);
                }

                step.SignalAndWait();
            }
        })
        { IsBackground = true };
        other.Start();
        try
        {
            for (int i = 0; i < rounds; i++)
            {
                id = Spawn(i % 2 == 0 ? "exec sleep 0.005" : "exit 0");
                step.SignalAndWait();
                ChildExit? ofOne = null;
                try
                {
                    ofOne = AwaitEnd(one, id);
                }
                finally
                {
                    step.SignalAndWait();
                }

                failure?.Throw();
                Check(
                    (ofOne, ofTwo) is ({ ExitCode: 0 }, { ExitCode: 0 } or null) or (null, { ExitCode: 0 }),
                    $"round {i}: {ofOne?.ToString() ?? "not found"}, {ofTwo?.ToString() ?? "not found"}");
            }
        }
        finally
        {
            isOver = true;
            step.SignalAndWait();
            other.Join();
        }

        // Null if the other has seen the end before this one began to watch.
        static ChildExit? AwaitEnd(EventManager manager, int id)
        {
            ChildExit? end = null;
            try
            {
                manager.CreateChildEvent(id, (_, exit) => end = exit);
            }
            catch (EventManagerException exception) when (exception.Error == EventManagerError.ProcessNotFound)
            {
                return null;
            }

            manager.RunUntil(() => end is not null);
            return end;
        }
    }

    /// <summary>
    /// Run in its own process id namespace, with the <c>/proc</c> of another: watching a child by its id and by its descriptor is a wait
    /// for the same child.
    /// </summary>
    public static void InAnOuterProc(string[] args)
    {
        const nint SysPidFdOpen = 434;
        Check(Environment.ProcessId == 1, "this is no process id namespace of its own");
        BeforeLinux615();
        using var manager = new EventManager();
        int id = Spawn("sleep 0.05; exit 3");
        using var pidFd = new FdHandle((int)syscall(SysPidFdOpen, id, 0));
        Check(!File.ReadLines($"/proc/self/fdinfo/{pidFd.DangerousGetHandle()}").Contains($"Pid:\t{id}"), "/proc is of this namespace");
        ChildExit? byId = null;
        ChildExit? byDescriptor = null;
        manager.CreateChildEvent(id, (_, exit) => byId = exit);
        manager.CreateChildEvent(pidFd, (_, exit) => byDescriptor = exit);
        manager.RunUntil(() => byId is not null && byDescriptor is not null);
        Check(byId is { ExitCode: 3 } && byDescriptor is { ExitCode: 3 }, $"by id: {byId}, by descriptor: {byDescriptor}");
    }

    /// <summary>
    /// On a kernel that does not report it afterwards, the end of each process is still reported with code or signal, whoever waits for it
    /// first.
    /// </summary>
    public static void BeforeLinux615(string[] args)
    {
        BeforeLinux615();
        bool isBusy = args is ["busy"];
        int rounds = Scale.Times(isBusy ? 30 : 60);
        using var manager = new EventManager();
        var exits = new Dictionary<int, ChildExit>();
        var expected = new Dictionary<int, ChildExit>();
        for (int i = 0; i < rounds; i++)
        {
            bool bySignal = i % 4 == 3;
            string command = bySignal ? "kill -TERM $$" : string.Create(CultureInfo.InvariantCulture, $"exit {i % 100}");
            using Process process = Process.Start(new ProcessStartInfo("sh", ["-c", command]) { UseShellExecute = false })!;
            expected[process.Id] = bySignal ? new ChildExit(null, Signal.SIGTERM) : new ChildExit(i % 100, null);
            exits.Remove(process.Id);
            manager.CreateChildEvent(process, (child, exit) => exits[child.ProcessId!.Value] = exit);
            int id = process.Id;
            if (isBusy)
            {
                // The runtime waits first.
                process.WaitForExit();
            }

            manager.RunUntil(() => exits.ContainsKey(id));
            Check(exits[id] == expected[id], $"round {i}: {exits[id]} instead of {expected[id]}");
        }

        // A child that no Process object knows, watched by several events, also by descriptor.
        for (int i = 0; i < Scale.Times(20); i++)
        {
            int id = Spawn("exec sleep 0.001");
            var told = new List<ChildExit>();
            manager.CreateChildEvent(id, (_, exit) => told.Add(exit));
            using (var pidFd = new FdHandle((int)syscall(434, id, 0)))
            {
                manager.CreateChildEvent(pidFd, (_, exit) => told.Add(exit));
            }

            manager.CreateChildEvent(id, (_, exit) => told.Add(exit));
            manager.RunUntil(() => told.Count == 3);
            Check(told.TrueForAll(exit => exit.ExitCode == 0), string.Join(", ", told));
        }
    }

    /// <summary>
    /// If the kernel does not give out a child's status, that is reported, the status is asked for again, and the end is finally reported
    /// without it; nothing spins meanwhile.
    /// </summary>
    public static void WaitFails(string[] args)
    {
        using var manager = new EventManager();
        var reports = new List<FaultReport>();
        manager.FaultReported += (_, report) => reports.Add(report);
        int id = Spawn("exec sleep 0.05; exit 3");
        ChildExit? end = null;
        ChildEvent child = manager.CreateChildEvent(id, (_, exit) => end = exit);
        bool isMended = args is ["mended"];
        RunOnFilteredThread(() =>
        {
            // Until it is reported; the next run may be on a thread whose call succeeds.
            while (isMended ? reports.Count == 0 : end is null)
            {
                manager.RunOnce(TimeSpan.FromSeconds(60));
            }
        });
        Check(
            reports[0] is { Origin: FaultOrigin.ChildEvent, Fd: >= 0, Exception: EventManagerException { Errno: EIO } }
                && reports[0].Event == child,
            string.Join('\n', reports));
        if (isMended)
        {
            manager.RunUntil(() => end is not null);
            Check(end is { ExitCode: 0 } && reports.Count == 1, $"{end}, {string.Join('\n', reports)}");
            return;
        }

        Check(
            end == default(ChildExit) && reports.Count == 2 && reports[1].Exception.Message.Contains("zombie", StringComparison.Ordinal),
            $"{end}, {string.Join('\n', reports)}");
        Check(manager.GetStatistics().Iterations < 100, $"{manager.GetStatistics().Iterations} iterations");

        // A failure at creation and at disposal is reported, too.
        int second = Spawn("exec sleep 600");
        var other = new EventManager();
        other.FaultReported += (_, report) => reports.Add(report);
        other.CreateChildEvent(second, (_, _) => { }, new() { KillOnDispose = true });
        reports.Clear();
        RunOnFilteredThread(() =>
        {
            EventManagerException refusal = Expect<EventManagerException>(() => other.CreateChildEvent(second, (_, _) => { }));
            Check(refusal is { Error: EventManagerError.System, Errno: EIO }, refusal.ToString());
            other.Dispose();
        });
        Check(reports is [{ Exception: EventManagerException { Errno: EIO } }], string.Join('\n', reports));
    }

    /// <summary>A child that announces its end by no signal, or by another one than SIGCHLD, is waited for like any other.</summary>
    public static void WithAnotherExitSignal(string[] args)
    {
        // Until the end of the process: a signal that the runtime has not read yet would have its default action.
        _handled = PosixSignalRegistration.Create((PosixSignal)SIGUSR1, context => context.Cancel = true);
        foreach (int exitSignal in new[] { 0, SIGUSR1 })
        {
            using var manager = new EventManager();
            ChildExit? end = null;
            int id = Clone("_exit", argument: 7, exitSignal);
            manager.CreateChildEvent(id, (_, exit) => end = exit);
            manager.RunUntil(() => end is not null);
            Check(end is { ExitCode: 7 }, $"{end}");
            Check(!Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}")), "it is still a zombie");

            end = null;
            id = Clone("sleep", argument: 600, exitSignal);
            ChildEvent child = manager.CreateChildEvent(id, (_, exit) => end = exit);
            Check(child.Send(Signal.SIGKILL), "not sent");
            manager.RunUntil(() => end is not null);
            Check(end == new ChildExit(null, Signal.SIGKILL), $"{end}");
            Check(!Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}")), "it is still a zombie");
        }
    }

    /// <summary>
    /// If foreign code waits for a child at the moment when watching it begins, or when its end is noticed, the kernel still gives its code
    /// (Linux 6.15).
    /// </summary>
    public static void ReapedByForeignCode(string[] args)
    {
        if (Environment.OSVersion.Version < new Version(6, 15))
        {
            return;
        }

        int rounds = Scale.Times(150);
        using var manager = new EventManager();

        // Never disposed: the thread waits at it when the scenario, and with it the process, ends.
        var step = new Barrier(2);
        int id = 0;
        int reaped = 0;
        new Thread(() =>
        {
            while (true)
            {
                step.SignalAndWait();
                reaped += waitpid(id, out _, 0) == id ? 1 : 0;
                step.SignalAndWait();
            }
        })
        { IsBackground = true }.Start();
        for (int i = 0; i < rounds; i++)
        {
            id = Spawn(i % 2 == 0 ? "exec sleep 0.002" : "exit 0");
            using var pidFd = new FdHandle((int)syscall(434, id, 0));
            step.SignalAndWait();
            ChildExit? end = null;
            manager.CreateChildEvent(pidFd, (_, exit) => end = exit);
            manager.RunUntil(() => end is not null);
            step.SignalAndWait();
            Check(end is { ExitCode: 0 }, $"round {i}: {end}");
        }

        Check(reaped > 0, "the foreign code was never first");
    }

    /// <summary>A traced child's end goes to its tracer first. It is reported, with its signal, when the tracer has waited for the child,
    /// which is then reaped.</summary>
    public static void Traced(string[] args)
    {
        if (args is [string traced])
        {
            // This is the tracer.
            int child = int.Parse(traced, CultureInfo.InvariantCulture);
            bool isAllowed = ptrace(PTRACE_SEIZE, child, 0, 0) == 0;
            Console.WriteLine(isAllowed ? "traces" : "refused");
            Console.ReadLine();
            Check(!isAllowed || waitpid(child, out _, WALL) == child, "the tracer was not told");
            return;
        }

        using var manager = new EventManager();
        int id = Spawn("exec sleep 600");
        ChildExit? end = null;
        ChildEvent watched = manager.CreateChildEvent(id, (_, exit) => end = exit);
        ProcessStartInfo info = Self.Info("children-traced", id.ToString(CultureInfo.InvariantCulture));
        info.RedirectStandardInput = info.RedirectStandardOutput = true;
        using Process tracer = Process.Start(info)!;
        bool isTraced = tracer.StandardOutput.ReadLine() == "traces";
        Check(watched.Send(Signal.SIGKILL), "not sent");
        string status = string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat");
        if (isTraced)
        {
            while (!File.ReadAllText(status).Contains(") Z ", StringComparison.Ordinal))
            {
                manager.RunOnce(TimeSpan.FromMilliseconds(1));
            }

            long iterations = manager.GetStatistics().Iterations;
            manager.RunOnce(TimeSpan.FromMilliseconds(50));
            Check(end is null, $"{end} while the tracer has not heard of it");
            Check(manager.GetStatistics().Iterations <= iterations + 1, "the loop spins");
        }

        tracer.StandardInput.WriteLine();
        manager.RunUntil(() => end is not null);
        Check(end == new ChildExit(null, Signal.SIGKILL), $"{end}");
        Check(!File.Exists(status), "it is still a zombie");
        tracer.WaitForExit();
        Check(tracer.ExitCode == 0, $"exit code {tracer.ExitCode}");
    }

    // From Linux 6.15 on PIDFD_GET_INFO says how a process has ended. Before 6.13 there is no such call.
    private static void BeforeLinux615() =>
        SystemCallFilter.Refuse(SystemCallFilter.Ioctl, argument: 1, value: 0xC040FF0B, ENOTTY, everywhere: true);

    // waitid(P_PIDFD) fails there; the runtime's own waits use another form.
    private static void RunOnFilteredThread(Action action)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                SystemCallFilter.Refuse(SystemCallFilter.WaitId, argument: 0, P_PIDFD, EIO, everywhere: false);
                action();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    // A child that runs one function of the C library and nothing of this program.
    private static unsafe int Clone(string function, nint argument, int exitSignal)
    {
        const int StackSize = 256 * 1024;
        nint library = NativeLibrary.Load("libc.so.6");
        byte* stack = (byte*)NativeMemory.AlignedAlloc(StackSize, 16);
        int id = clone(NativeLibrary.GetExport(library, function), stack + StackSize, exitSignal, argument);
        NativeMemory.AlignedFree(stack);
        Check(id > 0, "clone failed");
        return id;
    }

    // A child that System.Diagnostics.Process does not know.
    private static int Spawn(string command)
    {
        string?[] arguments = ["sh", "-c", command, null];
        string?[] environment = ["PATH=/usr/local/bin:/usr/bin:/bin", null];
        Check(posix_spawn(out int id, "/bin/sh", 0, 0, arguments, environment) == 0, "posix_spawn failed");
        return id;
    }

    [LibraryImport("libc")]
    private static unsafe partial int clone(nint function, byte* stack, int flags, nint argument);

    [LibraryImport("libc")]
    private static partial nint ptrace(nint request, nint process, nint address, nint data);

    [LibraryImport("libc")]
    private static partial int waitpid(int id, out int status, int options);

    [LibraryImport("libc")]
    private static partial nint syscall(nint number, nint first, nint second);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(
        out int id,
        string path,
        nint actions,
        nint attributes,
        string?[] arguments,
        string?[] environment);
}
