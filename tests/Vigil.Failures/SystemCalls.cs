using System.Collections.Frozen;
using Vigil.Interop;

namespace Vigil.Failures;

/// <summary>A kind of call that can fail, and its errors.</summary>
/// <param name="name">The name in the manual.</param>
/// <param name="errnos">The errors of its manual page.</param>
internal sealed class SystemCall(string name, params int[] errnos)
{
    public string Name { get; } = name;

    public IReadOnlyList<int> Errnos { get; } = errnos;

    /// <summary>What it returns when it fails: −1, or a null pointer.</summary>
    public nint Failure { get; init; } = -1;

    /// <summary>The errors that it returns although it has done its work.</summary>
    public int[] DoneDespite { get; init; } = [];

    /// <summary>An error that has another meaning here than to users, and the one that is named to them; null if there is none.</summary>
    public (int Errno, int Named)? Renamed { get; init; }

    public override string ToString() => Name;

    /// <summary>The error that users are told.</summary>
    public int NamedAs(int errno) => Renamed is { } renamed && renamed.Errno == errno ? renamed.Named : errno;

    /// <summary>Whether the call is to be made although it is to fail.</summary>
    public bool HappensDespite(int errno, int fd)
    {
        if (DoneDespite.Contains(errno))
        {
            return true;
        }

        // An eventfd that takes no more is readable: its reader is woken nevertheless (eventfd(2)).
        return errno == Errno.EAGAIN
            && string.Equals(Name, "write", StringComparison.Ordinal)
            && string.Equals(new FileInfo($"/proc/self/fd/{fd}").LinkTarget, "anon_inode:[eventfd]", StringComparison.Ordinal);
    }
}

/// <summary>
/// The calls that the library makes, and what each can fail with. The errors are those of the manual pages (man-pages 6.9), without those
/// that say that a program passes a wrong pointer, flag or constant (EFAULT everywhere; EINVAL where it means only that), since the library
/// passes the same ones always.
/// </summary>
internal static class SystemCalls
{
    private const int EIO = 5;
    private const int E2BIG = 7;
    private const int ENOEXEC = 8;
    private const int ETXTBSY = 26;
    private const int EFBIG = 27;
    private const int EPIPE = 32;
    private const int ENAMETOOLONG = 36;
    private const int EOVERFLOW = 75;
    private const int ENOTTY = 25;
    private const int EPROTO = 71;
    private const int EMSGSIZE = 90;
    private const int EPROTOTYPE = 91;
    private const int ENOPROTOOPT = 92;
    private const int EPROTONOSUPPORT = 93;
    private const int EOPNOTSUPP = 95;
    private const int EAFNOSUPPORT = 97;
    private const int ECONNRESET = 104;
    private const int ENOBUFS = 105;
    private const int ENOTCONN = 107;
    private const int ETOOMANYREFS = 109;
    private const int ETIMEDOUT = 110;
    private const int ECONNREFUSED = 111;
    private const int EREMOTE = 66;
    private const int EDQUOT = 122;

    private static readonly SystemCall EpollWait = new("epoll_wait", Errno.EBADF, Errno.EINTR, Errno.EINVAL);

    // EPERM: what container runtimes of before the call answered instead of ENOSYS.
    private static readonly SystemCall EpollPwait2 = new(
        "epoll_pwait2", Errno.EBADF, Errno.EINTR, Errno.EINVAL, Errno.ENOSYS, Errno.EPERM);

    private static readonly SystemCall Read = new(
        "read", Errno.EAGAIN, Errno.EBADF, Errno.EINTR, Errno.EINVAL, EIO, Errno.EISDIR);

    private static readonly SystemCall Write = new(
        "write",
        Errno.EAGAIN,
        Errno.EBADF,
        EDQUOT,
        EFBIG,
        Errno.EINTR,
        Errno.EINVAL,
        EIO,
        Errno.ENOSPC,
        Errno.EPERM,
        EPIPE);

    private static readonly SystemCall ReceiveFrom = new(
        "recvfrom",
        Errno.EAGAIN,
        Errno.EBADF,
        ECONNREFUSED,
        Errno.EINTR,
        Errno.EINVAL,
        Errno.ENOMEM,
        ENOTCONN,
        Errno.ENOTSOCK);

    private static readonly SystemCall SendTo = new(
        "sendto",
        Errno.EACCES,
        Errno.EAGAIN,
        Errno.EBADF,
        ECONNRESET,
        Errno.EINTR,
        Errno.EINVAL,
        EMSGSIZE,
        ENOBUFS,
        Errno.ENOMEM,
        ENOTCONN,
        Errno.ENOTSOCK,
        EPIPE);

    // A spurious return is not told from a wake-up. FUTEX_WAKE has no error that a valid address can cause.
    private static readonly SystemCall FutexWait = new("futex(FUTEX_WAIT)", Errno.EAGAIN, Errno.EINTR, ETIMEDOUT);

    private static readonly SystemCall OpenToRead = new(
        "open",
        Errno.EACCES,
        Errno.EINTR,
        Errno.ELOOP,
        Errno.EMFILE,
        ENAMETOOLONG,
        Errno.ENFILE,
        Errno.ENODEV,
        Errno.ENOENT,
        Errno.ENOMEM,
        Errno.ENOTDIR,
        Errno.ENXIO,
        EOVERFLOW,
        Errno.EPERM,
        Errno.EBUSY,
        Errno.EROFS,
        Errno.EISDIR,
        ETXTBSY);

    // ENOENT, ENOTDIR and ELOOP say that there is no such directory any more, and a record that follows says so, too. While it is there,
    // the kernel cannot say so. The same goes for ENOENT and ENOTDIR of statx, fdopendir, readdir and inotify_add_watch.
    private static readonly SystemCall OpenDirectory = new(
        "open(a directory)",
        Errno.EACCES,
        Errno.EINTR,
        Errno.EMFILE,
        ENAMETOOLONG,
        Errno.ENFILE,
        Errno.ENOMEM,
        Errno.EPERM);

    // EWOULDBLOCK: an incompatible lease. That of another process lasts while this call is made without O_NONBLOCK.
    private static readonly SystemCall OpenForLease = new(
        "open(for a lease)",
        Errno.EACCES,
        Errno.EAGAIN,
        Errno.EINTR,
        Errno.ELOOP,
        Errno.EMFILE,
        Errno.ENFILE,
        Errno.ENOENT,
        Errno.ENOMEM,
        Errno.ENXIO,
        Errno.EPERM);

    // The other errors say something about the file or the number: whether it is open (EBADF), registered (EEXIST, ENOENT), or can be
    // waited for (EPERM). The library causes them to find out, by additions and removals that are to fail (EpollPoller.Transfer,
    // EpollNative.IsOpen: EINVAL). While it is not so, the kernel cannot say it; EventScenarios.Orphans makes it so.
    private static readonly SystemCall EpollAdd = new(
        "epoll_ctl(EPOLL_CTL_ADD)", Errno.EINVAL, Errno.ELOOP, Errno.ENOMEM, Errno.ENOSPC);

    private static readonly SystemCall EpollModify = new(
        "epoll_ctl(EPOLL_CTL_MOD)", Errno.EINVAL, Errno.ENOMEM);

    private static readonly SystemCall EpollRemove = new(
        "epoll_ctl(EPOLL_CTL_DEL)", Errno.ENOMEM);

    private static readonly SystemCall Ioctl = new("ioctl", Errno.EBADF, Errno.EINVAL, ENOTTY);

    private static readonly SystemCall GetProcessInfo = new(
        "ioctl(PIDFD_GET_INFO)", Errno.EBADF, Errno.EINVAL, ENOTTY, Errno.ESRCH, EREMOTE);

    // ESRCH of these, and ECHILD of waitid, say that somebody else has waited for the process. While nobody has, the kernel cannot say so.
    private static readonly SystemCall OpenProcess = new(
        "pidfd_open", Errno.EINVAL, Errno.EMFILE, Errno.ENFILE, Errno.ENODEV, Errno.ENOMEM);

    private static readonly SystemCall SignalProcess = new("pidfd_send_signal", Errno.EBADF, Errno.EINVAL, Errno.EPERM);

    private static readonly FrozenDictionary<(string Function, long Number, long Operation), SystemCall> All =
        new Dictionary<(string Function, long Number, long Operation), SystemCall>
        {
            [("DatagramNative.recvmmsg", 0, 0)] = new(
                "recvmmsg",
                Errno.EAGAIN,
                Errno.EBADF,
                ECONNREFUSED,
                Errno.EINTR,
                Errno.EINVAL,
                Errno.ENOMEM,
                ENOTCONN,
                Errno.ENOTSOCK),
            [("DirectoryNative.open", 0, 0)] = OpenDirectory,
            [("FileNative.open", 0, 0)] = OpenToRead,
            [("LeaseNative.open", 0, 0)] = OpenForLease,
            [("DirectoryNative.readlink", 0, 0)] = new(
                "readlink", Errno.EACCES, Errno.EINVAL, EIO, Errno.ELOOP, ENAMETOOLONG, Errno.ENOENT, Errno.ENOMEM, Errno.ENOTDIR),
            [("DirectoryNative.fdopendir", 0, 0)] = new("fdopendir", Errno.EBADF, Errno.EINTR, Errno.ENOMEM) { Failure = 0 },

            // As getdents64(2).
            [("DirectoryNative.readdir", 0, 0)] = new("readdir", Errno.EBADF, Errno.EINTR, Errno.EINVAL, EIO) { Failure = 0 },
            [("DirectoryNative.closedir", 0, 0)] = new("closedir", Errno.EBADF) { DoneDespite = [Errno.EBADF] },
            [("DirectoryNative.statx", 0, 0)] = new(
                "statx",
                Errno.EACCES,
                Errno.EBADF,
                Errno.EINTR,
                Errno.ELOOP,
                ENAMETOOLONG,
                Errno.ENOMEM),
            [("EpollNative.epoll_create1", 0, 0)] = new("epoll_create1", Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM),
            [("EpollNative.epoll_ctl", 1, 0)] = EpollAdd,
            [("EpollNative.epoll_ctl", 2, 0)] = EpollRemove,
            [("EpollNative.epoll_ctl", 3, 0)] = EpollModify,
            [("EpollNative.epoll_wait", 0, 0)] = EpollWait,
            [("EpollNative.syscall", ProcessorAbi.Current.SysEpollWait, 0)] = EpollWait,
            [("EpollNative.syscall_with_errno", ProcessorAbi.Current.SysEpollWait, 0)] = EpollWait,
            [("EpollNative.syscall", 441, 0)] = EpollPwait2,
            [("EpollNative.syscall_with_errno", 441, 0)] = EpollPwait2,
            [("EventFdNative.eventfd", 0, 0)] = new("eventfd", Errno.EMFILE, Errno.ENFILE, Errno.ENODEV, Errno.ENOMEM),
            [("ExecNative.execv", 0, 0)] = new(
                "execve",
                E2BIG,
                Errno.EACCES,
                Errno.EAGAIN,
                Errno.EINVAL,
                EIO,
                Errno.EISDIR,
                Errno.ELOOP,
                Errno.EMFILE,
                ENAMETOOLONG,
                Errno.ENFILE,
                Errno.ENOENT,
                ENOEXEC,
                Errno.ENOMEM,
                Errno.ENOTDIR,
                Errno.EPERM,
                ETXTBSY),
            [("ExecNative.setenv", 0, 0)] = new("setenv", Errno.ENOMEM),
            [("FileNative.syscall", ProcessorAbi.Current.SysRead, 0)] = Read,
            [("TimerFdNative.read", 0, 0)] = new("read(timerfd)", Errno.EAGAIN, Errno.EBADF, Errno.ECANCELED, EIO),
            [("FileNative.syscall", ProcessorAbi.Current.SysWrite, 0)] = Write,
            [("FileNative.pread", 0, 0)] = new("pread", Errno.EAGAIN, Errno.EBADF, Errno.EINTR, Errno.EINVAL, EIO, Errno.EISDIR),

            // Closed all the same (close(2)).
            [("FileNative.close", 0, 0)] = new("close", Errno.EBADF, Errno.EINTR, EIO, Errno.ENOSPC, EDQUOT)
            {
                DoneDespite = [Errno.EBADF, Errno.EINTR, EIO, Errno.ENOSPC, EDQUOT],
            },
            [("FileNative.pipe2", 0, 0)] = new("pipe2", Errno.EMFILE, Errno.ENFILE),
            [("FileNative.fcntl", 1, 0)] = new("fcntl(F_GETFD)", Errno.EBADF),
            [("FileNative.fcntl", 2, 0)] = new("fcntl(F_SETFD)", Errno.EBADF),
            [("FileNative.fcntl", 3, 0)] = new("fcntl(F_GETFL)", Errno.EBADF),
            [("FileNative.fcntl", 4, 0)] = new("fcntl(F_SETFL)", Errno.EBADF, Errno.EPERM),
            [("FileNative.fcntl", 1030, 0)] = new("fcntl(F_DUPFD_CLOEXEC)", Errno.EBADF, Errno.EINVAL, Errno.EMFILE),
            [("FileNative.fcntl", 1032, 0)] = new("fcntl(F_GETPIPE_SZ)", Errno.EBADF, Errno.EINVAL),
            [("FileNative.fstatfs", 0, 0)] = new(
                "fstatfs", Errno.EACCES, Errno.EBADF, Errno.EINTR, EIO, Errno.ENOMEM, Errno.ENOSYS, EOVERFLOW),
            [("FileNative.ioctl", 0x5401, 0)] = Ioctl,
            [("FileNative.ioctl", 0x541B, 0)] = Ioctl,
            [("FutexNative.syscall", ProcessorAbi.Current.SysFutex, 128)] = FutexWait,
            [("InotifyNative.inotify_init1", 0, 0)] = new("inotify_init1", Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM),
            [("InotifyNative.inotify_add_watch", 0, 0)] = new(
                "inotify_add_watch",
                Errno.EACCES,
                Errno.EBADF,
                Errno.EEXIST,
                Errno.EINTR,
                Errno.EINVAL,
                ENAMETOOLONG,
                Errno.ENOENT,
                Errno.ENOMEM,
                Errno.ENOSPC)
            {
                // The path is a link in /proc to an open file.
                Renamed = (Errno.ENOENT, Errno.ENOSYS),
            },
            [("InotifyNative.inotify_rm_watch", 0, 0)] = new("inotify_rm_watch", Errno.EBADF, Errno.EINVAL),
            [("LeaseNative.fcntl", 10, 0)] = new("fcntl(F_SETSIG)", Errno.EBADF, Errno.EINVAL),
            [("LeaseNative.fcntl", 1024, 0)] = new(
                "fcntl(F_SETLEASE)", Errno.EACCES, Errno.EAGAIN, Errno.EBADF, Errno.EBUSY, Errno.EINVAL, Errno.ENOMEM),
            [("NotifyNative.socket", 0, 0)] = new(
                "socket", Errno.EACCES, EAFNOSUPPORT, Errno.EMFILE, Errno.ENFILE, ENOBUFS, Errno.ENOMEM, EPROTONOSUPPORT),

            // Without waiting, it is not interrupted.
            [("NotifyNative.connect", 0, 0)] = new(
                "connect",
                Errno.EACCES,
                Errno.EAGAIN,
                Errno.EBADF,
                ECONNREFUSED,
                Errno.ENOENT,
                Errno.ENOTSOCK,
                Errno.EPERM,
                EPROTOTYPE,
                ETIMEDOUT),
            [("NotifyNative.getsockopt", 0, 0)] = new(
                "getsockopt(SO_ERROR)", Errno.EBADF, Errno.EINVAL, ENOPROTOOPT, Errno.ENOTSOCK),
            [("NotifyNative.sendmsg", 0, 0)] = new(
                "sendmsg",
                Errno.EACCES,
                Errno.EAGAIN,
                Errno.EBADF,
                ECONNREFUSED,
                ECONNRESET,
                Errno.EINTR,
                Errno.EINVAL,
                EMSGSIZE,
                ENOBUFS,
                Errno.ENOENT,
                Errno.ENOMEM,
                ENOTCONN,
                Errno.ENOTSOCK,
                EPIPE,
                ETOOMANYREFS),
            [("PidFdNative.syscall", 434, 0)] = OpenProcess,
            [("PidFdNative.syscall", 424, 0)] = SignalProcess,
            [("PidFdNative.waitid", 0, 0)] = new("waitid", Errno.EINTR, Errno.EINVAL),
            [("PidFdNative.ioctl", 0xC040FF0B, 0)] = GetProcessInfo,
            [("PollNative.poll", 0, 0)] = new("poll", Errno.EINTR, Errno.EINVAL, Errno.ENOMEM),
            [("SchedulerNative.sched_setaffinity", 0, 0)] = new("sched_setaffinity", Errno.EINVAL, Errno.EPERM, Errno.ESRCH),
            [("SignalNative.signalfd", 0, 0)] = new(
                "signalfd", Errno.EBADF, Errno.EINVAL, Errno.EMFILE, Errno.ENFILE, Errno.ENODEV, Errno.ENOMEM),
            [("SocketNative.socketpair", 0, 0)] = new(
                "socketpair", EAFNOSUPPORT, Errno.EMFILE, Errno.ENFILE, EOPNOTSUPP, EPROTONOSUPPORT),
            [("SocketNative.accept4", 0, 0)] = new(
                "accept4",
                Errno.EAGAIN,
                Errno.EBADF,
                Errno.ECONNABORTED,
                Errno.EINTR,
                Errno.EINVAL,
                Errno.EMFILE,
                Errno.ENFILE,
                ENOBUFS,
                Errno.ENOMEM,
                Errno.ENOTSOCK,
                EOPNOTSUPP,
                Errno.EPERM,
                EPROTO),
            [("SocketNative.syscall", ProcessorAbi.Current.SysReceiveFrom, 0)] = ReceiveFrom,
            [("SocketNative.syscall", ProcessorAbi.Current.SysSendTo, 0)] = SendTo,
            [("SocketNative.shutdown", 0, 0)] = new("shutdown", Errno.EBADF, Errno.EINVAL, ENOTCONN, Errno.ENOTSOCK),
            [("SocketNative.getsockname", 0, 0)] = new("getsockname", Errno.EBADF, Errno.EINVAL, ENOBUFS, Errno.ENOTSOCK),
            [("SocketNative.getsockopt", 0, 0)] = new(
                "getsockopt", Errno.EBADF, Errno.EINVAL, ENOPROTOOPT, Errno.ENOTSOCK),
            [("TimerFdNative.timerfd_create", 0, 0)] = new(
                "timerfd_create", Errno.EMFILE, Errno.ENFILE, Errno.ENODEV, Errno.ENOMEM, Errno.EPERM),

            // ECANCELED: the clock was set since; the timer is set nevertheless.
            [("TimerFdNative.timerfd_settime", 0, 0)] = new("timerfd_settime", Errno.EBADF, Errno.ECANCELED, Errno.EINVAL)
            {
                DoneDespite = [Errno.ECANCELED],
            },
        }.ToFrozenDictionary();

    /// <summary>The functions that never fail here, each with its reason.</summary>
    public static readonly FrozenDictionary<string, string> NeverFail = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["AbortNative.abort"] = "returns nothing",
        ["ClockNative.clock_gettime"] = "EINVAL only: the kernel does not know the clock, and every kernel knows these",
        ["DirectoryNative.dirfd"] = "EINVAL and ENOTSUP only: the directory was not opened by this library",
        ["ExecNative.unsetenv"] = "EINVAL only: the name is empty or has an equals sign",
        ["SignalNative.__libc_current_sigrtmin"] = "returns a constant",
        ["SignalNative.kill"] = "EINVAL, EPERM and ESRCH: it is sent to this process, with a valid number",
        ["SignalNative.pthread_sigmask"] = "EINVAL only: an unknown operation",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Every kind of call that can fail.</summary>
    public static IEnumerable<SystemCall> Kinds => All.Values.Distinct();

    /// <summary>The functions that the gate knows, by class and name.</summary>
    public static IEnumerable<string> Functions =>
        All.Keys.Select(key => key.Function).Concat(NeverFail.Keys).Distinct(StringComparer.Ordinal);

    /// <summary>The kind of a call; null if it never fails.</summary>
    public static SystemCall? Find(string function, long number, long operation) =>
        All.GetValueOrDefault((function, number, operation)) ?? All.GetValueOrDefault((function, number, 0));
}
