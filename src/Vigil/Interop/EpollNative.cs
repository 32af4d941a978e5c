using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>epoll(7)</c>. Methods that change something return an errno, 0 for success.</summary>
internal static unsafe partial class EpollNative
{
    private const int EPOLL_CTL_ADD = 1;
    private const int EPOLL_CTL_DEL = 2;
    private const int EPOLL_CTL_MOD = 3;
    private const int EPOLL_CLOEXEC = 0x80000;

    // The number is the same on every architecture: it is younger than the unified tables. Called through syscall(2) for two reasons.
    // musl, and glibc before 2.35, have no wrapper. And wrappers of blocking calls are cancellation points, which in a multi-threaded
    // process change the thread's cancellation state before and after by an atomic operation each: 30 ns and more (pthreads(7)).
    private const nint SysEpollPwait2 = 441;

    // For waits without a time span the kernel also accepts this call: it copies no time span and no signal mask (fs/eventpoll.c).
    private static readonly nint SysEpollWait = ProcessorAbi.Current.SysEpollWait;

    /// <summary>Creates an instance; −1 on failure.</summary>
    public static int Create(out int errno)
    {
        int fd = epoll_create1(EPOLL_CLOEXEC);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        return fd;
    }

    public static int Add(int epoll, int fd, uint events, ulong data) => Control(epoll, EPOLL_CTL_ADD, fd, events, data);

    public static int Modify(int epoll, int fd, uint events, ulong data) => Control(epoll, EPOLL_CTL_MOD, fd, events, data);

    /// <summary>
    /// Whether the answer to a change or the end of a registration says that the number is not the registered file's any more: it is
    /// another's, or closed. The kernel looks for the pair of file and number, so no file is mistaken for another. EBADF may also be about
    /// the instance.
    /// </summary>
    public static bool IsOfAnotherFile(int errno, int fd) =>
        errno is Errno.ENOENT or Errno.EPERM || (errno == Errno.EBADF && !IsOpen(fd));

    /// <summary>
    /// Whether a number is an open file's. Nothing can be removed from itself: for any open file the answer is EINVAL or EPERM.
    /// </summary>
    public static bool IsOpen(int fd) => Remove(fd, fd) != Errno.EBADF;

    public static int Remove(int epoll, int fd) => Control(epoll, EPOLL_CTL_DEL, fd, 0, 0);

    /// <summary>
    /// Waits for a time span in nanoseconds: 0 polls, −1 waits without limit. −1 on failure, without the errno: fetching it costs 7 ns
    /// on a call that nearly always succeeds.
    /// </summary>
    public static int WaitFast(int epoll, byte* ready, int capacity, long nanoseconds)
    {
        if (nanoseconds <= 0)
        {
            return (int)syscall(SysEpollWait, epoll, (nint)ready, capacity, (nint)nanoseconds, 0, 0);
        }

        Timespec span = Timespec.FromNanoseconds(nanoseconds);
        return (int)syscall(SysEpollPwait2, epoll, (nint)ready, capacity, nanoseconds < 0 ? 0 : (nint)(&span), 0, 0);
    }

    /// <summary>As <see cref="WaitFast"/>, and −1 and an errno on failure.</summary>
    public static int Wait(int epoll, byte* ready, int capacity, long nanoseconds, out int errno)
    {
        nint count;
        if (nanoseconds <= 0)
        {
            count = syscall_with_errno(SysEpollWait, epoll, (nint)ready, capacity, (nint)nanoseconds, 0, 0);
        }
        else
        {
            Timespec span = Timespec.FromNanoseconds(nanoseconds);
            count = syscall_with_errno(SysEpollPwait2, epoll, (nint)ready, capacity, nanoseconds < 0 ? 0 : (nint)(&span), 0, 0);
        }

        errno = count < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        return (int)count;
    }

    /// <summary>
    /// Waits for <paramref name="milliseconds"/> (0 polls, −1 without limit) on kernels without epoll_pwait2; −1 and an errno on
    /// failure.
    /// </summary>
    public static int WaitCoarsely(int epoll, byte* ready, int capacity, int milliseconds, out int errno)
    {
        int count = epoll_wait(epoll, ready, capacity, milliseconds);
        errno = count < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        return count;
    }

    private static int Control(int epoll, int operation, int fd, uint events, ulong data)
    {
        byte* entry = stackalloc byte[EpollEventLayout.MaxSize];
        EpollEventLayout.Current.Write(entry, events, data);
        return epoll_ctl(epoll, operation, fd, entry) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int fd, byte* entry);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, byte* ready, int capacity, int milliseconds);

    // long syscall(long number, ...): every argument is a whole register on every supported architecture.
    [LibraryImport("libc")]
    private static partial nint syscall(
        nint number, nint epoll, nint ready, nint capacity, nint timeout, nint signalMask, nint signalMaskSize);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint syscall_with_errno(
        nint number, nint epoll, nint ready, nint capacity, nint timeout, nint signalMask, nint signalMaskSize);
}
