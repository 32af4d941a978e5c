using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Compare.Peers;

namespace Compare.Rounds;

/// <summary>A StatsD server, the gateway or npm's, through what both have: a UDP port, and an admin port that shows the counters.</summary>
internal sealed class MetricsServer : IDisposable
{
    /// <summary>The peers' name for it.</summary>
    public const string Measurement = "statsd";

    // The sender's name of the counter; both print it as a key, one as JSON and one as JavaScript.
    private static readonly Regex Counter = new(
        "compare\\.requests['\"]?: (?<count>[0-9]+)",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        TimeSpan.FromSeconds(1));

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly PeerProcess _process;
    private readonly int _adminPort;

    /// <exception cref="InvalidOperationException">It did not start, or does not answer.</exception>
    public MetricsServer(Peer peer)
    {
        Port = FreePort(SocketType.Dgram, ProtocolType.Udp);
        _adminPort = FreePort(SocketType.Stream, ProtocolType.Tcp);
        _process = peer.Start($"{Measurement} {Port} {_adminPort}");
        try
        {
            AwaitAnswer(peer.Name);
        }
        catch
        {
            _process.Dispose();
            throw;
        }
    }

    /// <summary>Its UDP port.</summary>
    public int Port { get; }

    public TimeSpan ProcessorTime => _process.ProcessorTime;

    /// <summary>The datagrams that the kernel dropped because the server did not read them in time.</summary>
    public long KernelDrops
    {
        get
        {
            // The second column ends with the port in hexadecimal, the last one is the number of drops.
            string suffix = string.Create(CultureInfo.InvariantCulture, $":{Port:X4}");
            return File.ReadLines("/proc/net/udp").Skip(1)
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(columns => columns[1].EndsWith(suffix, StringComparison.Ordinal))
                .Sum(columns => long.Parse(columns[^1], CultureInfo.InvariantCulture));
        }
    }

    /// <summary>How many packets it has counted so far.</summary>
    public long Taken()
    {
        using var client = new TcpClient();
        client.Connect(IPAddress.Loopback, _adminPort);
        NetworkStream stream = client.GetStream();
        stream.Write("counters\n"u8);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var answer = new StringBuilder();
        while (reader.ReadLine() is { } line && line != "END")
        {
            answer.AppendLine(line);
        }

        Match match = Counter.Match(answer.ToString());
        return match.Success ? long.Parse(match.Groups["count"].ValueSpan, CultureInfo.InvariantCulture) : 0;
    }

    public void Dispose() => _process.Dispose();

    private static int FreePort(SocketType type, ProtocolType protocol)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, type, protocol);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private void AwaitAnswer(string name)
    {
        for (long start = Stopwatch.GetTimestamp(); ;)
        {
            try
            {
                Taken();
                return;
            }
            catch (SocketException) when (Stopwatch.GetElapsedTime(start) < Limit && !_process.HasEnded)
            {
                Thread.Sleep(20);
            }
            catch (SocketException exception)
            {
                throw new InvalidOperationException($"{name}: no answer on the admin port: {exception.Message}", exception);
            }
        }
    }
}
