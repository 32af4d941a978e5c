using System.Net;
using System.Net.Sockets;
using MetricsGateway.Network;
using MetricsGateway.Protocols;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Tests.Network;

/// <summary>The end of a socket of datagrams.</summary>
public sealed class DatagramReceiverTests : IDisposable
{
    private const int Capacity = 8;

    private readonly EventManager _manager = new();
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 16, Blocking = false };
    private readonly ProtocolTotals _totals = new("test");

    public DatagramReceiverTests()
    {
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

    private DatagramReceiver Create(Action<string> onLine)
    {
        DatagramBatch batch = new(Capacity, maxLength: 100);
        DatagramReceiver receiver = new(_socket, new ObservedReceiver(_totals, onLine), _totals, batch, new LoopActivity(), rest: TimeSpan.Zero);
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
