using Vigil.Polling;

namespace Vigil.Benchmarks.Workloads;

/// <summary>
/// A poller that asks the kernel once and repeats the same answer in every later wait, without a system call: the rest of an iteration is
/// the loop's own time.
/// </summary>
internal sealed class RepeatingPoller : IPoller
{
    private readonly EpollPoller _epoll = new();
    private int _answeredSize;
    private int _answer;

    public int Add(int fd, SourceToken token, EventSet interest) => _epoll.Add(fd, token, interest);

    public int Modify(int fd, SourceToken token, EventSet interest) => _epoll.Modify(fd, token, interest);

    public int Remove(int fd) => _epoll.Remove(fd);

    /// <summary>A buffer that has grown since has lost the answer.</summary>
    public int Wait(Deadline deadline, ReadyBuffer ready)
    {
        if (ready.Size == _answeredSize)
        {
            ready.Count = _answer;
            return 0;
        }

        int errno = _epoll.Wait(deadline, ready);
        _answeredSize = ready.Size;
        _answer = ready.Count;
        return errno;
    }

    public int BeginRebuild() => _epoll.BeginRebuild();

    public int Transfer(int fd, SourceToken token, EventSet? interest) => _epoll.Transfer(fd, token, interest);

    public void EndRebuild() => _epoll.EndRebuild();

    public void AbandonRebuild() => _epoll.AbandonRebuild();

    public void Dispose() => _epoll.Dispose();
}
