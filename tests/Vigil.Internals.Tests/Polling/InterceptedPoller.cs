using Vigil.Interop;
using Vigil.Polling;
using Vigil.Timing;

namespace Vigil.Internals.Tests.Polling;

/// <summary>The kernel's epoll, with a test in between.</summary>
internal sealed class InterceptedPoller : IPoller
{
    private readonly EpollPoller _epoll = new();

    /// <summary>The errno with which it modifies nothing; 0 where it does.</summary>
    public int Refusal { get; set; }

    /// <summary>The errno with which it adds nothing; 0 where it does.</summary>
    public int AddRefusal { get; set; }

    /// <summary>The errno with which a wait ends at once; 0 where it does not.</summary>
    public int WaitRefusal { get; set; }

    /// <summary>The errno with which no rebuild begins; 0 where it does.</summary>
    public int RebuildRefusal { get; set; }

    /// <summary>How many rebuilds were asked for.</summary>
    public int Rebuilds { get; private set; }

    /// <summary>Called at the beginning of each wait.</summary>
    public Action? Waiting { get; set; }

    public int Add(int fd, ulong token, EventSet interest) => AddRefusal == Errno.Success ? _epoll.Add(fd, token, interest) : AddRefusal;

    public int Modify(int fd, ulong token, EventSet interest) => Refusal == Errno.Success ? _epoll.Modify(fd, token, interest) : Refusal;

    public int Remove(int fd) => _epoll.Remove(fd);

    public int Wait(Deadline deadline, ReadyBuffer ready)
    {
        Waiting?.Invoke();
        return WaitRefusal == Errno.Success ? _epoll.Wait(deadline, ready) : WaitRefusal;
    }

    public int BeginRebuild()
    {
        Rebuilds++;
        return RebuildRefusal == Errno.Success ? _epoll.BeginRebuild() : RebuildRefusal;
    }

    public int Transfer(int fd, ulong token, EventSet? interest) => _epoll.Transfer(fd, token, interest);

    public void EndRebuild() => _epoll.EndRebuild();

    public void AbandonRebuild() => _epoll.AbandonRebuild();

    public void Dispose() => _epoll.Dispose();
}
