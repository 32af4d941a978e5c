using System.Net;
using System.Net.Sockets;
using MetricsGateway.Network;
using MetricsGateway.Protocols;
using MetricsGateway.Tests.Flushing;
using Vigil;

namespace MetricsGateway.Tests.Network;

/// <summary>A datagram socket: its rest, and its end.</summary>
public sealed class DatagramReceiverTests : IDisposable
{
    private const int Capacity = 16;

    private readonly ManualTime _time = new();
    private readonly EventManager _manager;
    private readonly Socket _socket = new(
        AddressFamily.InterNetwork,
        SocketType.Dgram,
        ProtocolType.Udp)
    { ReceiveBufferSize = 1 << 16, Blocking = false };
    private readonly ProtocolTotals _totals = new("test");

    public DatagramReceiverTests()
    {
        _manager = new EventManager(new EventManagerOptions { TimeProvider = _time });
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    }

    public void Dispose() => _manager.Dispose();

    [Fact]
    public void What_has_arrived_is_taken_and_nothing_was_cut()
    {
        DatagramReceiver receiver = Create(_ => { });
        SendDatagrams(3 * Capacity);

        End(receiver);

        Assert.Equal(3 * Capacity, _totals.Metrics);
        Assert.False(receiver.WasCut);
    }

    [Fact]
    public void A_sender_that_never_pauses_is_cut_when_more_was_taken_than_the_buffer_can_have_held()
    {
        int held = _socket.ReceiveBufferSize / 768;

        // From the beginning of the end on, the kernel delivers only what the socket itself sends.
        DatagramReceiver receiver = Create(_ => _socket.SendTo("x"u8, _socket.LocalEndPoint!));
        SendDatagrams(Capacity);

        End(receiver);

        Assert.True(_totals.Metrics > held, $"{_totals.Metrics} of {held} were taken.");
        Assert.True(receiver.WasCut);
    }

    [Fact]
    public void An_error_that_the_socket_was_told_of_costs_nothing_of_what_has_arrived()
    {
        using Socket closed = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        EndPoint nobody = closed.LocalEndPoint!;
        closed.Close();
        DatagramReceiver receiver = Create(_ => { });
        _manager.Defer(manager =>
        {
            SendDatagrams(Capacity + 1);
            _ = receiver.End();

            // On the loopback the answer, that nobody listens there, is there when the call returns.
            Assert.True(ListeningSocket.TryConnect(_socket, (IPEndPoint)nobody));
            _socket.Send("x"u8);
        });
        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && !receiver.IsOpen, () => "it does not end");

        Assert.Equal(Capacity + 1, _totals.Metrics);
    }

    [Theory]
    [InlineData("127.0.0.1", "0.0.0.0")]
    [InlineData("127.0.0.1", "[::]")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("0.0.0.0", "[::]")]
    [InlineData("[::]", "0.0.0.0")]
    [InlineData("[::]", "127.0.0.1")]
    public void What_is_sent_while_a_listener_takes_its_last_is_the_others_that_has_its_port(string from, string to)
    {
        int port = KeptPort.Next();
        IPEndPoint place = new(IPAddress.Loopback, port);
        bool hasSent = false;
        BoundSocket bound = ListeningSocket.OpenUdp("udp", AddressOf(from, port), leaving: []);
        DatagramReceiver leaving = CreateFor(bound, _totals, _ =>
        {
            if (!hasSent)
            {
                hasSent = true;
                Client.SendDatagram(place, "late"u8);
            }
        });
        ProtocolTotals others = new("other");
        Task ended = Task.CompletedTask;
        _manager.Defer(_ =>
        {
            Client.SendDatagram(place, "early"u8);
            CreateFor(ListeningSocket.OpenUdp("udp", AddressOf(to, port), leaving: [bound.Socket]), others, _ => { });
            ended = leaving.End();
        });
        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && ended.IsCompleted && hasSent, () => "it does not end");

        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && others.Metrics == 1, () => "it is lost");
        Assert.Equal(1, _totals.Metrics);
        Assert.False(leaving.WasCut);
    }

    [Fact]
    public void One_turn_takes_many_batches_since_what_waits_too_long_is_lost()
    {
        Create(_ => { });
        SendDatagrams(5 * Capacity);

        _manager.RunOnce(TimeSpan.Zero);

        Assert.Equal(5 * Capacity, _totals.Metrics);
    }

    [Fact]
    public void A_turn_ends_also_where_the_sender_never_pauses()
    {
        const int BatchesPerTurn = 16;
        Create(_ => SendDatagrams(1));
        SendDatagrams(2 * Capacity);

        _manager.RunOnce(TimeSpan.Zero);

        Assert.Equal(BatchesPerTurn * Capacity, _totals.Metrics);
    }

    [Fact]
    public void After_many_at_once_the_socket_has_a_rest_and_what_comes_in_it_is_taken_when_it_is_over()
    {
        const int Flood = 8;
        Create(_ => { }, rest: TimeSpan.FromMilliseconds(1));
        SendDatagrams(Flood);
        TakeUntil(Flood);

        SendDatagrams(1);
        for (int i = 0; i < 10; i++)
        {
            _manager.RunOnce(TimeSpan.Zero);
        }

        Assert.Equal(Flood, _totals.Metrics);
        _time.Advance(0.001);
        TakeUntil(Flood + 1);
    }

    [Fact]
    public void What_comes_one_by_one_is_not_put_off()
    {
        Create(_ => { }, rest: TimeSpan.FromMilliseconds(1));
        for (int i = 1; i <= 20; i++)
        {
            SendDatagrams(1);
            TakeUntil(i);
        }
    }

    [Fact]
    public void A_turn_is_bounded_in_bytes_and_what_is_left_is_used_though_nothing_more_comes()
    {
        const int Size = 10_000;
        const int Count = 12;
        _socket.ReceiveBufferSize = 1 << 20;
        Create(_ => { }, maxLength: Size);
        SendDatagrams(Count, Size);

        List<long> turns = [];
        for (long before = 0; before < Count * Size; before = _totals.Bytes)
        {
            _manager.RunOnce(TimeSpan.Zero);
            turns.Add(_totals.Bytes - before);
            Assert.InRange(turns.Count, 1, 100);
        }

        Assert.All(turns, bytes => Assert.InRange(bytes, 1, DatagramReceiver.BytesPerTurn + Size));
        Assert.Equal(2, turns.Count);
        Assert.Equal(Count, _totals.Packets);
    }

    [Fact]
    public void What_is_left_of_two_sockets_is_not_mixed_up_and_other_sizes_count_from_the_next_call_on()
    {
        const int Size = 10_000;
        using Socket other = new(
            AddressFamily.InterNetwork,
            SocketType.Dgram,
            ProtocolType.Udp)
        { ReceiveBufferSize = 1 << 20, Blocking = false };
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _socket.ReceiveBufferSize = 1 << 20;
        ProtocolTotals otherTotals = new("other");
        List<string> lines = [];
        DatagramBatches batches = new(Capacity, Size);
        foreach ((Socket socket, ProtocolTotals totals) in new[] { (_socket, _totals), (other, otherTotals) })
        {
            ObservedReceiver observed = new(totals, line => lines.Add($"{totals.Name} {line[0]} {line.Length}"), Size);
            DatagramReceiver receiver = new(new BoundSocket(socket, "there"), observed, totals, batches, new LoopActivity(), TimeSpan.Zero);
            _manager.AddSubscriber(receiver);
            for (char first = 'a'; first < 'm'; first++)
            {
                Client.SendDatagram((IPEndPoint)socket.LocalEndPoint!, new string(first, Size).Utf8());
            }

            // A reload, while a part of a batch is left.
            _manager.Defer(_ => receiver.Batches = new DatagramBatches(Capacity, maxLength: 100));
        }

        for (int i = 0; i < 10; i++)
        {
            _manager.RunOnce(TimeSpan.Zero);
        }

        foreach (ProtocolTotals totals in new[] { _totals, otherTotals })
        {
            Assert.Equal(
                Enumerable.Range('a', 12).Select(first => $"{totals.Name} {(char)first} {Size}"),
                lines.Where(line => line.StartsWith(totals.Name, StringComparison.Ordinal)));
        }

        Client.SendDatagram((IPEndPoint)_socket.LocalEndPoint!, new string('x', Size).Utf8());
        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && _totals.Rejections.Total == 1, () => "it is not received");
        Assert.Equal(1, _totals.Rejections[RejectionReason.PacketTruncated]);
    }

    [Fact]
    public void What_is_left_when_the_end_comes_is_used()
    {
        const int Size = 10_000;
        _socket.ReceiveBufferSize = 1 << 20;
        DatagramReceiver receiver = Create(_ => { }, maxLength: Size);
        SendDatagrams(12, Size);
        _manager.RunOnce(TimeSpan.Zero);
        Assert.InRange(_totals.Packets, 1, 11);

        End(receiver);

        Assert.Equal(12, _totals.Packets);
        Assert.False(receiver.WasCut);
    }

    [Fact]
    public void What_is_left_when_the_socket_is_closed_is_used()
    {
        const int Size = 10_000;
        _socket.ReceiveBufferSize = 1 << 20;
        DatagramReceiver receiver = Create(_ => { }, maxLength: Size);
        SendDatagrams(12, Size);
        _manager.RunOnce(TimeSpan.Zero);
        Assert.InRange(_totals.Packets, 1, 11);

        _manager.Defer(manager => receiver.Close(manager));
        _manager.RunOnce(TimeSpan.Zero);
        _manager.RunOnce(TimeSpan.Zero);

        Assert.Equal((12, 12), (_totals.Packets, _totals.Metrics));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_bug_in_what_is_left_when_the_socket_or_the_manager_ends_is_reported(bool isOfManager)
    {
        const int Size = 10_000;
        List<FaultReport> reports = [];
        using EventManager manager = new(new EventManagerOptions { FaultPolicy = FaultPolicy.Report, TimeProvider = _time });
        manager.FaultReported += (_, report) => reports.Add(report);
        _socket.ReceiveBufferSize = 1 << 20;
        bool isBuggy = false;
        ObservedReceiver observed = new(
            _totals, _ => Assert.False(isBuggy, "it is a bug"), Size);
        DatagramReceiver receiver = new(
            new BoundSocket(_socket, "there"),
            observed,
            _totals,
            new DatagramBatches(Capacity, Size),
            new LoopActivity(),
            TimeSpan.Zero);
        manager.AddSubscriber(receiver);
        SendDatagrams(12, Size);
        manager.RunOnce(TimeSpan.Zero);
        isBuggy = true;

        if (isOfManager)
        {
            manager.Dispose();
        }
        else
        {
            manager.Defer(manager => receiver.Close(manager));
            Patience.WaitUntil(() => manager.RunOnce(TimeSpan.Zero) >= 0 && reports.Count > 0, () => "nothing is reported");
        }

        Assert.Equal(12, _totals.Packets);
        Assert.IsType<AggregateException>(Assert.Single(reports, report => report.LostClosures == 0).Exception);
        Assert.False(receiver.IsOpen);
    }

    [Fact]
    public void A_bug_costs_nothing_of_what_is_left()
    {
        const int Size = 10_000;
        using EventManager manager = new(new EventManagerOptions { FaultPolicy = FaultPolicy.Detach, TimeProvider = _time });
        manager.FaultReported += (_, report) => Assert.NotNull(
            report.Detached is DatagramReceiver detached ? manager.AddSubscriber(detached) : report.Exception);
        _socket.ReceiveBufferSize = 1 << 20;
        ObservedReceiver buggy = new(_totals, _ => throw new InvalidOperationException("it is a bug"), Size);
        manager.AddSubscriber(
            new DatagramReceiver(
                new BoundSocket(_socket, "there"),
                buggy,
                _totals,
                new DatagramBatches(Capacity, Size),
                new LoopActivity(),
                TimeSpan.Zero));
        SendDatagrams(12, Size);

        Patience.WaitUntil(() => manager.RunOnce(TimeSpan.Zero) >= 0 && _totals.Packets == 12, () => $"{_totals.Packets} were taken");
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::", "127.0.0.1")]
    [InlineData("::1", "[::1]")]
    public void Who_asks_for_the_sender_of_a_line_is_told(string listens, string sends)
    {
        using Socket socket = new(IPAddress.Parse(listens).AddressFamily, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        if (socket.AddressFamily == AddressFamily.InterNetworkV6)
        {
            socket.DualMode = true;
        }

        socket.Bind(new IPEndPoint(IPAddress.Parse(listens), 0));
        List<string> senders = [];
        ObservedReceiver? observed = null;
        observed = new ObservedReceiver(_totals, _ => senders.Add(observed!.Sender!()), maxLineLength: 100);
        _manager.AddSubscriber(
            new DatagramReceiver(
                new BoundSocket(socket, "there"),
                observed,
                _totals,
                new DatagramBatches(Capacity, 100),
                new LoopActivity(),
                TimeSpan.Zero));
        var address = IPAddress.Parse(sends);
        Socket[] peers = [.. Enumerable.Range(0, 3).Select(_ => new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp))];
        foreach (Socket peer in peers)
        {
            peer.Bind(new IPEndPoint(address, 0));
            peer.SendTo("x"u8, new IPEndPoint(address, ((IPEndPoint)socket.LocalEndPoint!).Port));
        }

        TakeUntil(3);

        Assert.Equal(peers.Select(peer => peer.LocalEndPoint!.ToString()), senders);
        Assert.Null(observed.Sender);
        Array.ForEach(peers, peer => peer.Dispose());
    }

    private static ListenAddress AddressOf(string address, int port) =>
        ListenAddress.Of(IPEndPoint.Parse($"{address}:{port}"), isIPv6Only: false)[0];

    private void TakeUntil(int count) =>
        Patience.WaitUntil(
            () => _manager.RunOnce(TimeSpan.Zero) >= 0 && _totals.Metrics == count,
            () => $"{_totals.Metrics} of {count} were taken");

    private DatagramReceiver Create(Action<string> onLine, TimeSpan rest = default, int maxLength = 100) =>
        CreateFor(new BoundSocket(_socket, "there"), _totals, onLine, rest, maxLength);

    private DatagramReceiver CreateFor(
        BoundSocket bound, ProtocolTotals totals, Action<string> onLine, TimeSpan rest = default, int maxLength = 100)
    {
        DatagramReceiver receiver = new(
            bound,
            new ObservedReceiver(totals, onLine, maxLength),
            totals,
            new DatagramBatches(Capacity, maxLength),
            new LoopActivity(),
            rest);
        _manager.AddSubscriber(receiver);
        return receiver;
    }

    private void End(DatagramReceiver receiver)
    {
        Task ended = Task.CompletedTask;
        _manager.Defer(_ => ended = receiver.End());
        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && ended.IsCompleted && !receiver.IsOpen, () => "it does not end");
    }

    private void SendDatagrams(int count, int size = 1)
    {
        for (int i = 0; i < count; i++)
        {
            Client.SendDatagram((IPEndPoint)_socket.LocalEndPoint!, new string('x', size).Utf8());
        }
    }

    private sealed class ObservedReceiver(
        ProtocolTotals totals,
        Action<string> onLine,
        int maxLineLength) : LineReceiver(totals, maxLineLength)
    {
        protected override RejectionReason Store(ReadOnlySpan<byte> line)
        {
            onLine(line.Text());
            return RejectionReason.None;
        }
    }
}
