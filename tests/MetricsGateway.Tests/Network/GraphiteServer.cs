using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MetricsGateway.Tests.Network;

/// <summary>A Graphite server that reads on demand, goes away, and returns to the same port.</summary>
internal sealed class GraphiteServer : IDisposable
{
    private readonly List<Socket> _connections = [];
    private readonly StringBuilder _text = new();
    private readonly List<string> _lines = [];

    // The unfinished line of each connection.
    private readonly Dictionary<Socket, string> _begun = [];
    private readonly byte[] _buffer = new byte[256 << 10];
    private readonly int? _receiveBufferSize;
    private Socket _listener;

    public GraphiteServer(int? receiveBufferSize = null)
    {
        _receiveBufferSize = receiveBufferSize;
        _listener = Listen(Endpoint);
    }

    public IPEndPoint Endpoint { get; } = KeptPort.NextAtLoopback();

    /// <summary>The text of all connections so far, one after the other.</summary>
    public string Text => _text.ToString();

    /// <summary>The complete lines. A line that a connection has begun and not finished does not count.</summary>
    public IReadOnlyList<string> Lines => _lines;

    public int Connections => _connections.Count;

    /// <summary>Accepts a connection, waiting for it if necessary.</summary>
    public Socket Accept()
    {
        Assert.True(_listener.Poll(Patience.Limit, SelectMode.SelectRead), "Nobody connects.");
        Socket connection = _listener.Accept();
        _connections.Add(connection);
        return connection;
    }

    /// <summary>Accepts connections and reads them until a condition holds.</summary>
    public void ReadUntil(Func<bool> condition) => Patience.WaitUntil(
        () =>
        {
            Read();
            return condition();
        },
        () => $"{Text.Length} bytes came, with {_connections.Count} connections: {Text[..Math.Min(Text.Length, 2_000)]}");

    public void ReadUntilLine(string start)
    {
        // Lines before this index do not match.
        int seen = 0;
        ReadUntil(() =>
        {
            for (; seen < _lines.Count; seen++)
            {
                if (_lines[seen].StartsWith(start, StringComparison.Ordinal))
                {
                    return true;
                }
            }

            return false;
        });
    }

    /// <summary>Goes away like a killed process: nothing listens, and connections with unread data are reset.</summary>
    public void Kill()
    {
        _listener.Dispose();
        _connections.ForEach(connection => connection.Dispose());
        _connections.Clear();
    }

    public void Return() => _listener = Listen(Endpoint);

    public void Dispose() => Kill();

    private void Read()
    {
        while (_listener.Poll(0, SelectMode.SelectRead))
        {
            Accept();
        }

        foreach (Socket connection in _connections)
        {
            while (connection.Poll(0, SelectMode.SelectRead) && connection.Receive(_buffer) is > 0 and var count)
            {
                Add(connection, Encoding.UTF8.GetString(_buffer, 0, count));
            }
        }
    }

    private void Add(Socket connection, string text)
    {
        _text.Append(text);
        string[] parts = (_begun.GetValueOrDefault(connection) + text).Split('\n');
        _lines.AddRange(parts[..^1]);
        _begun[connection] = parts[^1];
    }

    private Socket Listen(IPEndPoint endpoint)
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (_receiveBufferSize is { } size)
        {
            listener.ReceiveBufferSize = size;
        }

        // Remains of a killed connection must not prevent listening again.
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
        listener.Bind(endpoint);
        listener.Listen();
        return listener;
    }
}
