using System.Diagnostics;
using System.Globalization;
using Vigil.Interop;

namespace Vigil;

/// <summary>
/// Blocks signals on every thread of the program, which <see cref="SignalRoute.SignalFd"/> needs. A thread inherits its mask
/// from its creator (<c>pthread_sigmask(3)</c>), and the runtime's own threads exist before any code of the program
/// runs. So signals must be blocked before the program starts, by its starter or by <see cref="Restart"/>. Any thread may
/// use this class.
/// </summary>
public static class SignalBlocking
{
    // Holds the restarted process, so that a child that inherits the variable ignores it, and the blocked signals. The process is
    // identified by its id and pid namespace: they survive execve, and no other process has both while this one lives.
    private const string RestartedVariable = "VIGIL_RESTARTED_WITH_SIGNALS_BLOCKED";

    /// <summary>Whether every thread has a signal blocked. If only some have, it checks for up to a second whether that lasts.</summary>
    /// <param name="signal">The signal.</param>
    /// <exception cref="ArgumentException"><paramref name="signal"/> is <c>default</c>.</exception>
    /// <exception cref="EventManagerException">It cannot be determined, for instance because too many files are open
    /// (<c>EMFILE</c>).</exception>
    public static bool IsBlocked(Signal signal)
    {
        SignalRules.RequireSignal(signal);
        return SignalStatus.Of(signal).IsBlockedEverywhere;
    }

    /// <summary>
    /// Returns at once if every thread has the signals blocked. Otherwise executes the program again (<c>execve(2)</c>), as the same
    /// process, with the same arguments, and with these signals blocked; then it does not return. Call it first in <c>Main</c>,
    /// since everything the program has done until then is lost.
    /// </summary>
    /// <param name="signals">The signals to block. List only those to be handled: a blocked SIGSEGV turns a
    /// <see cref="NullReferenceException"/> into a crash.</param>
    /// <exception cref="EventManagerException">One of the signals cannot be handled or must not be blocked, or the kernel refused to
    /// execute the program.</exception>
    public static void Restart(params ReadOnlySpan<Signal> signals)
    {
        ulong wanted = 0;
        bool isDone = true;
        foreach (Signal signal in signals)
        {
            SignalRules.RequireBlockable(signal);
            wanted |= SignalStatus.BitOf(signal);
            isDone = isDone && IsBlocked(signal);
        }

        if (isDone)
        {
            return;
        }

        string processId = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        string identity = $"{processId}/{new FileInfo("/proc/self/ns/pid").LinkTarget}";
        ulong blocked = BlockedByRestart(identity);
        if ((wanted & ~blocked) == 0)
        {
            throw new EventManagerException(
                EventManagerError.SignalBlocked,
                "The program was executed again with its signals blocked, and yet some thread has one of them unblocked. "
                    + "Something in the program unblocks signals.");
        }

        string path = ProgramPath();
        List<byte[]> arguments = Arguments();
        RemoveDiagnosticsSocket(processId);
        ulong before = SignalNative.Block(wanted);

        // Without the variable, a program in which something unblocks signals would be executed again without end.
        string mark = string.Create(CultureInfo.InvariantCulture, $"{identity} {wanted | blocked:x}");
        int errno = ExecNative.SetEnvironment(RestartedVariable, mark);
        if (errno == Errno.Success)
        {
            errno = ExecNative.Exec(path, arguments);
            ExecNative.ClearEnvironment(RestartedVariable);
        }

        SignalNative.SetMask(before);
        throw new EventManagerException(
            EventManagerError.System, $"The program could not be executed again: {Errno.Describe(errno)}.", errno: errno);
    }

    /// <summary>
    /// Starts a process with no signals blocked. A child inherits the mask of the thread that starts it, also through
    /// <see cref="Process.Start(ProcessStartInfo)"/>: one with SIGTERM blocked cannot be asked to end.
    /// </summary>
    /// <param name="startInfo">The program to start.</param>
    /// <returns>The process.</returns>
    /// <remarks>
    /// The calling thread unblocks its signals during the start. A signal that arrives there meanwhile still reaches its signal
    /// events, but without sender and value; if it has no events it stays pending, with this process as its sender.
    /// </remarks>
    /// <exception cref="Exception">As from <see cref="Process.Start(ProcessStartInfo)"/>; and <see cref="EventManagerException"/> if the
    /// runtime cannot catch signals.</exception>
    public static Process StartProcess(ProcessStartInfo startInfo)
    {
        ArgumentNullException.ThrowIfNull(startInfo);
        ulong blocked = SignalNative.Block(0);
        try
        {
            SignalNets.Enter(HandleableOf(blocked));

            // Signals that are pending now would also reach this thread, and lose order, sender and value.
            while (SignalHub.ReadPending(out _))
            {
            }

            SignalNative.SetMask(0);
            return Process.Start(startInfo) ?? throw new InvalidOperationException("The system started no new process for this.");
        }
        finally
        {
            SignalNative.SetMask(blocked);
            SignalNets.Leave();
        }
    }

    private static IEnumerable<Signal> HandleableOf(ulong signals)
    {
        for (int number = 1; number <= 64; number++)
        {
            var signal = new Signal(number);
            if ((signals & SignalStatus.BitOf(signal)) != 0 && SignalRules.IsBlockable(signal))
            {
                yield return signal;
            }
        }
    }

    // None if the program was not executed again yet.
    private static ulong BlockedByRestart(string identity)
    {
        string[] parts = (Environment.GetEnvironmentVariable(RestartedVariable) ?? "").Split(' ');
        return parts.Length == 2 && string.Equals(parts[0], identity, StringComparison.Ordinal)
            && ulong.TryParse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong signals)
                ? signals
                : 0;
    }

    // The link, not its target, if an update has replaced the file meanwhile.
    private static string ProgramPath()
    {
        const string Self = "/proc/self/exe";
        string? path = new FileInfo(Self).LinkTarget;
        return path is not null && File.Exists(path) ? path : Self;
    }

    // The runtime's diagnostics port has the process id and start time in its name, which stay the same. If it were left, the restarted
    // runtime could not open its own, and tools such as dotnet-trace would not find the program. If its directory (TMPDIR) is missing
    // or not accessible, the runtime had no port, or will report that it has none: no reason not to start.
    private static void RemoveDiagnosticsSocket(string processId)
    {
        try
        {
            foreach (string socket in Directory.EnumerateFiles(Path.GetTempPath(), $"dotnet-diagnostic-{processId}-*-socket"))
            {
                File.Delete(socket);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static List<byte[]> Arguments()
    {
        var arguments = new List<byte[]>();
        ReadOnlySpan<byte> rest = File.ReadAllBytes("/proc/self/cmdline");
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)0);
            end = end < 0 ? rest.Length : end;
            arguments.Add(rest[..end].ToArray());
            rest = rest[Math.Min(end + 1, rest.Length)..];
        }

        return arguments;
    }
}
