namespace Vigil.Internals.Tests.Abi;

/// <summary>C's names for the members of the library's interop types, if they differ.</summary>
internal static class CNames
{
    /// <summary>Structures: C's name, and C's name of each field. A field that is null is padding.</summary>
    public static IReadOnlyDictionary<string, (string Name, Dictionary<string, string?> Fields)> Structures { get; } =
        new Dictionary<string, (string, Dictionary<string, string?>)>(StringComparer.Ordinal)
        {
            ["Timespec"] = ("struct timespec", new() { ["Seconds"] = "tv_sec", ["Nanoseconds"] = "tv_nsec" }),
            ["TimerFdNative.ItimerSpec"] = ("struct itimerspec", new() { ["Interval"] = "it_interval", ["Value"] = "it_value" }),
            ["DatagramNative.Part"] = ("struct iovec", new() { ["Start"] = "iov_base", ["Length"] = "iov_len" }),
            ["DatagramNative.Message"] = ("struct mmsghdr", new()
            {
                ["Name"] = "msg_hdr.msg_name",
                ["NameLength"] = "msg_hdr.msg_namelen",
                ["Parts"] = "msg_hdr.msg_iov",
                ["PartCount"] = "msg_hdr.msg_iovlen",
                ["Control"] = "msg_hdr.msg_control",
                ["ControlLength"] = "msg_hdr.msg_controllen",
                ["Flags"] = "msg_hdr.msg_flags",
                ["_headerPadding"] = null,
                ["Received"] = "msg_len",
                ["_padding"] = null,
            }),
            ["NotifyNative.MessageHeader"] = ("struct msghdr", new()
            {
                ["Name"] = "msg_name",
                ["NameLength"] = "msg_namelen",
                ["Parts"] = "msg_iov",
                ["PartCount"] = "msg_iovlen",
                ["Control"] = "msg_control",
                ["ControlLength"] = "msg_controllen",
                ["Flags"] = "msg_flags",
                ["_padding"] = null,
            }),
            ["NotifyNative.ControlHeader"] = ("struct cmsghdr", new()
            {
                ["Length"] = "cmsg_len",
                ["Level"] = "cmsg_level",
                ["Type"] = "cmsg_type",
            }),
            ["PidFdNative.ChildInfo"] = ("siginfo_t", new() { ["Code"] = "si_code", ["ProcessId"] = "si_pid", ["Status"] = "si_status" }),
            ["PidFdNative.PidFdInfo"] = ("struct pidfd_info", new()
            {
                ["Mask"] = "mask",
                ["ParentProcessId"] = "ppid",
                ["ExitCode"] = "exit_code"
            }),
            ["PollNative.PollFd"] = ("struct pollfd", new() { ["Fd"] = "fd", ["Requested"] = "events", ["Returned"] = "revents" }),
            ["SignalFdInfo"] = ("struct signalfd_siginfo", new()
            {
                ["Number"] = "ssi_signo",
                ["Errno"] = "ssi_errno",
                ["Code"] = "ssi_code",
                ["ProcessId"] = "ssi_pid",
                ["UserId"] = "ssi_uid",
                ["Fd"] = "ssi_fd",
                ["TimerId"] = "ssi_tid",
                ["Band"] = "ssi_band",
                ["Overrun"] = "ssi_overrun",
                ["TrapNumber"] = "ssi_trapno",
                ["Status"] = "ssi_status",
                ["Value"] = "ssi_int",
            }),
        };

    /// <summary>Types of the interop folder that have no counterpart in C.</summary>
    public static IReadOnlySet<string> OwnStructures { get; } = new HashSet<string>(StringComparer.Ordinal) { "EpollEventLayout",
        "ProcessStatus" };

    /// <summary>Constants whose C expression is not their name; null for those that are Vigil's own.</summary>
    public static IReadOnlyDictionary<string, string?> Constants { get; } = new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["DatagramNative.MaxMessages"] = "UIO_MAXIOV",
        ["DirectoryNative.TypeMask"] = "S_IFMT",
        ["DirectoryNative.DirectoryType"] = "S_IFDIR",
        ["DirectoryNative.RegularType"] = "S_IFREG",
        ["DirectoryNative.LinkCountOffset"] = "offsetof(struct statx, stx_nlink)",
        ["DirectoryNative.TypeOffset"] = "offsetof(struct dirent, d_type)",
        ["DirectoryNative.NameOffset"] = "offsetof(struct dirent, d_name)",
        ["DirectoryNative.ModeOffset"] = "offsetof(struct statx, stx_mode)",
        ["DirectoryNative.StatxSize"] = "sizeof(struct statx)",
        ["EpollEventLayout.MaxSize"] = null,
        ["EpollNative.SysEpollPwait2"] = "__NR_epoll_pwait2",
        ["Errno.Success"] = null,
        ["FileNative.PipeBuffer"] = "PIPE_BUF",
        ["FileNative.TerminalBuffer"] = null,
        ["NotifyNative.LocalNameSize"] = "sizeof(((struct sockaddr_un *)0)->sun_path)",
        ["NotifyNative.MaxDescriptors"] = null,
        ["NotifyNative.VirtualAddressSize"] = "sizeof(struct sockaddr_vm)",
        ["NotifyNative.VirtualContextOffset"] = "offsetof(struct sockaddr_vm, svm_cid)",
        ["NotifyNative.VirtualPortOffset"] = "offsetof(struct sockaddr_vm, svm_port)",
        ["PidFdNative.SysPidFdSendSignal"] = "__NR_pidfd_send_signal",
        ["PidFdNative.SysPidFdOpen"] = "__NR_pidfd_open",
        ["PidFdNative.WALL"] = "__WALL",
        ["SchedulerNative.MaxProcessors"] = "sizeof(cpu_set_t) * 8",
        ["SchedulerNative.BitsOfWord"] = null,
        ["SignalNative.InfoSize"] = "sizeof(struct signalfd_siginfo)",
        ["SignalNative.WordsOfSet"] = "sizeof(sigset_t) / 8",
        ["Timespec.NanosecondsPerSecond"] = null,
    };

    /// <summary>The members of <see cref="Vigil.Interop.ProcessorAbi"/>.</summary>
    public static IReadOnlyDictionary<string, string> OfProcessor { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["SysRead"] = "__NR_read",
        ["SysWrite"] = "__NR_write",
        ["SysEpollWait"] = "EPOLL_WAIT_CALL",
        ["SysFutex"] = "__NR_futex",
        ["SysSendTo"] = "__NR_sendto",
        ["SysReceiveFrom"] = "__NR_recvfrom",
        ["DirectoryFlag"] = "O_DIRECTORY",
        ["NoFollowFlag"] = "O_NOFOLLOW",
        ["EpollEventSize"] = "sizeof(struct epoll_event)",
        ["EpollDataOffset"] = "offsetof(struct epoll_event, data)",
    };

    /// <summary>The bits of <see cref="EventSet"/>.</summary>
    public static IReadOnlyDictionary<EventSet, string> Events { get; } = new Dictionary<EventSet, string>
    {
        [EventSet.None] = "0",
        [EventSet.In] = "EPOLLIN",
        [EventSet.Priority] = "EPOLLPRI",
        [EventSet.Out] = "EPOLLOUT",
        [EventSet.Error] = "EPOLLERR",
        [EventSet.HangUp] = "EPOLLHUP",
        [EventSet.ReadHangUp] = "EPOLLRDHUP",
        [EventSet.Exclusive] = "EPOLLEXCLUSIVE",
        [EventSet.WakeUp] = "EPOLLWAKEUP",
        [EventSet.OneShot] = "EPOLLONESHOT",
        [EventSet.EdgeTriggered] = "EPOLLET",
    };

    /// <summary>Constants of the kernel that sources outside of the interop folder name in .NET style.</summary>
    public static IReadOnlyDictionary<string, string> InSources { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["SolSocket"] = "SOL_SOCKET",
        ["SoReceiveBuffer"] = "SO_RCVBUF",
        ["SoReceiveBufferForce"] = "SO_RCVBUFFORCE",
        ["SoReusePort"] = "SO_REUSEPORT",
        ["SoMemInfo"] = "SO_MEMINFO",
        ["NoSuchDeviceOrAddress"] = "ENXIO",
        ["MaxSocketPathBytes"] = "sizeof(((struct sockaddr_un *)0)->sun_path) - 1",
    };

    /// <summary>The headers, and definitions from newer ones that older systems lack.</summary>
    public const string Prelude =
        """
        #define _GNU_SOURCE
        #include <stddef.h>
        #include <stdint.h>
        #include <dirent.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <limits.h>
        #include <poll.h>
        #include <sched.h>
        #include <signal.h>
        #include <time.h>
        #include <unistd.h>
        #include <sys/epoll.h>
        #include <sys/eventfd.h>
        #include <sys/inotify.h>
        #include <sys/ioctl.h>
        #include <sys/signalfd.h>
        #include <sys/socket.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <sys/timerfd.h>
        #include <sys/uio.h>
        #include <sys/un.h>
        #include <sys/wait.h>
        #include <linux/futex.h>
        #include <linux/magic.h>
        #include <linux/vm_sockets.h>
        #ifndef UIO_MAXIOV
        #include <linux/uio.h>
        #endif
        #ifndef STATX_TYPE
        #include <linux/stat.h>
        #endif
        #ifdef __NR_epoll_wait
        #define EPOLL_WAIT_CALL __NR_epoll_wait
        #else
        #define EPOLL_WAIT_CALL __NR_epoll_pwait
        #endif
        #ifndef FUTEX_WAIT_PRIVATE
        #define FUTEX_WAIT_PRIVATE (FUTEX_WAIT | FUTEX_PRIVATE_FLAG)
        #define FUTEX_WAKE_PRIVATE (FUTEX_WAKE | FUTEX_PRIVATE_FLAG)
        #endif
        #ifndef SO_RCVBUFFORCE
        #define SO_RCVBUFFORCE 33
        #endif
        #ifndef SO_MEMINFO
        #define SO_MEMINFO 55
        #endif
        /* linux/pidfd.h of 6.15: its first published part. */
        #ifndef PIDFD_GET_INFO
        struct pidfd_info {
            uint64_t mask;
            uint64_t cgroupid;
            uint32_t pid, tgid, ppid;
            uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
            int32_t exit_code;
        };
        #define PIDFD_GET_INFO _IOWR(0xFF, 11, struct pidfd_info)
        #define PIDFD_INFO_PID (1UL << 0)
        #define PIDFD_INFO_EXIT (1UL << 3)
        #endif

        """;
}
