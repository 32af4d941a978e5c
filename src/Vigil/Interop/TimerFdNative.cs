using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>timerfd_create(2)</c>, <c>timerfd_settime(2)</c>.</summary>
internal static unsafe partial class TimerFdNative
{
    private const int TFD_CLOEXEC = 0x80000;
    private const int TFD_NONBLOCK = 0x800;
    private const int TFD_TIMER_ABSTIME = 1;
    private const int TFD_TIMER_CANCEL_ON_SET = 2;

    /// <summary>Creates a non-blocking timer on a clock of <see cref="ClockNative"/>; −1 on failure.</summary>
    public static int Create(int clock, out int errno)
    {
        int fd = timerfd_create(clock, TFD_CLOEXEC | TFD_NONBLOCK);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        return fd;
    }

    /// <summary>
    /// Arms the timer to expire once at an absolute time in nanoseconds; 0 disarms it. Both clear an unread expiry. ECANCELED means that
    /// the clock was set since the timer was last set or read; the timer is set nevertheless.
    /// </summary>
    /// <param name="fd">The timer.</param>
    /// <param name="nanoseconds">The expiry time.</param>
    /// <param name="cancelOnSet">Whether the timer becomes readable, armed or not, when the real-time clock is set.</param>
    public static int SetAbsolute(int fd, long nanoseconds, bool cancelOnSet = false)
    {
        ItimerSpec spec = default;
        spec.Value = Timespec.FromNanoseconds(nanoseconds);
        int flags = TFD_TIMER_ABSTIME | (cancelOnSet ? TFD_TIMER_CANCEL_ON_SET : 0);
        return timerfd_settime(fd, flags, &spec, null) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
    }

    /// <summary>Reads the expiries since it was last set or read: EAGAIN if there are none, ECANCELED if the clock was set.</summary>
    public static int Read(int fd)
    {
        ulong expiries;
        return read(fd, &expiries, sizeof(ulong)) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int timerfd_create(int clock, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int timerfd_settime(int fd, int flags, ItimerSpec* value, ItimerSpec* old);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, void* buffer, nuint count);

    [StructLayout(LayoutKind.Sequential)]
    private struct ItimerSpec
    {
        public Timespec Interval;
        public Timespec Value;
    }
}
