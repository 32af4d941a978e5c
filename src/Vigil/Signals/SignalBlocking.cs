using System.Diagnostics;
using System.Globalization;
using Vigil.Interop;

namespace Vigil;

/// <summary>
/// Signals that every thread of the program has blocked, which is what <see cref="SignalRoute.SignalFd"/> needs. A thread's mask is
/// inherited from its creator (<c>pthread_sigmask(3)</c>), and the runtime's own threads exist before any code of the program
/// runs: so signals are blocked before the program starts, by whoever starts it, or by <see cref="Restart"/>. Any thread may
/// use these.
/// </summary>
public static class SignalBlocking
{
    // Holds which process was restarted, so that a child that inherits it takes no notice; and the signals that were blocked. What stays
    // the same when a program is executed, and is no other process's while this one lives, is its id with the namespace that gave it.
    private const string RestartedVariable = "VIGIL_RESTARTED_WITH_SIGNALS_BLOCKED";

    /// <summary>Whether every thread has a signal blocked. Where only some have, it looks for up to a second whether that lasts.</summary>
    /// <param name="signal">The signal.</param>
    /// <exception cref="ArgumentException"><paramref name="signal"/> is <c>default</c>.</exception>
    /// <exception cref="EventManagerException">It cannot be seen, for instance because too many files are open (<c>EMFILE</c>).</exception>
    public static bool IsBlocked(Signal signal)
    {
        SignalRules.RequireSignal(signal);
        return SignalStatus.Of(signal).IsBlockedEverywhere;
    }

    /// <summary>
    /// Returns at once if every thread has the signals blocked. Otherwise the program is executed again (<c>execve(2)</c>), as the same
    /// process, with the same arguments, and with these signals blocked: then this does not return. To be called first thing in <c>Main</c>,
    /// since whatever the program has done until then is lost.
    /// </summary>
    /// <param name="signals">What to block. List what is to be handled, and nothing else: a blocked SIGSEGV turns a <see cref="NullReferenceException"/> into a crash.</param>
    /// <exception cref="EventManagerException">One of the signals cannot be handled or must not be blocked, or the kernel refused to execute the program.</exception>
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
            throw new EventManagerException(EventManagerError.SignalBlocked, "The program was executed again with its signals blocked, and yet some thread has one of them unblocked. Something in the program unblocks signals.");
        }

        string path = ProgramPath();
        List<byte[]> arguments = Arguments();
        RemoveDiagnosticsSocket(processId);
        ulong before = SignalNative.Block(wanted);
        ExecNative.SetEnvironment(RestartedVariable, string.Create(CultureInfo.InvariantCulture, $"{identity} {wanted | blocked:x}"));
        int errno = ExecNative.Exec(path, arguments);
        ExecNative.ClearEnvironment(RestartedVariable);
        SignalNative.SetMask(before);
        throw new EventManagerException(EventManagerError.System, $"The program could not be executed again: {Errno.Describe(errno)}.", errno: errno);
    }

    /// <summary>
    /// Starts a process with no signals blocked. A child inherits the mask of the thread that starts it, through
    /// <see cref="Process.Start(ProcessStartInfo)"/> as well: one with SIGTERM blocked cannot be asked to end.
    /// </summary>
    /// <param name="startInfo">What to start.</param>
    /// <returns>The process.</returns>
    /// <remarks>
    /// The calling thread unblocks its signals for the time of the start. One that comes to it in that moment still reaches its signal
    /// events, but without its sender and value, or stays pending if it has none, with this process as its sender.
    /// </remarks>
    /// <exception cref="Exception">What <see cref="Process.Start(ProcessStartInfo)"/> throws; and <see cref="EventManagerException"/> where the runtime cannot catch signals.</exception>
    public static Process StartProcess(ProcessStartInfo startInfo)
    {
        ArgumentNullException.ThrowIfNull(startInfo);
        ulong blocked = SignalNative.Block(0);
        try
        {
            SignalNets.Enter(HandleableOf(blocked));

            // What is pending now would come to this thread, too, and lose its order, sender and value.
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

    // None where the program was not executed again yet.
    private static ulong BlockedByRestart(string identity)
    {
        string[] parts = (Environment.GetEnvironmentVariable(RestartedVariable) ?? "").Split(' ');
        return parts.Length == 2 && string.Equals(parts[0], identity, StringComparison.Ordinal) && ulong.TryParse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong signals) ? signals : 0;
    }

    // The link, not what it names, where the file was replaced meanwhile by an update.
    private static string ProgramPath()
    {
        const string Self = "/proc/self/exe";
        string? path = new FileInfo(Self).LinkTarget;
        return path is not null && File.Exists(path) ? path : Self;
    }

    // The runtime's diagnostics port has the process id and start time in its name, which stay the same. Left behind, it would keep the
    // runtime that starts next from opening its own, and tools such as dotnet-trace from finding the program. Where the directory is not there
    // (TMPDIR) or may not be read or written, the runtime had no port, or will report that it has none: no reason not to start.
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
