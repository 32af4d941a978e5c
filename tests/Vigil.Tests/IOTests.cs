using System.Net;
using System.Net.Sockets;

namespace Vigil.Tests;

public sealed class IOTests
{
    [Fact]
    public void An_eventfd_counts_and_is_taken_whole_or_one_by_one()
    {
        using var counter = new EventFd(2);
        Assert.True(counter.TryAdd(40));
        Assert.True(counter.TryTake(out ulong value));
        Assert.Equal(42ul, value);
        Assert.False(counter.TryTake(out value));
        Assert.Equal(0ul, value);
        using var semaphore = new EventFd(2, EventFdMode.Semaphore);
        Assert.True(semaphore.TryTake(out value));
        Assert.Equal(1ul, value);
        Assert.True(semaphore.TryTake(out _));
        Assert.False(semaphore.TryTake(out _));
    }

    [Fact]
    public void A_saturated_eventfd_says_so_and_stays_readable()
    {
        using var counter = new EventFd();
        Assert.True(counter.TryAdd(ulong.MaxValue - 1));
        Assert.False(counter.TryAdd());
        Assert.Throws<ArgumentOutOfRangeException>(() => counter.TryAdd(ulong.MaxValue));
        Assert.True(counter.TryTake(out ulong value));
        Assert.Equal(ulong.MaxValue - 1, value);
        counter.Dispose();
        Assert.Throws<ObjectDisposedException>(() => counter.TryAdd());
    }

    [Fact]
    public void A_pipe_moves_bytes_and_says_when_it_would_block_is_over_or_broken()
    {
        using var pipe = new UnixPipe();
        byte[] buffer = new byte[8];
        Assert.True(NonBlocking.TryRead(pipe.Reader, buffer).WouldBlock);
        Assert.Equal(new IOResult(3, 0), NonBlocking.TryWrite(pipe.Writer, "abc"u8));
        Assert.Equal(new IOResult(3, 0), NonBlocking.TryRead(pipe.Reader, buffer));
        Assert.Equal("abc"u8, buffer.AsSpan(0, 3));
        while (NonBlocking.TryWrite(pipe.Writer, new byte[65_536]).IsSuccess)
        {
        }

        Assert.True(NonBlocking.TryWrite(pipe.Writer, "x"u8).WouldBlock);
        pipe.Reader.Dispose();
        IOResult broken = NonBlocking.TryWrite(pipe.Writer, "x"u8);
        Assert.Equal((true, 32), (broken.IsFailure, broken.Errno));
        Assert.Equal(32, Assert.Throws<EventManagerException>(() => broken.ThrowIfFailed("write")).Errno);
        IOResult closed = NonBlocking.TryRead(pipe.Reader, buffer);
        Assert.Throws<ObjectDisposedException>(() => closed.ThrowIfFailed("read"));
    }

    [Theory]
    [InlineData(SocketType.Stream)]
    [InlineData(SocketType.Seqpacket)]
    [InlineData(SocketType.Dgram)]
    public void A_socket_pair_is_connected_both_ways(SocketType type)
    {
        using var pair = new UnixSocketPair(type);
        byte[] buffer = new byte[8];
        Assert.Equal(2, NonBlocking.TryWrite(pair.First, "hi"u8).Count);
        Assert.Equal(2, NonBlocking.TryRead(pair.Second, buffer).Count);
        Assert.Equal(3, NonBlocking.TryWrite(pair.Second, "yes"u8).Count);
        Assert.Equal(3, NonBlocking.TryRead(pair.First, buffer).Count);
    }

    [Fact]
    public void A_socket_pair_of_another_type_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new UnixSocketPair(SocketType.Raw));

    [Fact]
    public void An_undefined_mode_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new EventFd(0, (EventFdMode)2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new UnixPipe((BlockingMode)2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new UnixSocketPair(mode: (BlockingMode)(-1)));
    }

    [Fact]
    public void Connections_are_accepted_without_blocking_and_end_in_order()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Assert.True(NonBlocking.TryAccept(listener, out FdHandle? none).WouldBlock);
        Assert.Null(none);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        LoopbackArrival.Await(listener);
        Assert.True(NonBlocking.TryAccept(listener, out FdHandle? connection).IsSuccess);
        using FdHandle server = connection!;
        Assert.True(NonBlocking.TryRead(server, new byte[1]).WouldBlock);
        Assert.True(NonBlocking.TryShutdownWrite(server).IsSuccess);
        client.ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds;
        Assert.Equal(0, client.Receive(new byte[1]));
        Assert.Equal(1, client.Send("x"u8));
    }

    [Fact]
    public void Blocking_mode_can_be_switched()
    {
        using var pipe = new UnixPipe(BlockingMode.Blocking);
        NonBlocking.SetNonBlocking(pipe.Reader);
        Assert.True(NonBlocking.TryRead(pipe.Reader, new byte[1]).WouldBlock);
        NonBlocking.SetBlocking(pipe.Reader);
        NonBlocking.TryWrite(pipe.Writer, "x"u8);
        Assert.Equal(1, NonBlocking.TryRead(pipe.Reader, new byte[1]).Count);
        Assert.Throws<ObjectDisposedException>(() => NonBlocking.SetNonBlocking(default));
    }
}
