using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>futex(2)</c>: sleeping until a word in memory changes. Private to the process.</summary>
internal static unsafe partial class FutexNative
{
    private const int FUTEX_WAIT_PRIVATE = 0 | 128;
    private const int FUTEX_WAKE_PRIVATE = 1 | 128;

    private static readonly nint SysFutex = ProcessorAbi.Current.SysFutex;

    /// <summary>
    /// Sleeps while the word has a value, at most for a time in nanoseconds, or without limit if that is negative. May also return
    /// without a reason (a signal, another value, an old wake-up): the caller checks again.
    /// </summary>
    public static void Wait(int* word, int value, long nanoseconds)
    {
        Timespec timeout = Timespec.FromNanoseconds(nanoseconds);
        _ = syscall(SysFutex, (nint)word, FUTEX_WAIT_PRIVATE, value, nanoseconds < 0 ? 0 : (nint)(&timeout), 0, 0);
    }

    /// <summary>Wakes one sleeper.</summary>
    public static void Wake(int* word) => _ = syscall(SysFutex, (nint)word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);

    [LibraryImport("libc")]
    private static partial nint syscall(nint number, nint word, nint operation, nint value, nint timeout, nint word2, nint value3);
}
