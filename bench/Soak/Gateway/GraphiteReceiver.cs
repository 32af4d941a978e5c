using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Soak.Loops;
using Vigil;
using Vigil.IO;

namespace Soak.Gateway;

/// <summary>A Graphite server on Vigil, which sums up the counters of all flushes. It can stop reading, and ask for another connection by
/// closing its sending half, after which everything on the old one is still read: so nothing may be lost or counted twice.</summary>
internal sealed class GraphiteReceiver : IDisposable
{
    private const string Prefix = "stats.counters.";
    private const string Suffix = ".count";

    private readonly LoopThread _loop;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Findings _findings;
    private readonly ConcurrentDictionary<string, double> _sums = new(StringComparer.Ordinal);
    private readonly List<Connection> _connections = [];
    private readonly byte[] _buffer = new byte[64 << 10];
    private SocketEvent? _accepting;
    private long _lines;

    public GraphiteReceiver(LoopThread loop, Findings findings)
    {
        _loop = loop;
        _findings = findings;
        _listener.Blocking = false;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _loop.Endpoint.CallBlocking(manager =>
            _accepting = manager.CreateSocketEvent(new FileDescriptor(_listener), EventSet.In, (source, _) => Accept(source.Manager)));
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public long Lines => Interlocked.Read(ref _lines);

    /// <summary>The sum of a counter's counts.</summary>
    public long SumOf(string counter) => (long)_sums.GetValueOrDefault(counter);

    /// <summary>Reads nothing for a time.</summary>
    public void Stall(TimeSpan time) => _loop.Endpoint.CallBlocking(manager =>
    {
        foreach (Connection connection in _connections.Where(connection => connection.Event.State != SourceState.Disarmed))
        {
            connection.Event.Disarm();
            manager.CreateTimerEvent(time, (timer, _) =>
            {
                timer.Dispose();
                if (!connection.Event.IsCancelled)
                {
                    connection.Event.Arm();
                }
            });
        }
    });

    /// <summary>Asks for another connection.</summary>
    public void EndConnections() => _loop.Endpoint.CallBlocking(_ =>
    {
        foreach (Connection connection in _connections)
        {
            NonBlocking.TryShutdownWrite(connection.Handle);
        }
    });

    public void Dispose()
    {
        _loop.Endpoint.CallBlocking(_ =>
        {
            _accepting!.Dispose();
            foreach (Connection connection in _connections)
            {
                connection.Event.Dispose();
                connection.Handle.Dispose();
            }
        });
        _listener.Dispose();
    }

    private void Accept(EventManager manager)
    {
        while (NonBlocking.TryAccept(new FileDescriptor(_listener), out FdHandle? handle).IsSuccess)
        {
            var connection = new Connection { Handle = handle! };
            connection.Event = manager.CreateSocketEvent(handle!, EventSet.In, (_, _) => Read(connection));
            _connections.Add(connection);
        }
    }

    private void Read(Connection connection)
    {
        IOResult read = NonBlocking.TryRead(connection.Handle, _buffer);
        if (read.WouldBlock)
        {
            return;
        }

        if (read.IsSuccess && !read.IsEndOfStream)
        {
            Take(connection, _buffer.AsSpan(0, read.Count));
            return;
        }

        // What it has begun is sent again, as a whole, over the next connection.
        _findings.Require(read.IsSuccess, $"a connection from the gateway to Graphite failed: {read.Description}");
        connection.Event.Dispose();
        connection.Handle.Dispose();
        _connections.Remove(connection);
    }

    private void Take(Connection connection, ReadOnlySpan<byte> bytes)
    {
        while (bytes.IndexOf((byte)'\n') is >= 0 and int end)
        {
            connection.Begun.Append(Encoding.UTF8.GetString(bytes[..end]));
            Take(connection.Begun.ToString());
            connection.Begun.Clear();
            bytes = bytes[(end + 1)..];
        }

        connection.Begun.Append(Encoding.UTF8.GetString(bytes));
    }

    private void Take(string line)
    {
        Interlocked.Increment(ref _lines);
        string[] parts = line.Split(' ');
        if (parts.Length != 3 || !double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
        {
            _findings.Add($"the gateway sent '{line}' to Graphite");
        }
        else if (parts[0].StartsWith(Prefix, StringComparison.Ordinal) && parts[0].EndsWith(Suffix, StringComparison.Ordinal))
        {
            // The passing names of clients would fill the memory that is measured here.
            string counter = parts[0][Prefix.Length..^Suffix.Length];
            if (!counter.StartsWith(Counters.Passing, StringComparison.Ordinal))
            {
                _sums.AddOrUpdate(counter, value, (_, sum) => sum + value);
            }
        }
    }

    private sealed class Connection
    {
        public required FdHandle Handle { get; init; }

        public SocketEvent Event { get; set; } = null!;

        public StringBuilder Begun { get; } = new();
    }
}
