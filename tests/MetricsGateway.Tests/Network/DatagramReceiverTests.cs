using System.Net;
using System.Net.Sockets;
using MetricsGateway.Network;
using MetricsGateway.Protocols;
using MetricsGateway.Tests.Flushing;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Tests.Network;

/// <summary>A socket of datagrams: its rest, and its end.</summary>
public sealed class DatagramReceiverTests : IDisposable
{
    private const int Capacity = 16;

    private readonly ManualTime _time = new();
    private readonly EventManager _manager;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 16, Blocking = false };
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
        DatagramReceiver receiver = Create(_ => SendDatagrams(1));
        SendDatagrams(Capacity);

        End(receiver);

        Assert.True(_totals.Metrics > held, $"{_totals.Metrics} of {held} were taken.");
        Assert.True(receiver.WasCut);
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

    private void TakeUntil(int count) =>
        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && _totals.Metrics == count, () => $"{_totals.Metrics} of {count} were taken");

    private DatagramReceiver Create(Action<string> onLine, TimeSpan rest = default)
    {
        DatagramBatch batch = new(Capacity, maxLength: 100);
        DatagramReceiver receiver = new(new BoundSocket(_socket, "there"), new ObservedReceiver(_totals, onLine), _totals, batch, new LoopActivity(), rest);
        _manager.AddSubscriber(receiver);
        return receiver;
    }

    private void End(DatagramReceiver receiver)
    {
        Task ended = Task.CompletedTask;
        _manager.Defer(_ => ended = receiver.End());
        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && ended.IsCompleted && !receiver.IsOpen, () => "it does not end");
    }

    private void SendDatagrams(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Client.SendDatagram((IPEndPoint)_socket.LocalEndPoint!, "x"u8);
        }
    }

    private sealed class ObservedReceiver(ProtocolTotals totals, Action<string> onLine) : LineReceiver(totals, maxLineLength: 100)
    {
        protected override RejectionReason Store(ReadOnlySpan<byte> line)
        {
            onLine(line.Text());
            return RejectionReason.None;
        }
    }
}
