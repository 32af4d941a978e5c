using System.Globalization;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>What the kernel does with a signal to this process at this moment, from <c>/proc</c> (<c>proc_pid_status(5)</c>).</summary>
/// <param name="IsIgnored">Whether its action is SIG_IGN, so that it never arrives.</param>
/// <param name="Threads">How many threads the process has.</param>
/// <param name="BlockedThreads">On how many of them it is blocked.</param>
/// <param name="StartingThreads">On how many of these for a moment only, since they are being started.</param>
/// <remarks>
/// The kernel's own threads in the process are none of the threads here: those of io_uring (SQPOLL, workers) and of vhost. They have every
/// signal blocked for ever, run no code of the program, and change nothing about where a signal goes.
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

    // PF_IO_WORKER and PF_USER_WORKER of the kernel's task flags (linux/sched.h). Where they do not exist yet, such threads are not in the
    // process.
    private const uint KernelsOwn = 0x10 | 0x4000;

    public bool IsBlockedEverywhere => BlockedThreads == Threads;

    public bool IsBlockedSomewhere => BlockedThreads > 0;

    /// <summary>What the kernel does with a signal, as far as that lasts.</summary>
    /// <remarks>
    /// A thread that is being started, one that starts another, and one that starts a process have every signal blocked for moments,
    /// by the C library and by the runtime. So where only some threads have it blocked, it is looked at again: a mask that somebody
    /// set stays, and is believed after a second. Where a thread still is being started then, because its processor is busy, it is not
    /// counted: its mask is going to be that of the one that starts it.
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

    /// <summary>A signal's place in a set of 64 bits.</summary>
    public static ulong BitOf(Signal signal) => 1UL << (signal.Number - 1);

    /// <summary>What the kernel does with a signal now, be it only for a moment.</summary>
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
            // The runtime hands on an errno that it has no exception for as it is: EMFILE, ENFILE.
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

    // False where the thread has ended meanwhile: then its file cannot be opened (ENOENT) or read (ESRCH). Any other failure must not pass
    // for that: with no thread left to ask, every signal would look blocked everywhere and nowhere.
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
        catch (IOException exception) when (exception is FileNotFoundException or DirectoryNotFoundException || exception.HResult == Errno.ESRCH)
        {
            return false;
        }
    }

    // proc_pid_stat(5): the name is in parentheses and may hold any character, then come the state, five numbers, and the flags. A thread
    // that has ended meanwhile is no matter.
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
        catch (IOException exception) when (exception is FileNotFoundException or DirectoryNotFoundException || exception.HResult == Errno.ESRCH)
        {
            return false;
        }
    }

    private static ulong SetIn(string line, string name) => line.StartsWith(name, StringComparison.Ordinal)
        ? ulong.Parse(line.AsSpan(name.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : 0;
}
