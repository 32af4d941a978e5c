using System.Net;
using System.Net.Sockets;
using MetricsGateway.Admin;
using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>
/// The whole gateway: one event manager, its listeners, and what they share. All of it belongs to the thread that runs it, so
/// nothing is locked; <see cref="Stop"/> alone may be called from any thread.
/// </summary>
internal sealed class Gateway : IDisposable
{
    // What one turn of the loop takes from a connection at most.
    private const int StreamReadSize = 64 << 10;
    private const int AdminReadSize = 512;

    // When clients have used up the limit of connections, whoever wants to know why still gets in.
    private const int ExtraAdminPlaces = 16;

    private readonly GatewayOptions _options;
    private readonly EventManager _manager;
    private readonly LoopActivity _activity = new();
    private readonly ConnectionGate _gate;
    private readonly IdleTimeout _idle;
    private readonly DescriptorReserve _reserve;
    private readonly AdminService _admin;
    private readonly ReportConsole? _console;
    private readonly Flusher? _flusher;
    private readonly byte[] _buffer;
    private readonly List<(string Option, string Place)> _places = [];
    private TimerEvent? _flushTimer;

    /// <summary>Opens all listeners; they are served by <see cref="Run"/>.</summary>
    /// <param name="options">Where to listen, and the limits.</param>
    /// <param name="output">Where flushes are reported.</param>
    /// <param name="errors">Where faults are reported.</param>
    /// <param name="time">The time that intervals and timeouts are measured by.</param>
    /// <exception cref="ListenException">A listener could not be set up; none is open then.</exception>
    /// <exception cref="EventManagerException">The kernel refused what the loop needs.</exception>
    public Gateway(GatewayOptions options, FileDescriptor output, TextWriter errors, TimeProvider time)
    {
        _options = options;
        _gate = new ConnectionGate(options.MaxConnections);
        _buffer = new byte[Math.Max(StreamReadSize, options.MaxPacket + 1)];
        Store = new MetricStore(options);
        _admin = new AdminService(options, new AdminCommands(options, Store, Totals), GetStatus);
        _admin.Preload();

        // A fault in one connection must not end the others: whoever throws is detached, and handed over to be dealt with.
        _manager = new EventManager(
            new EventManagerOptions { Name = nameof(MetricsGateway), FaultPolicy = FaultPolicy.Detach, TimeProvider = time });
        _idle = new IdleTimeout(_manager, options.IdleTimeout);
        _reserve = new DescriptorReserve();
        try
        {
            _manager.FaultReported += new FaultRecovery(_manager, errors).OnFault;
            _manager.FaultReported += OnFault;
            _manager.AddCheckHook(_ => _activity.OnTurn());
            OpenListeners();
            if (options.FlushInterval is not null)
            {
                _console = options.FlushConsole ? new ReportConsole(output, errors) : null;
                _flusher = new Flusher(Store, new FlushReport(options.Percentiles), _console, time);
                StartFlushing();
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public MetricStore Store { get; }

    public TrafficTotals Totals { get; } = new();

    /// <summary>The listeners' options, and where they really listen.</summary>
    public IReadOnlyList<(string Option, string Place)> Places => _places;

    /// <summary>Serves until stopped, and then flushes what is left.</summary>
    public void Run()
    {
        _manager.Run();
        _flusher?.FlushRest();
    }

    /// <summary>Lets <see cref="Run"/> return. Any thread.</summary>
    /// <exception cref="ObjectDisposedException">The gateway is disposed.</exception>
    public void Stop() => _manager.RemoteEndpoint.Fire(static manager => manager.Stop());

    /// <summary>Closes all connections and listeners, which the manager disposes as its subscribers.</summary>
    public void Dispose()
    {
        _manager.Dispose();
        _reserve.Dispose();
        _console?.Dispose();
    }

    private void OpenListeners()
    {
        if (_options.StatsDUdp is { } udp)
        {
            AddReceiver(OptionTable.StatsDUdp, ListeningSocket.OpenUdp(OptionTable.StatsDUdp, udp), StatsD(Totals.StatsDUdp));
        }

        if (_options.StatsDTcp is { } tcp)
        {
            AddListener(OptionTable.StatsDTcp, tcp, Serve(StatsD(Totals.StatsDTcp)));
        }

        if (_options.UnixSocket is { } path)
        {
            AddReceiver(OptionTable.UnixSocket, ListeningSocket.OpenUnixDatagram(OptionTable.UnixSocket, path), StatsD(Totals.StatsDUnix));
        }

        if (_options.Graphite is { } graphite)
        {
            AddListener(OptionTable.Graphite, graphite, Serve(new GraphiteReceiver(Store, Totals.Graphite, _options.MaxLineLength)));
        }

        if (_options.Admin is { } admin)
        {
            Memory<byte> buffer = _buffer.AsMemory(0, AdminReadSize);
            AddListener(
                OptionTable.Admin,
                admin,
                handle => new AdminConnection(handle, _admin, buffer, _gate, _activity, _idle),
                ExtraAdminPlaces);
        }
    }

    // A timer whose callback has thrown is cancelled. Its interval goes on, and the next flush has all of it.
    private void OnFault(object? sender, FaultReport report)
    {
        if (report.Event is { } faulty && faulty == _flushTimer)
        {
            StartFlushing();
        }
    }

    // Flushes that were missed have nothing left to tell, because the one that comes has all of it: they are skipped.
    private void StartFlushing()
    {
        TimeSpan interval = _options.FlushInterval!.Value;
        _flushTimer = _manager.CreateTimerEvent(
            interval, interval, (_, tick) => _flusher!.Flush(tick.Lateness, tick.Missed), MissedTickPolicy.Skip);
    }

    private StatsDReceiver StatsD(ProtocolTotals totals) => new(Store, totals, _options.MaxLineLength);

    private Func<FdHandle, StreamConnection> Serve(LineReceiver receiver)
    {
        Memory<byte> buffer = _buffer.AsMemory(0, StreamReadSize);
        return handle => new MetricConnection(handle, receiver, buffer, _gate, _activity, _idle);
    }

    private void AddListener(string option, IPEndPoint endpoint, Func<FdHandle, StreamConnection> createConnection, int extraPlaces = 0)
    {
        Socket socket = ListeningSocket.OpenTcp(option, endpoint);
        _manager.AddSubscriber(new StreamListener(socket, createConnection, _gate, _reserve, _activity, extraPlaces));
        _places.Add((option, socket.LocalEndPoint!.ToString()!));
    }

    private void AddReceiver(string option, Socket socket, LineReceiver receiver)
    {
        _manager.AddSubscriber(new DatagramReceiver(socket, receiver, _buffer.AsMemory(0, _options.MaxPacket + 1), _activity));
        _places.Add((option, socket.LocalEndPoint!.ToString()!));
    }

    private GatewayStatus GetStatus() => new()
    {
        Uptime = _activity.Uptime,
        SinceLastMessage = _activity.SinceLastMessage,
        OpenConnections = _gate.Open,
        AcceptedConnections = _gate.Accepted,
        RefusedConnections = _gate.Refused,
        FailedAccepts = _gate.FailedAccepts,
        DroppedClients = _gate.DroppedClients,
        IdleClosedConnections = _gate.IdleClosed,
        OverlongCommands = _admin.OverlongCommands,
        Flush = _flusher?.Status,
        LoopTurns = _activity.Turns,
        LoopEvents = _activity.Events,
    };
}
