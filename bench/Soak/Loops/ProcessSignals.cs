using System.Runtime.InteropServices;

namespace Soak.Loops;

/// <summary>Signals that this process sends to itself.</summary>
internal static partial class ProcessSignals
{
    public static void Send(Vigil.Signal signal) => Require(kill(Environment.ProcessId, signal.Number));

    public static void Queue(Vigil.Signal signal, int value) => Require(sigqueue(Environment.ProcessId, signal.Number, value));

    private static void Require(int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException("A signal could not be sent: is the limit of pending signals (ulimit -i) too low?");
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc")]
    private static partial int sigqueue(int process, int signal, nint value);
}
