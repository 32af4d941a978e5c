using System.Net.Sockets;
using System.Text;

namespace Vigil.Tests;

public sealed class DatagramBatchTests : IDisposable
{
    private readonly UnixSocketPair _pair = new(SocketType.Dgram);

    public void Dispose() => _pair.Dispose();

    [Fact]
    public void Datagrams_that_have_arrived_are_taken_by_one_call_in_order_and_with_their_borders()
    {
        var batch = new DatagramBatch(capacity: 4, maxLength: 16);
        Send("one", "", "three");

        Assert.Equal(new IOResult(3, 0), batch.TryReceive(_pair.Second));

        Assert.Equal(["one", "", "three"], Received(batch));
    }

    [Fact]
    public void More_than_fit_are_taken_by_the_next_call()
    {
        var batch = new DatagramBatch(capacity: 2, maxLength: 16);
        Send("1", "2", "3");

        Assert.Equal(2, batch.TryReceive(_pair.Second).Count);
        Assert.Equal(["1", "2"], Received(batch));
        Assert.Equal(1, batch.TryReceive(_pair.Second).Count);
        Assert.Equal(["3"], Received(batch));
    }

    [Fact]
    public void Where_there_is_none_the_call_does_not_wait_also_on_a_socket_that_would()
    {
        using var pair = new UnixSocketPair(SocketType.Dgram, nonBlocking: false);
        var batch = new DatagramBatch(capacity: 2, maxLength: 16);
        NonBlocking.TryWrite(pair.First, "x"u8);
        Assert.Equal(1, batch.TryReceive(pair.Second).Count);

        Assert.True(batch.TryReceive(pair.Second).WouldBlock);

        Assert.Equal(0, batch.Count);
    }

    [Fact]
    public void A_datagram_that_is_too_long_is_cut_and_says_so_and_the_next_one_is_whole()
    {
        var batch = new DatagramBatch(capacity: 3, maxLength: 4);
        Send("exact"[..4], "longer", "x");

        Assert.Equal(3, batch.TryReceive(_pair.Second).Count);

        Assert.Equal(["exac", "long", "x"], Received(batch));
        Assert.Equal([false, true, false], Enumerable.Range(0, 3).Select(batch.IsTruncated));
        Send("fits", "fits");
        batch.TryReceive(_pair.Second);
        Assert.False(batch.IsTruncated(1));
    }

    [Fact]
    public void What_was_not_received_cannot_be_looked_at()
    {
        var batch = new DatagramBatch(capacity: 2, maxLength: 4);
        Send("x");
        batch.TryReceive(_pair.Second);

        Assert.Throws<ArgumentOutOfRangeException>(() => batch[1].Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => batch[-1].Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.IsTruncated(1));
    }

    [Fact]
    public void A_closed_socket_and_one_that_is_none_are_failures()
    {
        var batch = new DatagramBatch(capacity: 2, maxLength: 4);
        using var counter = new EventFd();
        IOResult notSocket = batch.TryReceive(counter);
        Assert.Equal(88, Assert.Throws<EventManagerException>(() => notSocket.ThrowIfFailed("recvmmsg")).Errno);
        _pair.Second.Dispose();

        IOResult closed = batch.TryReceive(_pair.Second);

        Assert.Throws<ObjectDisposedException>(() => closed.ThrowIfFailed("recvmmsg"));
    }

    [Theory]
    [InlineData(0, 16)]
    [InlineData(DatagramBatch.MaxCapacity + 1, 16)]
    [InlineData(1, 0)]
    [InlineData(1024, int.MaxValue)]
    public void Sizes_that_cannot_be_are_refused(int capacity, int maxLength) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new DatagramBatch(capacity, maxLength));

    [Fact]
    public void Receiving_allocates_nothing()
    {
        var batch = new DatagramBatch(capacity: 8, maxLength: 64);
        int length = 0;
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 4; i++)
            {
                NonBlocking.TryWrite(_pair.First, "datagram"u8);
            }

            batch.TryReceive(_pair.Second);
            length = batch[3].Length;
        });

        Assert.Equal(8, length);
    }

    private void Send(params string[] datagrams) =>
        Array.ForEach(datagrams, datagram => Assert.True(NonBlocking.TryWrite(_pair.First, Encoding.ASCII.GetBytes(datagram)).IsSuccess));

    private static string[] Received(DatagramBatch batch) =>
        [.. Enumerable.Range(0, batch.Count).Select(index => Encoding.ASCII.GetString(batch[index]))];
}
