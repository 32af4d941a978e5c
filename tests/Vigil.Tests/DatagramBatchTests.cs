using System.Net;
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
        using var pair = new UnixSocketPair(SocketType.Dgram, BlockingMode.Blocking);
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
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Each_datagram_has_its_sender(string address)
    {
        using Socket receiver = Bind(IPAddress.Parse(address));
        using Socket first = Bind(IPAddress.Parse(address));
        using Socket second = Bind(IPAddress.Parse(address));
        var batch = new DatagramBatch(capacity: 3, maxLength: 16);
        foreach (Socket sender in new[] { first, second, first })
        {
            LoopbackArrival.AwaitDatagram(receiver, () => sender.SendTo("x"u8, receiver.LocalEndPoint!));
        }

        Assert.Equal(3, batch.TryReceive(receiver).Count);

        Assert.Equal([first.LocalEndPoint, second.LocalEndPoint, first.LocalEndPoint], Enumerable.Range(0, 3).Select(batch.GetSender));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.GetSender(3));
    }

    [Fact]
    public void A_local_sender_has_its_path_or_no_name_and_each_call_has_room_for_the_longest()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        try
        {
            using Socket receiver = Bind(Path.Combine(directory.FullName, "there"));
            using Socket named = Bind(Path.Combine(directory.FullName, new string('n', 40)));
            using Socket unnamed = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            var batch = new DatagramBatch(capacity: 2, maxLength: 16);
            foreach (Socket[] senders in new[] { new[] { unnamed, named }, [named, unnamed], [unnamed, named] })
            {
                Array.ForEach(senders, sender => sender.SendTo("x"u8, receiver.LocalEndPoint!));

                Assert.Equal(2, batch.TryReceive(receiver).Count);

                Assert.Equal(
                    senders.Select(sender => sender == named ? named.LocalEndPoint!.ToString() : null),
                    Enumerable.Range(0, 2).Select(index => batch.GetSender(index)?.ToString()));
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_refusal_by_the_peer_of_a_connected_socket_is_a_failure_once_and_costs_no_datagram(bool areErrorsQueued)
    {
        using Socket socket = Udp();
        using Socket peer = Udp();
        EndPoint address = peer.LocalEndPoint!;
        socket.Connect(address);
        if (areErrorsQueued)
        {
            Posix.RequestErrors(socket);
        }

        LoopbackArrival.AwaitDatagram(socket, () => peer.SendTo("before"u8, socket.LocalEndPoint!));

        // A socket that is connected to itself refuses all others, and its port stays taken.
        peer.Connect(address);
        Assert.True(NonBlocking.TryWrite(socket, "to nobody"u8).IsSuccess);
        LoopbackArrival.AwaitError(socket);
        LoopbackArrival.AwaitDatagram(socket, () => peer.SendTo("after"u8, socket.LocalEndPoint!));
        var batch = new DatagramBatch(capacity: 4, maxLength: 16);

        IOResult refusal = batch.TryReceive(socket);

        Assert.Equal((new IOResult(0, 111), 0), (refusal, batch.Count));
        Assert.Equal(111, Assert.Throws<EventManagerException>(() => refusal.ThrowIfFailed("recvmmsg")).Errno);
        Assert.Equal(2, batch.TryReceive(socket).Count);
        Assert.Equal(["before", "after"], Received(batch));
        Assert.True(batch.TryReceive(socket).WouldBlock);
        Assert.Equal(areErrorsQueued ? 1 : 0, Posix.EmptyErrorQueue(socket));
    }

    [Fact]
    public void Completions_of_sending_without_copying_are_not_taken_for_datagrams_nor_for_failures()
    {
        using Socket socket = Udp();
        using Socket peer = Udp();
        socket.Connect(peer.LocalEndPoint!);
        Assert.SkipUnless(Posix.TrySendWithoutCopying(socket, new byte[512]), "The kernel sends no datagrams without copying.");
        LoopbackArrival.Await(peer);
        Assert.Equal(512, NonBlocking.TryRead(peer, new byte[1024]).Count);
        var batch = new DatagramBatch(capacity: 4, maxLength: 16);

        Assert.True(batch.TryReceive(socket).WouldBlock);

        LoopbackArrival.AwaitDatagram(socket, () => peer.SendTo("datagram"u8, socket.LocalEndPoint!));
        Assert.Equal(1, batch.TryReceive(socket).Count);
        Assert.Equal(["datagram"], Received(batch));
        Assert.Equal(1, Posix.EmptyErrorQueue(socket));
        Assert.True(batch.TryReceive(socket).WouldBlock);
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

    private static Socket Bind(IPAddress address)
    {
        Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }

    private static Socket Bind(string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static Socket Udp()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private void Send(params string[] datagrams) =>
        Array.ForEach(datagrams, datagram => Assert.True(NonBlocking.TryWrite(_pair.First, Encoding.ASCII.GetBytes(datagram)).IsSuccess));

    private static string[] Received(DatagramBatch batch) =>
        [.. Enumerable.Range(0, batch.Count).Select(index => Encoding.ASCII.GetString(batch[index]))];
}
