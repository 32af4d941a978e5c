using System.Net.Sockets;
using MetricsGateway.Admin;
using MetricsGateway.Configuration;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>All kinds of listeners: how each opens its socket, which subscriber serves it, and what they and their connections
/// share.</summary>
internal sealed class ListenerCatalog
{
    // The most that one turn of the loop takes from a connection.
    private const int StreamReadSize = 64 << 10;
    private const int AdminReadSize = 512;
    private const int DatagramsAtOnce = 64;

    // Otherwise the kernel would let the answers for a client that does not read grow to 4 MiB (net.ipv4.tcp_wmem), in addition to the
    // counted ones.
    private const int AdminSendBuffer = 64 << 10;

    // The kernel counts 768 bytes for a small datagram, and allows twice the buffer's size: even a million datagrams a second need some
    // time to fill this. A smaller buffer has a shorter rest.
    private const int LargeBuffer = 1 << 20;
    private const int SmallBuffer = 1 << 16;

    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(1);

    // When clients have used up the limit of connections, an operator can still connect to find out why.
    private const int ExtraAdminPlaces = 16;

    private readonly EventManager _manager;
    private readonly ConnectionGate _gate;
    private readonly DescriptorReserve _reserve;
    private readonly PassedSockets _passed;
    private readonly LoopActivity _activity;
    private readonly byte[] _buffer = new byte[StreamReadSize];
    private readonly TextWriter _errors;
    private readonly LineReceiver[] _receivers;
    private IdleTimeout _idle;
    private DatagramBatches _batches;
    private UnixFileMode _socketMode;
    private int _receiveBuffer;

    public ListenerCatalog(
        GatewayOptions options,
        EventManager manager,
        ConnectionGate gate,
        DescriptorReserve reserve,
        LoopActivity activity,
        MetricStore store,
        TrafficTotals totals,
        AdminService admin,
        PassedSockets passed,
        TextWriter errors)
    {
        _manager = manager;
        _passed = passed;
        _gate = gate;
        _reserve = reserve;
        _activity = activity;
        _errors = errors;
        _idle = new IdleTimeout(manager, options.IdleTimeout);
        _batches = new DatagramBatches(DatagramsAtOnce, options.MaxPacket);
        _receiveBuffer = options.ReceiveBuffer;
        _socketMode = options.UnixSocketMode;

        StatsDReceiver udp = new(store, totals.StatsDUdp, options.MaxLineLength);
        StatsDReceiver tcp = new(store, totals.StatsDTcp, options.MaxLineLength);
        StatsDReceiver unix = new(store, totals.StatsDUnix, options.MaxLineLength);
        GraphiteReceiver graphite = new(store, totals.Graphite, options.MaxLineLength);
        _receivers = [udp, tcp, unix, graphite];
        Array.ForEach(_receivers, receiver => receiver.Examples = totals.Examples);
        AdminTurns turns = new(manager);
        Memory<byte> adminBuffer = _buffer.AsMemory(0, AdminReadSize);
        Kinds =
        [
            Datagrams(
                OptionTable.StatsDUdp,
                options => ListenAddress.Of(options.StatsDUdp, options.IPv6Only),
                (address, leaving) => ListeningSocket.OpenUdp(OptionTable.StatsDUdp, address, leaving),
                udp,
                totals.StatsDUdp),
            Streams(OptionTable.StatsDTcp, options => options.StatsDTcp, Serve(tcp)),
            Datagrams(
                OptionTable.UnixSocket,
                options => options.UnixSocket is { } path ? [new ListenAddress(Endpoint: null, path)] : [],
                (address, _) => ListeningSocket.OpenUnixDatagram(OptionTable.UnixSocket, address.Path!, _socketMode),
                unix,
                totals.StatsDUnix),
            Streams(OptionTable.Graphite, options => options.Graphite, Serve(graphite)),
            Streams(
                OptionTable.Admin,
                options => options.Admin,
                handle => new AdminConnection(handle, admin, turns, adminBuffer, gate, activity, _idle),
                ExtraAdminPlaces,
                AdminSendBuffer),
        ];
    }

    public IReadOnlyList<ListenerKind> Kinds { get; }

    /// <summary>
    /// Prepares to apply the options about received data, for open listeners and later ones. Only this step can fail, for want of memory.
    /// </summary>
    /// <returns>Applies them.</returns>
    public Action<ListenerSet> Prepare(GatewayOptions options)
    {
        DatagramBatches batches = _batches.MaxLength == options.MaxPacket
            ? _batches
            : new DatagramBatches(DatagramsAtOnce, options.MaxPacket);
        return open => Apply(options, batches, open);
    }

    private void Apply(GatewayOptions options, DatagramBatches batches, ListenerSet open)
    {
        _batches = batches;
        _socketMode = options.UnixSocketMode;
        if (_idle.Timeout != options.IdleTimeout)
        {
            _idle = new IdleTimeout(_manager, options.IdleTimeout);
        }

        bool resizesBuffers = _receiveBuffer != options.ReceiveBuffer;
        _receiveBuffer = options.ReceiveBuffer;
        foreach (LineReceiver receiver in _receivers)
        {
            receiver.MaxLineLength = options.MaxLineLength;
        }

        foreach ((string option, Listener listener) in open.All)
        {
            SetMode(option, listener);
            if (listener is DatagramReceiver datagrams)
            {
                datagrams.Batches = _batches;
                if (resizesBuffers)
                {
                    datagrams.Rest = SetReceiveBuffer(option, listener.Place, listener.Socket);
                }
            }

            foreach (StreamConnection connection in listener.Connections)
            {
                connection.Adopt(_idle);
            }
        }
    }

    private void SetMode(string option, Listener listener)
    {
        try
        {
            listener.File?.SetMode(_socketMode);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _errors.Write(ConsoleText.SocketModeFailed(option, listener.Place, exception.Message));
        }
    }

    private ListenerKind Datagrams(
        string option,
        Func<GatewayOptions, IReadOnlyList<ListenAddress>> getAddresses,
        Func<ListenAddress, IReadOnlyList<Socket>, BoundSocket> open,
        LineReceiver receiver,
        ProtocolTotals totals) =>
        new(
            option,
            SocketType.Dgram,
            options => _passed.Of(option) ?? getAddresses(options),
            (address, leaving) => address.Passed is null
                ? open(address, leaving)
                : PassedSockets.Open(option, address, static _ => { }),
            bound =>
            {
                TimeSpan rest = SetReceiveBuffer(option, bound.Place, bound.Socket);
                return new DatagramReceiver(bound, receiver, totals, _batches, _activity, rest);
            });

    /// <returns>How long the socket may go unread.</returns>
    private TimeSpan SetReceiveBuffer(string option, string place, Socket socket)
    {
        int got;
        try
        {
            got = ListeningSocket.SetReceiveBuffer(socket, _receiveBuffer);
        }
        catch (SocketException exception)
        {
            // The socket keeps its buffer. Its size does not matter if it is read at once.
            _errors.Write(ConsoleText.BufferRefused(option, place, _receiveBuffer, exception.Message));
            return TimeSpan.Zero;
        }

        if (got < _receiveBuffer && _receiveBuffer != OptionTable.DefaultReceiveBuffer)
        {
            _errors.Write(ConsoleText.BufferCapped(option, _receiveBuffer, got));
        }

        // A Unix socket keeps few datagrams, however small, and makes its senders wait.
        return got < SmallBuffer || socket.AddressFamily == AddressFamily.Unix
            ? TimeSpan.Zero
            : LongestRest * Math.Min(1, (double)got / LargeBuffer);
    }

    private ListenerKind Streams(
        string option,
        Func<GatewayOptions, EndpointList?> getEndpoints,
        Func<FdHandle, StreamConnection> createConnection,
        int extraPlaces = 0,
        int? sendBuffer = null) =>
        new(
            option,
            SocketType.Stream,
            options => _passed.Of(option) ?? ListenAddress.Of(getEndpoints(options), options.IPv6Only),
            (address, leaving) => address.Passed is null
                ? ListeningSocket.OpenTcp(option, address, leaving, sendBuffer)
                : PassedSockets.Open(option, address, socket => ListeningSocket.PrepareForClients(socket, sendBuffer)),
            bound => new StreamListener(bound, createConnection, _gate, _reserve, _activity, extraPlaces));

    private Func<FdHandle, StreamConnection> Serve(LineReceiver receiver) =>
        handle => new MetricConnection(handle, receiver, _buffer, _gate, _activity, _idle);
}
