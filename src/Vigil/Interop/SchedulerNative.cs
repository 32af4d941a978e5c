using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>sched_setaffinity(2)</c>: the processors that a thread may run on.</summary>
internal static unsafe partial class SchedulerNative
{
    /// <summary>The number of processors that a set can name, as in glibc's <c>cpu_set_t</c>.</summary>
    public const int MaxProcessors = 1024;

    private const int BitsOfWord = 64;

    /// <summary>
    /// Binds the calling thread to one processor; returns an errno, EINVAL if it does not exist or this process may not use it.
    /// </summary>
    public static int BindToProcessor(int processor)
    {
        const int Words = MaxProcessors / BitsOfWord;
        ulong* set = stackalloc ulong[Words];
        new Span<ulong>(set, Words).Clear();
        set[processor / BitsOfWord] = 1UL << (processor % BitsOfWord);
        return sched_setaffinity(0, (nuint)(Words * sizeof(ulong)), set) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sched_setaffinity(int thread, nuint size, ulong* set);
}
