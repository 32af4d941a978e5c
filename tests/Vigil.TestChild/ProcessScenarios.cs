using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>Starting and killing processes while signals arrive that are sent to this process alone.</summary>
internal static partial class ProcessScenarios
{
    private static readonly Signal RealTime3 = Signal.RealTime(3);

    /// <summary>Signals that arrive while several threads start processes unblocked count once each.</summary>
    public static void StartedByThreads(string[] args) => CountWhileStarting(3, Scale.Times(300), () =>
    {
        using Process child = SignalBlocking.StartProcess(Info("true"));
        child.WaitForExit();
    });

    /// <summary>
    /// A signal that was caught at the end of one start does not end the program at the beginning of the next. Failing starts follow each
    /// other as closely as possible.
    /// </summary>
    public static void StartedInARow(string[] args) => CountWhileStarting(1, Scale.Times(8_000), () =>
        Expect<Win32Exception>(() => SignalBlocking.StartProcess(Info("/nowhere/at-all"))));

    /// <summary>
    /// The program started with a signal blocked, and a thread has it unblocked for good. If nothing handles the signal, that thread gets
    /// its default action, also after a process was started: this process ends.
    /// </summary>
    public static void StartedAndUnblocked(string[] args)
    {
        if (args is [])
        {
            using Process self = Self.Start("signals-started-and-unblocked", "inner");
            self.WaitForExit();
            Check(self.ExitCode == 128 + RealTime3.Number, $"exit code {self.ExitCode}");
            return;
        }

        SignalBlocking.Restart(RealTime3);
        SignalBlocking.StartProcess(Info("true")).Dispose();
        SignalMask.Unblock(RealTime3);
        Queue(0);
        Thread.Sleep(Timeout.Infinite);
    }

    /// <summary>If only the thread that starts a process has a signal blocked, other threads' handlers still get each signal
    /// once.</summary>
    public static void StartedWhereOneThreadBlocks(string[] args)
    {
        var starter = new Thread(() =>
        {
            SignalMask.Block(RealTime3);
            SignalBlocking.StartProcess(Info("true")).Dispose();
        });
        starter.Start();
        starter.Join();
        using var heard = new SemaphoreSlim(0);
        using PosixSignalRegistration registration = PosixSignalRegistration.Create((PosixSignal)RealTime3.Number, context =>
        {
            context.Cancel = true;
            heard.Release();
        });
        Queue(0);
        Check(heard.Wait(TimeSpan.FromSeconds(60)), "the signal was not heard");
        Check(!heard.Wait(TimeSpan.FromMilliseconds(100)), "the signal was heard more than once");
    }

    /// <summary>Signals that are pending when a process is started keep their order and values.</summary>
    public static void StartedWithSignalsPending(string[] args)
    {
        SignalBlocking.Restart(RealTime3);
        using var manager = new EventManager();
        var values = new List<int?>();
        manager.CreateSignalEvent(RealTime3, (_, info) => values.Add(info.Value));
        for (int i = 0; i < 100; i++)
        {
            Queue(i);
        }

        using Process child = SignalBlocking.StartProcess(Info("true"));
        manager.RunUntil(() => values.Count == 100);
        Check(values.SequenceEqual(Enumerable.Range(0, 100).Select(value => (int?)value)), string.Join(' ', values));
    }

    /// <summary>A signal kept while threads start processes without a pause is delivered as soon as it is handled.</summary>
    public static void StartedWithSignalsKept(string[] args)
    {
        if (args is [])
        {
            // Without the recompilation thread: if a thread that starts a process created it, it would have nothing blocked.
            ProcessStartInfo info = Self.Info("signals-started-with-kept", "inner");
            info.Environment["DOTNET_TieredCompilation"] = "0";
            using Process self = Process.Start(info)!;
            self.WaitForExit();
            Check(self.ExitCode == 0, $"exit code {self.ExitCode}");
            return;
        }

        SignalBlocking.Restart(RealTime3);
        int started = 0;
        for (int i = 0; i < 3; i++)
        {
            new Thread(() =>
            {
                while (true)
                {
                    SignalBlocking.StartProcess(Info("true")).Dispose();
                    Interlocked.Increment(ref started);
                }
            })
            { IsBackground = true }.Start();
        }

        while (Volatile.Read(ref started) < 30)
        {
            Thread.Sleep(1);
        }

        Queue(0);
        for (int enough = Volatile.Read(ref started) + 30; Volatile.Read(ref started) < enough;)
        {
            Thread.Sleep(1);
        }

        using var manager = new EventManager();
        int seen = 0;
        manager.CreateSignalEvent(RealTime3, (_, _) => seen++);
        manager.RunUntil(() => seen == 1);
    }

    /// <summary>A child that cannot be killed is reported, and not waited for.</summary>
    public static void NotKilled(string[] args)
    {
        if (Environment.UserName != "root")
        {
            return;
        }

        var manager = new EventManager();
        int faults = 0;
        manager.FaultReported += (_, _) => faults++;
        int id = Spawn("exec sleep 12 </dev/null >/dev/null 2>&1");
        manager.CreateChildEvent(id, (_, _) => { }, new() { KillOnDispose = true });
        Check(setresuid(65534, 65534, 65534) == 0, "setresuid failed");
        long start = Stopwatch.GetTimestamp();
        manager.Dispose();
        Check(faults == 1, $"{faults} faults");
        Check(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(9), "the child was waited for");
    }

    /// <summary>A child that is killed with its manager is waited for, even if signal handlers interrupt the wait.</summary>
    public static void KilledAmongSignals(string[] args)
    {
        using PosixSignalRegistration urgent = PosixSignalRegistration.Create((PosixSignal)23, context => context.Cancel = true);
        nint disposer = pthread_self();
        bool isOver = false;
        var sender = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                Check(pthread_kill(disposer, 23) == 0, "pthread_kill failed");
                Thread.Yield();
            }
        })
        { IsBackground = true };
        sender.Start();
        for (int i = 0; i < 30; i++)
        {
            var manager = new EventManager();
            int id = Spawn("exec sleep 600");
            manager.CreateChildEvent(id, (_, _) => { }, new() { KillOnDispose = true });
            manager.Dispose();
            Check(!Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}")), $"child {i} was not waited for");
        }

        Volatile.Write(ref isOver, true);
        sender.Join();
    }

    // Sends signals one by one, each while the starters start as many processes as they can.
    private static void CountWhileStarting(int starters, int signals, Action start)
    {
        SignalBlocking.Restart(RealTime3);
        using var manager = new EventManager();
        int seen = 0;
        manager.CreateSignalEvent(RealTime3, (_, _) => seen++);
        int started = 0;
        bool isOver = false;
        Thread[] threads = [.. Enumerable.Range(0, starters).Select(_ => new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                start();
                Interlocked.Increment(ref started);
            }
        })
        { IsBackground = true })];
        Array.ForEach(threads, thread => thread.Start());
        for (int i = 0; i < signals || Volatile.Read(ref started) < 20; i++)
        {
            Queue(i);
            int wanted = i + 1;
            manager.RunUntil(() => seen >= wanted);
        }

        int sent = seen;
        Volatile.Write(ref isOver, true);
        Array.ForEach(threads, thread => thread.Join());

        // Signals that were counted twice are on their way, ahead of this one.
        Queue(-1);
        manager.RunUntil(() => seen > sent);
        while (manager.RunOnce(TimeSpan.Zero) > 0)
        {
        }

        Check(seen == sent + 1 && sent >= signals, $"{seen} deliveries of {sent + 1} signals");
    }

    private static ProcessStartInfo Info(string program) => new(program) { UseShellExecute = false };

    // A child that System.Diagnostics.Process does not know.
    private static int Spawn(string command)
    {
        string?[] arguments = ["sh", "-c", command, null];
        string?[] environment = ["PATH=/usr/local/bin:/usr/bin:/bin", null];
        Check(posix_spawn(out int id, "/bin/sh", 0, 0, arguments, environment) == 0, "posix_spawn failed");
        return id;
    }

    private static void Queue(int value) => Check(sigqueue(Environment.ProcessId, RealTime3.Number, value) == 0, "sigqueue failed");

    [LibraryImport("libc")]
    private static partial int sigqueue(int process, int signal, nint value);

    [LibraryImport("libc")]
    private static partial int setresuid(uint real, uint effective, uint saved);

    [LibraryImport("libc")]
    private static partial nint pthread_self();

    [LibraryImport("libc")]
    private static partial int pthread_kill(nint thread, int signal);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(
        out int id,
        string path,
        nint actions,
        nint attributes,
        string?[] arguments,
        string?[] environment);
}
