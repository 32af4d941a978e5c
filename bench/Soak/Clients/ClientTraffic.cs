using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Soak.Gateway;

namespace Soak.Clients;

/// <summary>The gateway's clients, on a few threads, each with one client after the other.</summary>
internal sealed class ClientTraffic : IDisposable
{
    private const int Threads = 3;
    private const int Patience = 60_000;

    // TCP_REPAIR (tcp.h): closing a socket in this mode sends nothing. Needs CAP_NET_ADMIN.
    private const int TcpRepair = 19;
    private const int TcpProtocol = 6;

    // So many clients do nothing but hold their connection, and are closed when the next one comes.
    private const int MostStalled = 40;

    private static readonly string[] Questions =
        ["stats", "counters", "timers", "sets", "gauges", "health", "config", "rejected", "slow", "help", "delcounters soak.none*"];

    private readonly Ports _ports;
    private readonly TimeSpan _idleTimeout;
    private readonly Findings _findings;
    private readonly Gate _gate;
    private readonly Lock _lock = new();
    private readonly Queue<Socket> _stalled = new();
    private int _isRepairRefused;

    public ClientTraffic(Ports ports, TimeSpan idleTimeout, Random random, Findings findings)
    {
        _ports = ports;
        _idleTimeout = idleTimeout;
        _findings = findings;
        _gate = new Gate(findings);
        for (int i = 0; i < Threads; i++)
        {
            var choices = new Random(random.Next());
            _gate.Start($"soak-client-{i}", () => RunClient(choices));
        }
    }

    public ClientLedger Ledger { get; } = new();

    /// <summary>Whether clients can go away without the kernel's telling the gateway.</summary>
    public bool CanVanish => Volatile.Read(ref _isRepairRefused) == 0;

    public void Start() => _gate.Open();

    /// <summary>Waits until the last clients have ended, and closes those that hold their connections.</summary>
    public void Rest()
    {
        _gate.Close();
        _findings.Require(Soak.Patience.Await(() => _gate.HoldsAll), "the clients do not end");

        // Half of them: the connections of the others are for the gateway to end.
        lock (_lock)
        {
            for (int i = _stalled.Count / 2; i > 0; i--)
            {
                _stalled.Dequeue().Dispose();
            }
        }
    }

    /// <summary>Closes the sockets whose connections the gateway has ended.</summary>
    public void CloseStalled()
    {
        lock (_lock)
        {
            while (_stalled.TryDequeue(out Socket? socket))
            {
                socket.Dispose();
            }
        }
    }

    public void Dispose()
    {
        _gate.Dispose();
        CloseStalled();
    }

    private static Socket Connect(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            SendTimeout = Patience,
            ReceiveTimeout = Patience,
            NoDelay = true,
        };
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void SendAll(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }

    private void RunClient(Random random)
    {
        var kind = (ClientKind)random.Next(Enum.GetValues<ClientKind>().Length);
        Ledger.Add(kind);
        switch (kind)
        {
            case ClientKind.Closing:
                SendAndClose(random);
                break;
            case ClientKind.Datagrams:
                SendDatagrams(random);
                break;
            case ClientKind.Asking:
                Ask(random);
                break;
            default:
                try
                {
                    SendAndGo(random, kind);
                }
                catch (SocketException)
                {
                    // A listener that moves refuses clients, and closes those it has.
                }

                break;
        }

        _gate.Pause(TimeSpan.FromMilliseconds(random.Next(20)));
    }

    // It knows that the gateway has taken everything when that ends the connection, too.
    private void SendAndClose(Random random)
    {
        (byte[] text, long sum) = TextOf(random, Counters.Closed, endsWithinLine: false);
        long lastSent = Stopwatch.GetTimestamp();
        try
        {
            using Socket socket = Connect(_ports.StatsDTcp);
            for (int sent = 0; sent < text.Length;)
            {
                int length = Math.Min(text.Length - sent, random.Next(4) == 0 ? random.Next(1, 20) : random.Next(1, 8_000));
                SendAll(socket, text.AsSpan(sent, length));
                lastSent = Stopwatch.GetTimestamp();
                sent += length;
                if (random.Next(20) == 0)
                {
                    _gate.Pause(TimeSpan.FromMilliseconds(random.Next(30)));
                }
            }

            socket.Shutdown(SocketShutdown.Send);
            int left = socket.Receive(new byte[1]);
            _findings.Require(left == 0, "the gateway answered to a StatsD client");
            Ledger.AddClosed(sum);
        }
        catch (SocketException exception)
        {
            // On a busy machine it may have been silent for so long that the gateway has closed its connection.
            Ledger.AddEither(sum);
            TimeSpan silence = Stopwatch.GetElapsedTime(lastSent);
            _findings.Require(
                silence > _idleTimeout / 2, $"a client that was silent for {silence} only was not served: {exception.Message}");
        }
    }

    private void SendDatagrams(Random random)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Loopback, _ports.StatsDUdp);
        for (int i = random.Next(1, 300); i > 0; i--)
        {
            bool isCounted = random.Next(10) != 0;
            byte[] text = isCounted ? Encoding.UTF8.GetBytes($"{Counters.Datagram}:1|c") : GarbageOf(random);
            socket.Send(text);
            Ledger.AddDatagram(isCounted);
        }
    }

    private void SendAndGo(Random random, ClientKind kind)
    {
        int port = kind == ClientKind.Other
            ? random.Next(2) == 0 ? _ports.Graphite : _ports.MovedGraphite
            : random.Next(4) == 0 ? _ports.MovedTcp : _ports.StatsDTcp;
        Socket socket = Connect(port);
        try
        {
            (byte[] text, long sum) = TextOf(random, Counters.Lost, endsWithinLine: true);
            if (kind == ClientKind.Other)
            {
                text = random.Next(2) == 0
                    ? GarbageOf(random)
                    : Encoding.UTF8.GetBytes($"soak.gauge.{random.Next(50)} {random.Next()} -1\n");
            }
            else
            {
                Ledger.AddLost(sum);
            }

            SendAll(socket, text);
            switch (kind)
            {
                case ClientKind.Stalling:
                    Hold(socket);
                    return;
                case ClientKind.Vanishing:
                    Vanish(socket);
                    break;
                case ClientKind.Resetting:
                    socket.LingerState = new LingerOption(enable: true, seconds: 0);
                    break;
            }
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        socket.Dispose();
    }

    private void Hold(Socket socket)
    {
        lock (_lock)
        {
            _stalled.Enqueue(socket);
            if (_stalled.Count > MostStalled)
            {
                _stalled.Dequeue().Dispose();
            }
        }
    }

    private void Vanish(Socket socket)
    {
        try
        {
            socket.SetRawSocketOption(TcpProtocol, TcpRepair, BitConverter.GetBytes(1));
        }
        catch (SocketException)
        {
            Volatile.Write(ref _isRepairRefused, 1);
        }
    }

    private void Ask(Random random)
    {
        using Socket socket = Connect(_ports.Admin);
        bool isReading = random.Next(2) == 0;
        for (int i = random.Next(1, 10); i > 0; i--)
        {
            SendAll(socket, Encoding.UTF8.GetBytes($"{Questions[random.Next(Questions.Length)]}\n"));
        }

        if (!isReading)
        {
            socket.LingerState = new LingerOption(enable: true, seconds: random.Next(2));
            return;
        }

        socket.Shutdown(SocketShutdown.Send);
        byte[] buffer = new byte[4096];
        try
        {
            while (socket.Receive(buffer) > 0)
            {
            }
        }
        catch (SocketException exception)
        {
            _findings.Add($"an admin client that reads its answers was not served: {exception.Message}");
        }
    }

    // Lines of a counter, of other types, and of names that are there for one interval.
    private static (byte[] Text, long Sum) TextOf(Random random, string counter, bool endsWithinLine)
    {
        var text = new StringBuilder();
        long sum = 0;
        for (int i = random.Next(1, 400); i > 0; i--)
        {
            int value = random.Next(1, 1000);
            _ = random.Next(5) switch
            {
                0 => text.Append(CultureInfo.InvariantCulture, $"{Counters.Passing}{random.Next(2000)}:{value}|c\n"),
                1 => text.Append(CultureInfo.InvariantCulture, $"soak.time.{random.Next(20)}:{value}|ms|@0.5|#host:{random.Next(5)}\n"),
                2 => text.Append(CultureInfo.InvariantCulture, $"soak.set:{value}|s\nsoak.level:+{value}|g\n"),
                _ => Count(),
            };

            StringBuilder Count()
            {
                sum += value;
                return text.Append(CultureInfo.InvariantCulture, $"{counter}:{value}|c\n");
            }
        }

        if (endsWithinLine)
        {
            // As far as it goes it is a line, and may be used as one at the connection's end.
            sum += 10;
            text.Append(CultureInfo.InvariantCulture, $"{counter}:10|c");
        }

        return (Encoding.UTF8.GetBytes(text.ToString()), sum);
    }

    private static byte[] GarbageOf(Random random)
    {
        byte[] garbage = new byte[random.Next(1, 1000)];
        random.NextBytes(garbage);
        return garbage;
    }
}
