using System.Globalization;

namespace Vigil.Signals;

/// <summary>What the kernel does with a signal to this process at this moment, from <c>/proc</c> (<c>proc_pid_status(5)</c>).</summary>
/// <param name="IsIgnored">Whether its action is SIG_IGN, so that it never arrives.</param>
/// <param name="Threads">How many threads the process has.</param>
/// <param name="BlockedThreads">On how many of them it is blocked.</param>
internal readonly record struct SignalStatus(bool IsIgnored, int Threads, int BlockedThreads)
{
    private const string TasksDirectory = "/proc/self/task";

    public bool IsBlockedEverywhere => BlockedThreads == Threads;

    public bool IsBlockedSomewhere => BlockedThreads > 0;

    public static SignalStatus Of(Signal signal)
    {
        ulong bit = BitOf(signal);
        bool isIgnored = false;
        int threads = 0;
        int blocked = 0;
        foreach (string task in Directory.EnumerateDirectories(TasksDirectory))
        {
            if (TryRead(Path.Combine(task, "status"), out ulong blockedSignals, out ulong ignoredSignals))
            {
                threads++;
                blocked += (blockedSignals & bit) != 0 ? 1 : 0;
                isIgnored |= (ignoredSignals & bit) != 0;
            }
        }

        return new SignalStatus(isIgnored, threads, blocked);
    }

    /// <summary>A signal's place in a set of 64 bits.</summary>
    public static ulong BitOf(Signal signal) => 1UL << (signal.Number - 1);

    // False where the thread has ended meanwhile: then its file cannot be opened (ENOENT) or read (ESRCH).
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
        catch (IOException)
        {
            return false;
        }
    }

    private static ulong SetIn(string line, string name) => line.StartsWith(name, StringComparison.Ordinal)
        ? ulong.Parse(line.AsSpan(name.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : 0;
}
