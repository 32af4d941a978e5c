using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>timerfd_create(2)</c>.</summary>
internal static unsafe partial class TimerFdNative
{
    private const int CLOCK_MONOTONIC = 1;
    private const int TFD_CLOEXEC = 0x80000;
    private const int TFD_NONBLOCK = 0x800;
    private const int TFD_TIMER_ABSTIME = 1;

    /// <summary>Creates a non-blocking timer on the monotonic clock; −1 on failure.</summary>
    public static int Create(out int errno)
    {
        int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        return fd;
    }

    /// <summary>Sets the timer off once at an absolute time in nanoseconds; 0 disarms it. Both clear an expiry not yet read.</summary>
    public static int SetAbsolute(int fd, long nanoseconds)
    {
        ItimerSpec spec = default;
        spec.Value = Timespec.FromNanoseconds(nanoseconds);
        return timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, null) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int timerfd_create(int clock, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int timerfd_settime(int fd, int flags, ItimerSpec* value, ItimerSpec* old);

    [StructLayout(LayoutKind.Sequential)]
    private struct ItimerSpec
    {
        public Timespec Interval;
        public Timespec Value;
    }
}
