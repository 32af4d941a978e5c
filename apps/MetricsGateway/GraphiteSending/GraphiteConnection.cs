using System.Net;
using System.Net.Sockets;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.GraphiteSending;

/// <summary>
/// One connection to the Graphite server, from the attempt to connect to its end. It sends the content of a queue as fast as the server
/// takes it, and ignores received data except for the end of the stream.
/// </summary>
/// <remarks>
/// It ends when connecting fails, when the server closes it or its own half of it, and when the server takes nothing for the timeout
/// although lines wait: TCP alone would retry for a quarter of an hour.
/// </remarks>
internal sealed class GraphiteConnection : IDisposable
{
    // The most that one turn of the loop sends, in calls of up to a block each.
    private const int WritesPerTurn = 16;
    private const int ReadsPerTurn = 16;

    private readonly Socket _socket;
    private readonly IPEndPoint _endpoint;
    private readonly SendQueue _queue;
    private readonly Action _onConnected;
    private readonly Action _onSent;
    private readonly Action _onDrained;
    private readonly Action<string> _onEnded;
    private readonly SocketEvent _event;
    private readonly TimerEvent _deadline;
    private readonly byte[] _received = new byte[4096];
    private TimeSpan? _timeout;
    private bool _isEnded;

    /// <summary>Begins to connect.</summary>
    /// <param name="manager">Watches the socket.</param>
    /// <param name="endpoint">The server.</param>
    /// <param name="queue">The lines to send.</param>
    /// <param name="timeout">How long the server may take nothing; null for no limit.</param>
    /// <param name="onConnected">The connection is established.</param>
    /// <param name="onSent">The server has taken something, or may have.</param>
    /// <param name="onDrained">The queue is empty. Called after each send, and when the connection is established.</param>
    /// <param name="onEnded">The connection has ended, with a reason. Called once, and not after a disposal.</param>
    /// <exception cref="SocketException">The address cannot be reached at all, or there is no descriptor left.</exception>
    /// <exception cref="EventManagerException">The kernel refused to watch the socket.</exception>
    public GraphiteConnection(
        EventManager manager,
        IPEndPoint endpoint,
        SendQueue queue,
        TimeSpan? timeout,
        Action onConnected,
        Action onSent,
        Action onDrained,
        Action<string> onEnded)
    {
        _endpoint = endpoint;
        _queue = queue;
        _onConnected = onConnected;
        _onSent = onSent;
        _onDrained = onDrained;
        _onEnded = onEnded;
        _timeout = timeout;
        _socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        try
        {
            BeginConnect();
            _event = manager.CreateSocketEvent(_socket, EventSet.Out, OnReady);
            _deadline = manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan, OnDeadline);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }

        RestartDeadline();
    }

    public bool IsConnected { get; private set; }

    /// <summary>Sets another timeout, which counts from now on.</summary>
    public void SetTimeout(TimeSpan? timeout)
    {
        if (_timeout != timeout)
        {
            _timeout = timeout;
            RestartDeadline();
        }
    }

    /// <summary>Whether an event of the loop is this connection's.</summary>
    public bool Owns(CallbackEvent other) => other == _event || other == _deadline;

    /// <summary>Sends as much as the server takes. The rest follows when it takes more.</summary>
    public void Send()
    {
        if (!IsConnected || _isEnded)
        {
            return;
        }

        for (int i = 0; i < WritesPerTurn && !_queue.IsEmpty; i++)
        {
            IOResult written = NonBlocking.TryWrite(_socket, _queue.Next);
            if (written.WouldBlock)
            {
                break;
            }

            if (written.IsFailure)
            {
                End(written.Description);
                return;
            }

            _queue.Advance(written.Count);
            RestartDeadline();
        }

        Watch();
        _onSent();
        if (_queue.IsEmpty)
        {
            _onDrained();
        }
    }

    /// <summary>Lines wait, though the server may not take them now: the timeout begins.</summary>
    public void OnAdded()
    {
        if (_deadline.State != TimerState.Started)
        {
            RestartDeadline();
        }

        Send();
    }

    /// <summary>Ends the sending half, after everything was sent.</summary>
    public void ShutDown() => NonBlocking.TryShutdownWrite(_socket);

    public void Dispose()
    {
        _isEnded = true;
        _event.Cancel();
        _deadline.Cancel();
        _socket.Dispose();
    }

    // Connecting is asynchronous. When it has succeeded or failed, the socket is writable and has the result.
    private void BeginConnect()
    {
        try
        {
            _socket.Connect(_endpoint);
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // Expected: the connection is under way.
        }
    }

    private void OnReady(SocketEvent source, EventSet ready)
    {
        if (!IsConnected && !TryFinishConnect())
        {
            return;
        }

        if ((ready & (EventSet.In | EventSet.ReadHangUp | EventSet.Error | EventSet.HangUp)) != EventSet.None && !TryDiscard())
        {
            return;
        }

        Send();
    }

    private bool TryFinishConnect()
    {
        var error = (SocketError)(int)_socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        if (error != SocketError.Success)
        {
            End(new SocketException((int)error).Message);
            return false;
        }

        if (IsOwn(_socket.LocalEndPoint as IPEndPoint))
        {
            // Closes by a reset: otherwise the port would be taken for a minute (TIME_WAIT), and the server could not bind to it.
            _socket.LingerState = new LingerOption(enable: true, seconds: 0);
            End("nobody listens there");
            return false;
        }

        IsConnected = true;
        RestartDeadline();
        Watch();
        _onConnected();
        return !_isEnded;
    }

    // If nothing listens on a port of this machine, the kernel may choose that very port as the socket's own, and TCP then connects the
    // socket to itself: it would receive what it sends, and keep the server from its port.
    private bool IsOwn(IPEndPoint? local) => local is not null && local.Port == _endpoint.Port
        && (local.Address.Equals(_endpoint.Address) || _endpoint.Address.Equals(IPAddress.Any)
            || _endpoint.Address.Equals(IPAddress.IPv6Any));

    /// <returns>False if the connection has ended.</returns>
    private bool TryDiscard()
    {
        for (int i = 0; i < ReadsPerTurn; i++)
        {
            IOResult read = NonBlocking.TryRead(_socket, _received);
            if (read.WouldBlock)
            {
                return true;
            }

            if (!read.IsSuccess || read.IsEndOfStream)
            {
                End(read.IsSuccess ? "it closed the connection" : read.Description);
                return false;
            }
        }

        return true;
    }

    private void Watch()
    {
        EventSet interest = EventSet.In | EventSet.ReadHangUp | (_queue.IsEmpty ? EventSet.None : EventSet.Out);
        if (!_isEnded && _event.Interest != interest)
        {
            _event.Modify(interest);
        }
    }

    private void RestartDeadline()
    {
        bool isDue = !IsConnected || !_queue.IsEmpty;
        _deadline.Change(isDue && _timeout is { } timeout ? timeout : Timeout.InfiniteTimeSpan);
    }

    private void OnDeadline(TimerEvent timer, TimerTick tick) => End(IsConnected ? "it takes nothing" : "it does not answer");

    private void End(string reason)
    {
        if (!_isEnded)
        {
            Dispose();
            _onEnded(reason);
        }
    }
}
