using System.Globalization;
using Vigil.Interop;
using Vigil.IO;
using Vigil.Timing;

namespace Vigil.Polling;

/// <summary>
/// <see cref="IPoller"/> over <c>epoll(7)</c>. The kernel's quirks, and where they are handled:
/// <list type="bullet">
/// <item>A registration belongs to the pair of file and number and lives until the file's last descriptor, duplicates included, is
/// closed. After the number was closed it can neither be modified nor removed (EBADF, or ENOENT once the number is used again).
/// Only a new instance gets rid of it: the rebuild.</item>
/// <item>EPOLLERR and EPOLLHUP are added to every mask; an empty mask does not silence a descriptor. Disarming is EPOLL_CTL_DEL.</item>
/// <item>EPOLLEXCLUSIVE cannot be modified (EINVAL).</item>
/// <item>epoll_wait counts in milliseconds and rounds up; epoll_pwait2 (Linux 5.11) counts in nanoseconds, but takes longer. So the latter
/// is used only for waits with a deadline, not for those that poll or have no limit. If the kernel or a sandbox lacks it (ENOSYS; EPERM
/// with old seccomp profiles), a timerfd in the same instance ends the wait.</item>
/// <item>A signal handler ends a wait with EINTR whatever SA_RESTART says (<c>signal(7)</c>); the runtime's own signals do so, too.</item>
/// </list>
/// </summary>
internal sealed unsafe class EpollPoller : IPoller
{
    private const EventSet TimerInterest = EventSet.In | EventSet.EdgeTriggered;

    private FdHandle _handle;
    private FdHandle? _successor;
    private FdHandle? _timer;
    private long _timerSetTo;

    // The number of _handle; −1 if foreign code closed it. Only this object owns the handle and keeps it open, so the wait needs no
    // reference counting.
    private int _epoll;

    public EpollPoller(bool useTimerFd = false)
    {
        _handle = CreateInstance();
        _epoll = _handle.Number;
        int errno = useTimerFd ? AddTimer() : Errno.Success;
        if (errno != Errno.Success)
        {
            _handle.Dispose();
            throw FdHandle.Failed("The creation of the deadline timer", errno);
        }
    }

    public int Add(int fd, SourceToken token, EventSet interest) => EpollNative.Add(_epoll, fd, (uint)interest, token.Raw);

    public int Modify(int fd, SourceToken token, EventSet interest) => EpollNative.Modify(_epoll, fd, (uint)interest, token.Raw);

    public int Remove(int fd)
    {
        int errno = EpollNative.Remove(_epoll, fd);
        DisownIfLost(errno);
        return errno;
    }

    public int Wait(Deadline deadline, ReadyBuffer ready)
    {
        if (_timer is not null)
        {
            return WaitWithTimer(deadline, ready);
        }

        int count = EpollNative.WaitFast(_epoll, ready.Start, ready.Size, NanosecondsUntil(deadline));
        int errno = Errno.Success;
        while (count < 0 && errno is Errno.Success or Errno.EINTR)
        {
            // Again, with the errno this time. After EINTR, nearly always the reason, this simply continues the wait.
            count = EpollNative.Wait(_epoll, ready.Start, ready.Size, NanosecondsUntil(deadline), out errno);
        }

        ready.Count = Math.Max(count, 0);
        if (errno is not (Errno.ENOSYS or Errno.EPERM))
        {
            DisownIfLost(errno);
            return errno;
        }

        errno = AddTimer();
        return errno == Errno.Success ? WaitWithTimer(deadline, ready) : errno;
    }

    public int BeginRebuild()
    {
        int fd = EpollNative.Create(out int errno);
        if (errno != Errno.Success)
        {
            return errno;
        }

        _successor = new FdHandle(fd);
        errno = _timer is null ? Errno.Success : Transfer(_timer.Number, SourceToken.OfPoller, TimerInterest);
        if (errno == Errno.ENOENT)
        {
            // The next wait that needs one makes another.
            CloseTimer();
            return Errno.Success;
        }

        if (errno != Errno.Success)
        {
            AbandonRebuild();
        }

        return errno;
    }

    public int Transfer(int fd, SourceToken token, EventSet? interest)
    {
        // EEXIST proves that the old instance still monitors this very file. If the addition succeeds instead, the number belongs to
        // another file by now, which nobody asked to monitor. A number that is not open, or whose file has no readiness, is not the
        // registered one either. Any other answer says nothing about it.
        int errno = EpollNative.Add(_epoll, fd, 0, SourceToken.OfPoller.Raw);
        if (errno == Errno.Success)
        {
            EpollNative.Remove(_epoll, fd);
        }

        if (errno != Errno.EEXIST)
        {
            return errno is Errno.Success or Errno.EBADF or Errno.EPERM ? Errno.ENOENT : errno;
        }

        return interest is { } wanted ? EpollNative.Add(_successor!.Number, fd, (uint)wanted, token.Raw) : Errno.Success;
    }

    public void EndRebuild()
    {
        _handle.Dispose();
        _handle = _successor!;
        _successor = null;
        _epoll = _handle.Number;
    }

    public void AbandonRebuild()
    {
        _successor?.Dispose();
        _successor = null;
    }

    public void Dispose()
    {
        CloseTimer();
        _successor?.Dispose();
        _handle.Dispose();
        _epoll = -1;
    }

    // EBADF and EINVAL may be about the instance itself: foreign code closed its number, which is or will be another file's. That must be
    // neither used nor closed. Another instance of epoll in its place is not noticed.
    private void DisownIfLost(int errno)
    {
        if (errno is Errno.EBADF or Errno.EINVAL && _epoll >= 0 && !IsInstance(_epoll))
        {
            _handle.SetHandleAsInvalid();
            _epoll = -1;
        }
    }

    // Without /proc, every open file counts as one.
    private static bool IsInstance(int fd) => EpollNative.IsOpen(fd)
        && new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{fd}")).LinkTarget is null or "anon_inode:[eventpoll]";

    private static FdHandle CreateInstance() => new(FdHandle.Created(EpollNative.Create(out int errno), errno, "epoll_create1"));

    private static long NanosecondsUntil(Deadline deadline) =>
        deadline.IsImmediate ? 0 : deadline.IsInfinite ? -1 : Math.Max(deadline.Nanoseconds - MonotonicClock.NowNanoseconds, 0);

    private int WaitWithTimer(Deadline deadline, ReadyBuffer ready)
    {
        while (true)
        {
            bool isDue = deadline.IsImmediate || deadline.Nanoseconds <= MonotonicClock.NowNanoseconds;

            // A timer left over from an earlier deadline must not end a wait that has none.
            long time = deadline.IsInfinite ? 0 : deadline.Nanoseconds;
            int errno = isDue ? Errno.Success : SetTimer(time);
            if (errno is Errno.EBADF or Errno.EINVAL)
            {
                // Foreign code closed its number, which is or will be another file's.
                CloseTimer();
                errno = AddTimer();
                errno = errno == Errno.Success ? SetTimer(time) : errno;
            }

            bool hasExpired = false;
            if (errno == Errno.Success)
            {
                errno = WaitForAny(isDue ? 0 : -1, ready);
                hasExpired = DropTimerEvent(ready);
            }

            // The expiry may have filled a small buffer alone, so finding nothing else is not yet an answer.
            if (errno != Errno.Success || ready.Count > 0 || (isDue && !hasExpired))
            {
                return errno;
            }
        }
    }

    private int WaitForAny(int milliseconds, ReadyBuffer ready)
    {
        int count;
        int errno;
        do
        {
            count = EpollNative.WaitCoarsely(_epoll, ready.Start, ready.Size, milliseconds, out errno);
        }
        while (errno == Errno.EINTR);
        ready.Count = Math.Max(count, 0);
        return errno;
    }

    private int SetTimer(long nanoseconds)
    {
        if (nanoseconds == _timerSetTo)
        {
            return Errno.Success;
        }

        int errno = TimerFdNative.SetAbsolute(_timer!.Number, nanoseconds);
        _timerSetTo = errno == Errno.Success ? nanoseconds : 0;
        return errno;
    }

    // Returns whether there was one.
    private static bool DropTimerEvent(ReadyBuffer ready)
    {
        for (int i = 0; i < ready.Count; i++)
        {
            if (ready[i].Token == SourceToken.OfPoller)
            {
                ready.RemoveAt(i);
                return true;
            }
        }

        return false;
    }

    private void CloseTimer()
    {
        if (_timer is null)
        {
            return;
        }

        if (EpollNative.IsOfAnotherFile(Remove(_timer.Number), _timer.Number))
        {
            _timer.SetHandleAsInvalid();
        }

        _timer.Dispose();
        _timer = null;
        _timerSetTo = 0;
    }

    private int AddTimer()
    {
        int fd = TimerFdNative.Create(ClockNative.CLOCK_MONOTONIC, out int errno);
        if (errno != Errno.Success)
        {
            return errno;
        }

        var timer = new FdHandle(fd);
        errno = RegisterTimer(_epoll, timer);
        if (errno != Errno.Success)
        {
            timer.Dispose();
            return errno;
        }

        _timer = timer;
        return Errno.Success;
    }

    // Edge-triggered: an expiry that nobody reads is reported once, and setting the timer again clears it.
    private static int RegisterTimer(int epoll, FdHandle timer) =>
        EpollNative.Add(epoll, timer.Number, (uint)TimerInterest, SourceToken.OfPoller.Raw);
}
