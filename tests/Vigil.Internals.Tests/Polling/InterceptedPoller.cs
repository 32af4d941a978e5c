using Vigil.Interop;
using Vigil.Polling;

namespace Vigil.Internals.Tests.Polling;

/// <summary>The kernel's epoll, intercepted by a test.</summary>
internal sealed class InterceptedPoller : IPoller
{
    private readonly EpollPoller _epoll = new();

    /// <summary>The errno with which modifications fail; 0 for none.</summary>
    public int Refusal { get; set; }

    /// <summary>The errno with which waits fail at once; 0 for none.</summary>
    public int WaitRefusal { get; set; }

    /// <summary>The errno with which rebuilds fail; 0 for none.</summary>
    public int RebuildRefusal { get; set; }

    /// <summary>What removals throw; null for nothing.</summary>
    public Exception? RemovalFault { get; set; }

    /// <summary>The number of requested rebuilds.</summary>
    public int Rebuilds { get; private set; }

    /// <summary>Called at the beginning of each wait.</summary>
    public Action? Waiting { get; set; }

    public int Add(int fd, SourceToken token, EventSet interest) => _epoll.Add(fd, token, interest);

    public int Modify(int fd, SourceToken token, EventSet interest) =>
        Refusal == Errno.Success ? _epoll.Modify(fd, token, interest) : Refusal;

    public int Remove(int fd) => RemovalFault is null ? _epoll.Remove(fd) : throw RemovalFault;

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

    public int Transfer(int fd, SourceToken token, EventSet? interest) => _epoll.Transfer(fd, token, interest);

    public void EndRebuild() => _epoll.EndRebuild();

    public void AbandonRebuild() => _epoll.AbandonRebuild();

    public void Dispose() => _epoll.Dispose();
}
