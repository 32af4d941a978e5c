using System.Net;
using System.Net.Sockets;
using MetricsGateway.Admin;
using MetricsGateway.Configuration;
using MetricsGateway.Metrics;
using MetricsGateway.Network;
using MetricsGateway.Protocols;
using MetricsGateway.Tests.Admin;
using MetricsGateway.Tests.Flushing;
using Vigil;

namespace MetricsGateway.Tests.Network;

/// <summary>A listener whose socket fails goes on, or gets another socket.</summary>
public sealed class ListenerRecoveryTests : IDisposable
{
    private readonly StringWriter _errors = new();
    private readonly ManualTime _time = new();
    private readonly EventManager _manager;
    private readonly ConnectionGate _gate = new(maximum: 10);
    private readonly DescriptorReserve _reserve = new();
    private readonly LoopActivity _activity = new();
    private readonly ProtocolTotals _totals = new("test");
    private readonly CountingReceiver _receiver;
    private readonly ListenerSet _listeners;

    // A failed listener returns to its port.
    private readonly GatewayOptions _options = RunningGateway.AllListeners with
    {
        StatsDUdp = KeptPort.NextAtLoopback(),
        StatsDTcp = KeptPort.NextAtLoopback(),
    };

    public ListenerRecoveryTests()
    {
        _manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Detach, TimeProvider = _time });
        _receiver = new CountingReceiver(_totals);
        ListenerKind udp = new(
            "udp",
            SocketType.Dgram,
            options => ListenAddress.Of(options.StatsDUdp, options.IPv6Only),
            (address, leaving) => ListeningSocket.OpenUdp("udp", address, leaving),
            bound => new DatagramReceiver(
                bound,
                _receiver,
                _totals,
                new DatagramBatches(capacity: 8, maxLength: 100),
                _activity,
                rest: TimeSpan.Zero));
        IdleTimeout idle = new(_manager, timeout: null);
        ListenerKind tcp = new(
            "tcp",
            SocketType.Stream,
            options => ListenAddress.Of(options.StatsDTcp, options.IPv6Only),
            (address, leaving) => ListeningSocket.OpenTcp("tcp", address, leaving),
            bound => new StreamListener(
                bound, handle => new MetricConnection(
                    handle,
                    _receiver,
                    new byte[100],
                    _gate,
                    _activity,
                    idle), _gate, _reserve, _activity));
        _listeners = new ListenerSet(_manager, [udp, tcp], _errors);
        _manager.FaultReported += new FaultRecovery(_listeners, _errors).OnFault;
        _listeners.Open(_options);
    }

    public void Dispose()
    {
        _manager.Dispose();
        _reserve.Dispose();
    }

    [Fact]
    public void Of_one_failing_call_nothing_is_lost_but_a_line_that_tells_of_it()
    {
        Socket socket = Open("udp").Socket;
        IPEndPoint place = (IPEndPoint)socket.LocalEndPoint!;
        IPEndPoint nobody = MakeNextCallFail(socket);
        using Socket peer = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        peer.Bind(nobody);
        peer.SendTo("kept:1|c"u8, place);

        RunUntil(() => _totals.Metrics == 1);

        Assert.Same(socket, Open("udp").Socket);
        Assert.Empty(_listeners.Troubles);
        Assert.Equal(1, _listeners.Failures);
        Assert.Single(Errors());
        Assert.Contains("Connection refused", Errors()[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_socket_that_fails_again_is_replaced_at_its_place()
    {
        IPEndPoint place = (IPEndPoint)Open("udp").Socket.LocalEndPoint!;
        for (int i = 1; i <= 2; i++)
        {
            MakeNextCallFail(Open("udp").Socket);
            RunUntil(() => _listeners.Failures == i);
        }

        Assert.Contains(_listeners.Troubles, trouble => trouble.Option == "udp" && trouble.Place == place.ToString());
        Assert.Contains(Errors(), line => line.StartsWith($"MetricsGateway: udp does not listen on {place}: ", StringComparison.Ordinal));
        Assert.DoesNotContain(_listeners.All, entry => entry.Option == "udp");

        _time.Advance(2);
        RunUntil(() => !_listeners.Troubles.Any());
        Client.SendDatagram(place, "back:1|c"u8);
        RunUntil(() => _totals.Metrics == 1);
        Assert.Equal($"MetricsGateway: udp listens on {place} again", Errors()[^1]);
    }

    [Fact]
    public void While_somebody_else_has_its_place_it_is_tried_again_and_again()
    {
        IPEndPoint place = (IPEndPoint)Open("udp").Socket.LocalEndPoint!;
        for (int i = 1; i <= 2; i++)
        {
            MakeNextCallFail(Open("udp").Socket);
            RunUntil(() => _listeners.Failures == i);
        }

        using (Socket holder = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            holder.Bind(place);
            for (int i = 0; i < 5; i++)
            {
                _time.Advance(60);
                _manager.RunOnce(TimeSpan.Zero);
                Assert.Contains("Address already in use", _listeners.Troubles.Single().Trouble, StringComparison.Ordinal);
            }
        }

        _time.Advance(60);
        RunUntil(() => !_listeners.Troubles.Any());
    }

    [Fact]
    public void A_listener_that_cannot_accept_is_replaced_and_its_connections_notice_nothing()
    {
        Listener listener = Open("tcp");
        IPEndPoint place = (IPEndPoint)listener.Socket.LocalEndPoint!;
        using Socket before = Client.Connect(place);
        RunUntil(() => listener.Connections.Count == 1);

        // From here on accept(2) fails with EINVAL.
        listener.Socket.Shutdown(SocketShutdown.Both);
        RunUntil(() => _listeners.Troubles.Any());
        before.SendLine("before:1|c");
        RunUntil(() => _totals.Metrics == 1);
        _time.Advance(2);
        RunUntil(() => !_listeners.Troubles.Any());

        using Socket after = Client.Connect(place);
        after.SendLine("after:1|c");
        before.SendLine("still:1|c");
        RunUntil(() => _totals.Metrics == 3);
        Assert.Equal(2, _gate.Open);

        Task ended = Task.CompletedTask;
        _manager.Defer(_ => ended = _listeners.EndAll().Metrics);
        RunUntil(() => ended.IsCompleted && _gate.Open == 0);
    }

    [Fact]
    public void A_reload_opens_a_failed_one_at_once()
    {
        Open("tcp").Socket.Shutdown(SocketShutdown.Both);
        RunUntil(() => _listeners.Troubles.Any());

        _manager.Defer(_ => _listeners.Make(_listeners.Prepare(_options)));
        RunUntil(() => !_listeners.Troubles.Any());
        Assert.True(Open("tcp").IsOpen);
    }

    [Fact]
    public void Health_says_what_does_not_listen()
    {
        GatewayStatus status = AdminCommandsTests.Status with
        {
            Troubles = [new ListenerTrouble(
            "statsd-udp",
            "127.0.0.1:8125",
            "Address already in use")]
        };
        OutputBuffer output = Outputs.WithLimit(1 << 16);
        new AdminCommands(RunningGateway.AllListeners, new MetricStore(RunningGateway.AllListeners), new TrafficTotals())
            .Execute("health up"u8, status, output);

        Assert.StartsWith(
            "health: down\nlisteners.closed: statsd-udp 127.0.0.1:8125: Address already in use\n",
            output.TakeText(),
            StringComparison.Ordinal);
    }

    // The next call of a connected socket fails if nothing received what it had sent.
    private static IPEndPoint MakeNextCallFail(Socket socket)
    {
        IPEndPoint nobody = KeptPort.NextAtLoopback();
        socket.Connect(nobody);
        socket.Send("x"u8);
        Assert.True(socket.Poll(Patience.Limit, SelectMode.SelectError), "The kernel does not say that nobody is there.");
        return nobody;
    }

    private Listener Open(string option) => _listeners.All.Single(entry => entry.Option == option).Listener;

    private string[] Errors() => _errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private void RunUntil(Func<bool> condition) => Patience.WaitUntil(
        () =>
        {
            _manager.RunOnce(TimeSpan.Zero);
            return condition();
        },
        () => _errors.ToString());

    private sealed class CountingReceiver(ProtocolTotals totals) : LineReceiver(totals, maxLineLength: 100)
    {
        protected override RejectionReason Store(ReadOnlySpan<byte> line) => RejectionReason.None;
    }
}
