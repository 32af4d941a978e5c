using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>clock_gettime(2)</c>.</summary>
internal static unsafe partial class ClockNative
{
    public const int CLOCK_REALTIME = 0;
    public const int CLOCK_MONOTONIC = 1;
    public const int CLOCK_BOOTTIME = 7;

    /// <summary>Reads a clock, in nanoseconds, that every kernel has.</summary>
    public static long Read(int clock)
    {
        Timespec time = default;
        _ = clock_gettime(clock, &time);
        return time.ToNanoseconds();
    }

    // Answered in user space by the vDSO; without it by a system call that cannot block.
    [LibraryImport("libc")]
    [SuppressGCTransition]
    private static partial int clock_gettime(int clock, Timespec* time);
}
