using System.Runtime.InteropServices;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>The calling thread's signal mask.</summary>
internal static partial class SignalMask
{
    private const int SIG_BLOCK = 0;
    private const int SIG_UNBLOCK = 1;

    private static readonly ulong Everything = ulong.MaxValue;

    public static void Block(Signal signal) => Change(SIG_BLOCK, signal);

    public static void Unblock(Signal signal) => Change(SIG_UNBLOCK, signal);

    /// <summary>Blocks what the C library blocks while it starts a thread: all signals, including its own, which it does not let others
    /// block.
    /// So the system call is made directly.</summary>
    public static void BlockEverything()
    {
        long rtSigprocmask = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 14 : 135;
        Check(syscall(rtSigprocmask, SIG_BLOCK, in Everything, 0, sizeof(ulong)) == 0, "rt_sigprocmask failed");
    }

    private static void Change(int operation, Signal signal)
    {
        ulong[] set = new ulong[16];
        set[0] = 1UL << (signal.Number - 1);
        Check(pthread_sigmask(operation, set, 0) == 0, "pthread_sigmask failed");
    }

    [LibraryImport("libc")]
    private static partial int pthread_sigmask(int operation, ulong[] set, nint old);

    [LibraryImport("libc")]
    private static partial long syscall(long number, long operation, in ulong set, nint old, long size);
}
