using System.Runtime.InteropServices;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>The calling thread's signal mask.</summary>
internal static partial class SignalMask
{
    private const int SIG_BLOCK = 0;
    private const int SIG_UNBLOCK = 1;

    public static void Block(Signal signal) => Change(SIG_BLOCK, signal);

    public static void Unblock(Signal signal) => Change(SIG_UNBLOCK, signal);

    private static void Change(int operation, Signal signal)
    {
        ulong[] set = new ulong[16];
        set[0] = 1UL << (signal.Number - 1);
        Check(pthread_sigmask(operation, set, 0) == 0, "pthread_sigmask failed");
    }

    [LibraryImport("libc")]
    private static partial int pthread_sigmask(int operation, ulong[] set, nint old);
}
