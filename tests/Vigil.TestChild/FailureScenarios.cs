using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Vigil.IO;
using Vigil.Polling;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>System calls that fail.</summary>
internal static partial class FailureScenarios
{
    private const int O_CLOEXEC = 0x80000;

    /// <summary>A signalfd that cannot be read is reported once, without spinning; when it can be read again, the signals from meanwhile
    /// are delivered.</summary>
    public static void SignalFdUnreadable(string[] args)
    {
        const int EIO = 5;
        SignalBlocking.Restart(Signal.SIGUSR1);
        using var manager = new EventManager();
        var faults = new List<FaultReport>();
        manager.FaultReported += (_, report) => faults.Add(report);
        int told = 0;
        manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => told++);
        int fd = NumberOf("anon_inode:[signalfd]");
        Check(kill(Environment.ProcessId, Signal.SIGUSR1.Number) == 0, "kill failed");
        bool couldRefuse = false;
        var loop = new Thread(() =>
        {
            couldRefuse = SystemCallFilter.TryRefuse(SystemCallFilter.Read, argument: 0, (uint)fd, EIO, everywhere: false);
            TimeSpan limit = TimeSpan.FromMilliseconds(300);
            for (int i = 0; couldRefuse && i < 2; i++)
            {
                long start = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(start) < limit)
                {
                    manager.RunOnce(limit);
                }
            }
        });
        loop.Start();
        loop.Join();
        if (!couldRefuse)
        {
            Console.Error.WriteLine("This system does not allow filters of system calls.");
            return;
        }

        Check(told == 0, "told though nothing could be read");
        Check(
            faults is [{ Fd: var reported, Exception: EventManagerException { Errno: EIO, Error: EventManagerError.System } }]
                && reported == fd,
            string.Join('\n', faults));
        manager.RunUntil(() => told == 1);
        Check(faults.Count == 1, string.Join('\n', faults));
    }

    /// <summary>A signalfd whose number foreign code has closed and used again: the next signal event opens another, for the events that
    /// there are, too.</summary>
    /// <param name="args">"same" for another event of the same signal.</param>
    public static void SignalFdReplaced(string[] args)
    {
        SignalBlocking.Restart(Signal.SIGUSR1, Signal.SIGUSR2);
        using var manager = new EventManager();
        var faults = new List<FaultReport>();
        manager.FaultReported += (_, report) => faults.Add(report);
        int first = 0;
        int second = 0;
        manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => first++);
        int fd = NumberOf("anon_inode:[signalfd]");
        using (var stranger = new EventFd())
        {
            Check(dup3(new FileDescriptor(stranger).Number, fd, O_CLOEXEC) == fd, "dup3 failed");
        }

        manager.CreateSocketEvent(fd, EventSet.In, (_, _) => { });
        Check(
            faults is [{ Exception: EventManagerException { Error: EventManagerError.DescriptorReplaced } }],
            string.Join('\n', faults));
        Signal other = args is ["same"] ? Signal.SIGUSR1 : Signal.SIGUSR2;
        manager.CreateSignalEvent(other, (_, _) => second++);
        Check(kill(Environment.ProcessId, Signal.SIGUSR1.Number) == 0, "kill failed");
        Check(kill(Environment.ProcessId, Signal.SIGUSR2.Number) == 0, "kill failed");
        manager.RunUntil(() => first == 1 && second == 1);
        Check(faults.Count == 1, string.Join('\n', faults));
    }

    /// <summary>A poller of the program's own that throws when the signalfd is removed: the signals are not the manager's any more all the
    /// same.</summary>
    /// <param name="args">"cancelled" if the event is cancelled before the manager is disposed.</param>
    public static void SignalFdOfPollerThatThrows(string[] args)
    {
        SignalBlocking.Restart(Signal.SIGUSR1);
        var poller = new ThrowingPoller();
        using var manager = new EventManager(new EventManagerOptions { PollerFactory = () => poller });
        var faults = new List<FaultReport>();
        manager.FaultReported += (_, report) => faults.Add(report);
        SignalEvent signalEvent = manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => { });
        _ = NumberOf("anon_inode:[signalfd]");
        poller.Throws = true;
        if (args is ["cancelled"])
        {
            _ = Expect<FormatException>(signalEvent.Cancel);
            Check(faults.Count == 0, string.Join('\n', faults));
        }

        manager.Dispose();
        Check(faults.TrueForAll(fault => fault.Origin == FaultOrigin.Disposal), string.Join('\n', faults));
        _ = Expect<InvalidOperationException>(() => NumberOf("anon_inode:[signalfd]"));
    }

    private static int NumberOf(string kind) =>
        int.Parse(
            Path.GetFileName(Directory.GetFileSystemEntries("/proc/self/fd").Single(path => new FileInfo(path).LinkTarget == kind)),
            CultureInfo.InvariantCulture);

    /// <summary>A poller of which nothing is ready, and that throws when something is removed.</summary>
    private sealed class ThrowingPoller : IPoller
    {
        public bool Throws { get; set; }

        public int Add(int fd, SourceToken token, EventSet interest) => 0;

        public int Modify(int fd, SourceToken token, EventSet interest) => 0;

        public int Remove(int fd) => Throws ? throw new FormatException("removal") : 0;

        public int Wait(Deadline deadline, ReadyBuffer ready)
        {
            ready.Clear();
            return 0;
        }

        public int BeginRebuild() => 0;

        public int Transfer(int fd, SourceToken token, EventSet? interest) => 0;

        public void EndRebuild()
        {
        }

        public void AbandonRebuild()
        {
        }

        public void Dispose()
        {
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc")]
    private static partial int dup3(int from, int to, int flags);
}
