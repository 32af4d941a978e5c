using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary>
/// Process descriptors (<c>pidfd_open(2)</c>): readable when the process has ended, and, unlike an id, never another process's.
/// Called by number, since musl and glibc before 2.36 have no wrappers; the numbers are the same on every architecture.
/// </summary>
internal static unsafe partial class PidFdNative
{
    private const nint SysPidFdSendSignal = 424;
    private const nint SysPidFdOpen = 434;
    private const int P_PIDFD = 3;
    private const int WNOHANG = 1;
    private const int WEXITED = 4;
    private const int WNOWAIT = 0x01000000;

    // __WALL: includes children whose end is announced by another signal than SIGCHLD, which clone(2) and clone3(2) allow.
    private const int WALL = 0x40000000;
    private const int CLD_EXITED = 1;

    // _IOWR(0xFF, 11, struct pidfd_info) with the structure's first published size of 64 bytes (linux/pidfd.h).
    private const nuint PIDFD_GET_INFO = 0xC040FF0B;
    private const ulong PIDFD_INFO_PID = 1 << 0;
    private const ulong PIDFD_INFO_EXIT = 1 << 3;

    /// <summary>Opens a process, always close-on-exec; −1 on failure.</summary>
    public static int Open(int processId, out int errno)
    {
        nint fd = syscall(SysPidFdOpen, processId, 0, 0, 0);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        return (int)fd;
    }

    /// <summary>Sends a signal; returns an errno, ESRCH if the process has ended and was waited for.</summary>
    public static int Send(int fd, int signal) =>
        syscall(SysPidFdSendSignal, fd, signal, 0, 0) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;

    /// <summary>
    /// Gets how a child has ended, if it has. Returns an errno: ECHILD if it is no child of this process or was waited for already, EBADF
    /// if the descriptor is no process's (<c>waitid(2)</c>, P_PIDFD).
    /// </summary>
    /// <param name="fd">The process.</param>
    /// <param name="reap">Whether to reap it, so that the kernel forgets it; otherwise this only looks.</param>
    /// <param name="status">How it ended; null while it runs.</param>
    public static int Wait(int fd, bool reap, out ProcessStatus? status)
    {
        status = null;
        ChildInfo info = default;
        while (waitid(P_PIDFD, fd, &info, WEXITED | WNOHANG | WALL | (reap ? 0 : WNOWAIT)) < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.EINTR)
            {
                return errno;
            }
        }

        if (info.ProcessId != 0)
        {
            status = new ProcessStatus(info.Status, IsSignal: info.Code != CLD_EXITED);
        }

        return Errno.Success;
    }

    /// <summary>
    /// How a process ended that was reaped already; null if the kernel does not report it (before Linux 6.15), or does not yet.
    /// </summary>
    public static ProcessStatus? StatusAfterReaping(int fd) => StatusAfterReaping(fd, out _);

    /// <summary>As <see cref="StatusAfterReaping(int)"/>, and says whether to ask again.</summary>
    /// <param name="fd">The process, which <see cref="Wait"/> cannot get.</param>
    /// <param name="isBeingReaped">
    /// Whether it is a child of this process that another thread is reaping at this moment: the kernel refuses it to everybody else, and
    /// has not yet recorded how it ended. The descriptor becomes ready once more when it has (Linux 6.9).
    /// </param>
    public static ProcessStatus? StatusAfterReaping(int fd, out bool isBeingReaped)
    {
        isBeingReaped = false;
        var info = new PidFdInfo { Mask = PIDFD_INFO_EXIT };
        int errno = GetInfo(fd, ref info);
        if (errno == Errno.ESRCH)
        {
            // The process went between the kernel's check of its status and its check of its existence.
            info = new PidFdInfo { Mask = PIDFD_INFO_EXIT };
            errno = GetInfo(fd, ref info);
        }

        if (errno != Errno.Success)
        {
            return null;
        }

        if ((info.Mask & PIDFD_INFO_EXIT) == 0)
        {
            isBeingReaped = (info.Mask & PIDFD_INFO_PID) != 0 && info.ParentProcessId == Environment.ProcessId;
            return null;
        }

        // The format of wait(2): a signal in the lowest seven bits, or an exit code in the next byte.
        int signal = info.ExitCode & 0x7F;
        return signal != 0 ? new ProcessStatus(signal, IsSignal: true) : new ProcessStatus((info.ExitCode >> 8) & 0xFF, IsSignal: false);
    }

    private static int GetInfo(int fd, ref PidFdInfo info)
    {
        fixed (PidFdInfo* start = &info)
        {
            return ioctl(fd, PIDFD_GET_INFO, start) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitid(int type, int id, ChildInfo* info, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, PidFdInfo* info);

    /// <summary>The part of siginfo_t that waitid fills in, on 64-bit machines: the union begins at 16.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct ChildInfo
    {
        [FieldOffset(8)]
        public int Code;

        [FieldOffset(16)]
        public int ProcessId;

        [FieldOffset(24)]
        public int Status;
    }

    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct PidFdInfo
    {
        [FieldOffset(0)]
        public ulong Mask;

        [FieldOffset(24)]
        public int ParentProcessId;

        [FieldOffset(60)]
        public int ExitCode;
    }
}

/// <summary>How a process ended.</summary>
/// <param name="Number">The exit code, or the signal's number.</param>
/// <param name="IsSignal">Whether it is a signal's.</param>
internal readonly record struct ProcessStatus(int Number, bool IsSignal);
