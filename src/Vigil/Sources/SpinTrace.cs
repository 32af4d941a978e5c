using Vigil.Interop;
using Vigil.IO;

namespace Vigil.Sources;

/// <summary>
/// Tells a source that spins, reporting Error or HangUp turn after turn while nobody does anything about it, from one that is
/// being drained after its peer left, and from one whose errors are dealt with and come anew.
/// </summary>
/// <remarks>
/// <para>A turn counts if its owner changed nothing about the source (a change drops this object) and the number of bytes to read
/// (FIONREAD) stayed the same. A socket that keeps message borders may tell the size of its first message only, and messages
/// of one size look alike; so as long as such a socket has something to read nothing is counted, it could be in the middle of
/// being drained.</para>
/// <para>At the limit two questions decide. Is the state there at this moment? If not, it was dealt with. If it is, did the kernel
/// announce it anew in the second half of the turns? An error that is taken out of its queue and comes again is announced each time,
/// and a state that lasts is announced once. A second, edge-triggered registration in an epoll instance of its own hears the announcements.
/// The first question is asked before the second: what is there then was announced before.</para>
/// </remarks>
internal sealed class SpinTrace : IDisposable
{
    private readonly bool _isMessageOriented;
    private int _turns;
    private int _bytesToRead;
    private FdHandle? _announcements;

    public SpinTrace(int fd)
    {
        _isMessageOriented = SocketNative.IsMessageOriented(fd);
        _bytesToRead = FileNative.BytesToRead(fd);
    }

    /// <summary>Takes note of a turn with Error or HangUp, after the owner was told. True at the limit: <see cref="Lasts"/> decides
    /// then.</summary>
    /// <param name="fd">The descriptor.</param>
    /// <param name="limit">How many turns are put up with, 2 or more.</param>
    public bool HasReached(int fd, int limit)
    {
        int bytes = FileNative.BytesToRead(fd);
        bool progress = bytes != _bytesToRead || (_isMessageOriented && bytes > 0);
        _bytesToRead = bytes;
        if (progress)
        {
            Restart();
            return false;
        }

        _turns++;
        if (_turns == limit / 2)
        {
            Listen(fd);
        }

        return _turns >= limit;
    }

    /// <summary>At the limit: whether the state is one that lasts. The count begins anew.</summary>
    public bool Lasts(int fd)
    {
        bool lasts = PollNative.StillHasErrorOrHangUp(fd) && _announcements is not null && !HasAnnouncement();
        Restart();
        return lasts;
    }

    public void Dispose() => _announcements?.Dispose();

    private void Restart()
    {
        _turns = 0;
        _announcements?.Dispose();
        _announcements = null;
    }

    // Without a descriptor for the instance nothing can be told, and nobody is disarmed: the next turns decide.
    private void Listen(int fd)
    {
        int epoll = EpollNative.Create(out int errno);
        if (errno != Errno.Success)
        {
            return;
        }

        _announcements = new FdHandle(epoll);
        errno = EpollNative.Add(epoll, fd, (uint)EventSet.EdgeTriggered, data: 0);
        if (errno != Errno.Success)
        {
            Dispose();
            _announcements = null;
            return;
        }

        // What is there already is told first.
        _ = HasAnnouncement();
    }

    private unsafe bool HasAnnouncement()
    {
        byte* entry = stackalloc byte[EpollEventLayout.MaxSize];
        return EpollNative.Wait(_announcements!.Number, entry, capacity: 1, nanoseconds: 0, out _) > 0;
    }
}
