using System.Net;
using System.Net.Sockets;
using Vigil.Internals.Tests.Support;
using Vigil.Interop;
using Vigil.IO;
using Vigil.Polling;
using Vigil.Timing;

namespace Vigil.Internals.Tests.Polling;

/// <summary>No child process inherits the library's descriptors.</summary>
public sealed class CloseOnExecTests : IDisposable
{
    private readonly List<IDisposable> _opened = [];

    // If a finalizer closed a descriptor meanwhile, a new one of the same kind could get its number and would not be noticed.
    public CloseOnExecTests() => OpenDescriptors.CloseForgotten();

    [Fact]
    public void Of_a_poller() => AssertCloseOnExec(["anon_inode:[eventpoll]"], () => Keep(new EpollPoller()));

    [Fact]
    public void Of_a_poller_with_a_timer() =>
        AssertCloseOnExec(["anon_inode:[eventpoll]", "anon_inode:[timerfd]"], () => Keep(new EpollPoller(useTimerFd: true)));

    [Fact]
    public void Of_a_poller_that_was_rebuilt()
    {
        var poller = Keep(new EpollPoller());

        AssertCloseOnExec(["anon_inode:[eventpoll]"], () => Assert.Equal(Errno.Success, poller.BeginRebuild()));
        poller.EndRebuild();
    }

    [Fact]
    public void Of_a_waker() => AssertCloseOnExec(["anon_inode:[eventfd]"], () => Keep(new Waker()));

    [Fact]
    public void Of_a_pipe() => AssertCloseOnExec(["pipe", "pipe"], () => Keep(new UnixPipe()));

    [Fact]
    public void Of_a_blocking_pipe() => AssertCloseOnExec(["pipe", "pipe"], () => Keep(new UnixPipe(BlockingMode.Blocking)));

    [Fact]
    public void Of_a_socket_pair() => AssertCloseOnExec(["socket", "socket"], () => Keep(new UnixSocketPair()));

    [Fact]
    public void Of_an_accepted_connection()
    {
        var listener = Keep(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = Keep(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        client.Connect(listener.LocalEndPoint!);
        LoopbackArrival.Await(listener);

        AssertCloseOnExec(["socket"], () =>
        {
            Assert.True(NonBlocking.TryAccept(listener, out FdHandle? connection).IsSuccess);
            Keep(connection!);
        });
    }

    [Fact]
    public void A_poller_that_is_disposed_leaves_nothing_open()
    {
        OpenDescriptor[] left = OpenDescriptors.OpenedBy(() =>
        {
            using var poller = new EpollPoller(useTimerFd: true);
            Assert.Equal(Errno.Success, poller.Wait(Deadline.At(MonotonicClock.NowNanoseconds + 1000), new ReadyBuffer(1)));
            Assert.Equal(Errno.Success, poller.BeginRebuild());
            poller.EndRebuild();
            Assert.Equal(Errno.Success, poller.BeginRebuild());
            poller.AbandonRebuild();
            Assert.Equal(Errno.Success, poller.BeginRebuild());
        });

        Assert.DoesNotContain(left, descriptor => descriptor.Kind.StartsWith("anon_inode:", StringComparison.Ordinal));
    }

    public void Dispose() => _opened.ForEach(opened => opened.Dispose());

    private static void AssertCloseOnExec(string[] kinds, Action open)
    {
        OpenDescriptor[] opened = OpenDescriptors.OpenedBy(open);

        Assert.Equal(kinds, opened.Select(descriptor => descriptor.Kind), StringComparer.Ordinal);
        Assert.All(opened, descriptor => Assert.True(LibC.IsCloseOnExec(descriptor.Number), $"{descriptor} would be inherited."));
    }

    private T Keep<T>(T opened)
        where T : IDisposable
    {
        _opened.Add(opened);
        return opened;
    }
}
