using System.Globalization;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>How the kernel treats a signal to this process at this moment, from <c>/proc</c> (<c>proc_pid_status(5)</c>).</summary>
/// <param name="IsIgnored">Whether its action is SIG_IGN, so that it never arrives.</param>
/// <param name="Threads">The number of threads of the process.</param>
/// <param name="BlockedThreads">The number of threads that have it blocked.</param>
/// <param name="StartingThreads">The number of these that have it blocked only briefly, since they are being started.</param>
/// <remarks>
/// Threads here exclude the kernel's own in the process: those of io_uring (SQPOLL, workers) and of vhost. They have every
/// signal blocked forever, run no code of the program, and do not affect where a signal goes.
/// </remarks>
internal readonly record struct SignalStatus(bool IsIgnored, int Threads, int BlockedThreads, int StartingThreads)
{
    private const string TasksDirectory = "/proc/self/task";

    // Long enough for a thread that waits for a busy processor to get its turn.
    private const int Looks = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    // Signals 32 and 33 are the C library's own (nptl(7)): it leaves them out of every mask that it is asked to set, and blocks them itself
    // while it starts a thread or a process.
    private const ulong LibrarysOwn = 3UL << 31;

    // PF_IO_WORKER and PF_USER_WORKER of the kernel's task flags (linux/sched.h). Kernels without them have no such threads in the process.
    private const uint KernelsOwn = 0x10 | 0x4000;

    public bool IsBlockedEverywhere => BlockedThreads == Threads;

    public bool IsBlockedSomewhere => BlockedThreads > 0;

    /// <summary>How the kernel treats a signal, ignoring brief states.</summary>
    /// <remarks>
    /// A thread that is being started, one that starts another, and one that starts a process have every signal blocked briefly,
    /// by the C library and by the runtime. So if only some threads have it blocked, this checks again: a mask that was
    /// set deliberately stays, and is believed after a second. A thread that is still being started then, because its processor is busy, is
    /// not counted: it will get the mask of its creator.
    /// </remarks>
    public static SignalStatus Of(Signal signal)
    {
        SignalStatus status = AtThisMoment(signal);
        for (int i = 1; i < Looks && status is { IsBlockedSomewhere: true, IsBlockedEverywhere: false }; i++)
        {
            Thread.Sleep(Pause);
            status = AtThisMoment(signal);
        }

        return status with
        {
            Threads = status.Threads - status.StartingThreads,
            BlockedThreads = status.BlockedThreads - status.StartingThreads,
            StartingThreads = 0,
        };
    }

    /// <summary>A signal's bit in a set of 64 bits.</summary>
    public static ulong BitOf(Signal signal) => 1UL << (signal.Number - 1);

    /// <summary>How the kernel treats a signal now, even if only briefly.</summary>
    public static SignalStatus AtThisMoment(Signal signal)
    {
        ulong bit = BitOf(signal);
        bool isIgnored = false;
        int threads = 0;
        int blocked = 0;
        int starting = 0;
        try
        {
            foreach (string task in Directory.EnumerateDirectories(TasksDirectory))
            {
                if (!TryRead(Path.Combine(task, "status"), out ulong blockedSignals, out ulong ignoredSignals))
                {
                    continue;
                }

                isIgnored |= (ignoredSignals & bit) != 0;
                bool blocksAll = (blockedSignals & (LibrarysOwn | bit)) == (LibrarysOwn | bit);
                if (blocksAll && IsKernelsOwn(Path.Combine(task, "stat")))
                {
                    continue;
                }

                threads++;
                blocked += (blockedSignals & bit) != 0 ? 1 : 0;
                starting += blocksAll ? 1 : 0;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The runtime passes on an errno for which it has no exception unchanged: EMFILE, ENFILE.
            int errno = exception switch
            {
                DirectoryNotFoundException => Errno.ENOENT,
                UnauthorizedAccessException => Errno.EACCES,
                _ => exception.HResult,
            };
            throw FdHandle.Failed($"Reading {TasksDirectory}, to see on which threads {signal} is blocked,", errno);
        }

        return new SignalStatus(isIgnored, threads, blocked, starting);
    }

    // False if the thread has ended meanwhile: then its file cannot be opened (ENOENT) or read (ESRCH). No other failure may count as
    // that: with no thread left to check, every signal would look blocked everywhere and nowhere.
    private static bool TryRead(string path, out ulong blocked, out ulong ignored)
    {
        blocked = ignored = 0;
        try
        {
            foreach (string line in File.ReadLines(path))
            {
                blocked |= SetIn(line, "SigBlk:");
                ignored |= SetIn(line, "SigIgn:");
            }

            return true;
        }
        catch (IOException exception)
            when (exception is FileNotFoundException or DirectoryNotFoundException || exception.HResult == Errno.ESRCH)
        {
            return false;
        }
    }

    // proc_pid_stat(5): the name is in parentheses and may hold any character; then follow the state, five numbers, and the flags. A thread
    // that has ended meanwhile is ignored.
    private static bool IsKernelsOwn(string path)
    {
        const int FieldOfFlags = 6;
        try
        {
            string text = File.ReadAllText(path);
            string[] fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields.Length > FieldOfFlags
                && uint.TryParse(fields[FieldOfFlags], NumberStyles.None, CultureInfo.InvariantCulture, out uint flags)
                && (flags & KernelsOwn) != 0;
        }
        catch (IOException exception)
            when (exception is FileNotFoundException or DirectoryNotFoundException || exception.HResult == Errno.ESRCH)
        {
            return false;
        }
    }

    private static ulong SetIn(string line, string name) => line.StartsWith(name, StringComparison.Ordinal)
        ? ulong.Parse(line.AsSpan(name.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : 0;
}
