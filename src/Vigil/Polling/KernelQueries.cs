using Vigil.Interop;
using Vigil.IO;

namespace Vigil.Polling;

/// <summary>The kernel's answers.</summary>
internal sealed class KernelQueries : DescriptorQueries
{
    public override bool IsOpen(int fd) => EpollNative.IsOpen(fd);

    public override bool ReportsChangesOnce(int fd) => FileNative.ReportsChangesOnce(fd);

    public override EventSet ReadyNow(int fd, EventSet kinds) => (EventSet)PollNative.Look(fd, (short)kinds);

    public override bool IsMessageOriented(int fd) => SocketNative.IsMessageOriented(fd);

    public override bool IsListening(int fd) => SocketNative.KindOf(fd, out _, out bool accepts) == Errno.Success && accepts;

    public override int BytesToRead(int fd) => FileNative.BytesToRead(fd);

    public override bool HasErrorOrHangUp(int fd) => PollNative.StillHasErrorOrHangUp(fd);

    public override Announcements? Listen(int fd)
    {
        int epoll = EpollNative.Create(out int errno);
        if (errno != Errno.Success)
        {
            return null;
        }

        var announcements = new EdgeInstance(new FdHandle(epoll));
        if (EpollNative.Add(epoll, fd, (uint)EventSet.EdgeTriggered, data: 0) != Errno.Success)
        {
            announcements.Dispose();
            return null;
        }

        return announcements;
    }

    /// <summary>A second, edge-triggered registration, in an epoll instance of its own.</summary>
    private sealed class EdgeInstance(FdHandle epoll) : Announcements
    {
        public override unsafe bool TryTake()
        {
            byte* entry = stackalloc byte[EpollEventLayout.MaxSize];
            return EpollNative.Wait(epoll.Number, entry, capacity: 1, nanoseconds: 0, out _) > 0;
        }

        public override void Dispose() => epoll.Dispose();
    }
}
