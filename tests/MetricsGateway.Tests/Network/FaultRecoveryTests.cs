using System.Net.Sockets;
using MetricsGateway.Network;
using MetricsGateway.Protocols;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Tests.Network;

/// <summary>A bug in the handling of one client is reported and ends neither the gateway nor a listener.</summary>
public sealed class FaultRecoveryTests : IDisposable
{
    private readonly StringWriter _errors = new();
    private readonly EventManager _manager = new(new EventManagerOptions { FaultPolicy = FaultPolicy.Detach });
    private readonly LoopActivity _activity = new();
    private readonly ProtocolTotals _totals = new("test");
    private readonly BuggyReceiver _receiver;
    private readonly ListenerSet _listeners;

    public FaultRecoveryTests()
    {
        _receiver = new BuggyReceiver(_totals);
        ListenerKind kind = new(
            "test",
            SocketType.Dgram,
            options => ListenAddress.Of(options.StatsDUdp, options.IPv6Only),
            (address, leaving) => ListeningSocket.OpenUdp("test", address, leaving),
            bound => new DatagramReceiver(
                bound,
                _receiver,
                _totals,
                new DatagramBatches(capacity: 8, maxLength: 100),
                _activity,
                rest: TimeSpan.Zero));
        _listeners = new ListenerSet(_manager, [kind], _errors);
        _manager.FaultReported += new FaultRecovery(_listeners, _errors).OnFault;
    }

    public void Dispose() => _manager.Dispose();

    [Fact]
    public void A_connection_whose_handler_throws_is_closed()
    {
        using UnixSocketPair pair = new();
        ConnectionGate gate = new(maximum: 1);
        gate.TryEnter();
        _manager.AddSubscriber(
            new MetricConnection(pair.First, _receiver, new byte[100], gate, _activity, new IdleTimeout(_manager, timeout: null)));

        NonBlocking.TryWrite(pair.Second, "good\nbug\n"u8);
        _manager.RunOnce();

        Assert.True(pair.First.IsClosed);
        Assert.Equal(0, gate.Open);
        Assert.Empty(_manager.GetSubscribers());
        Assert.Contains("InvalidOperationException: it is a bug", _errors.ToString(), StringComparison.Ordinal);
        Assert.Contains(nameof(BuggyReceiver), _errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_connection_whose_handler_throws_while_it_ends_is_closed_and_held_up_by_nothing()
    {
        using UnixSocketPair pair = new();
        ConnectionGate gate = new(maximum: 1);
        gate.TryEnter();
        MetricConnection connection = new(pair.First, _receiver, new byte[100], gate, _activity, new IdleTimeout(_manager, timeout: null));
        _manager.AddSubscriber(connection);

        _manager.Defer(_ =>
        {
            NonBlocking.TryWrite(pair.Second, "bug\n"u8);
            connection.End();
        });
        _manager.RunOnce();

        Assert.True(pair.First.IsClosed);
        Assert.Equal(0, gate.Open);
        Assert.Empty(_manager.GetSubscribers());
        Assert.Contains("InvalidOperationException: it is a bug", _errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_receiver_that_throws_goes_on_with_the_next_datagram()
    {
        _listeners.Open(RunningGateway.AllListeners);
        Socket socket = _listeners.All.Single().Listener.Socket;

        // All of them have arrived when the first is read.
        foreach (string text in new[] { "bug", "good", "bug" })
        {
            Client.SendDatagram((System.Net.IPEndPoint)socket.LocalEndPoint!, text.Utf8());
        }

        Client.SendDatagram((System.Net.IPEndPoint)socket.LocalEndPoint!, "good"u8);
        Patience.WaitUntil(
            () =>
            {
                _manager.RunOnce(TimeSpan.FromMilliseconds(10));
                return _totals.Metrics == 2;
            },
            () => _errors.ToString());

        Assert.Single(_manager.GetSubscribers());
        Assert.Contains("it is a bug", _errors.ToString(), StringComparison.Ordinal);
    }

    private sealed class BuggyReceiver(ProtocolTotals totals) : LineReceiver(totals, maxLineLength: 100)
    {
        protected override RejectionReason Store(ReadOnlySpan<byte> line) =>
            line.SequenceEqual("bug"u8) ? throw new InvalidOperationException("it is a bug") : RejectionReason.None;
    }
}
