using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using MetricsGateway.Configuration;
using Vigil;

namespace MetricsGateway.GraphiteSending;

/// <summary>
/// Sends lines to a Graphite server over one connection, and reconnects when it is lost. Lines that cannot be sent wait in a bounded
/// queue. Everything runs on the loop, and never blocks.
/// </summary>
internal sealed class GraphiteSender : IDisposable
{
    private readonly EventManager _manager;
    private readonly LineHandover _handover;
    private readonly TimeProvider _time;
    private readonly TextWriter _errors;
    private readonly SendQueue _queue;
    private readonly RetryDelay _retry = new(new Random());
    private readonly TaskCompletionSource _finished = new();
    private EndpointList? _server;
    private IPEndPoint? _endpoint;
    private TimeSpan? _timeout;
    private GraphiteConnection? _connection;
    private GraphiteTrouble? _trouble;
    private TimerEvent? _retryTimer;
    private TimerEvent? _lastingTimer;
    private long _connections;
    private long _failures;
    private long _leftOut;
    private long _notedDrops;
    private long _droppedBefore;
    private int _addresses;
    private bool _hasLasted;
    private bool _wasCut;
    private bool _isFinishing;

    /// <param name="manager">Runs it.</param>
    /// <param name="handover">The source of lines.</param>
    /// <param name="pool">Takes blocks of lines that were sent.</param>
    /// <param name="time">Measures how long outages last.</param>
    /// <param name="errors">Receives one line when the server cannot be reached or lines are dropped, and one when that is over.</param>
    public GraphiteSender(EventManager manager, LineHandover handover, LineBlockPool pool, TimeProvider time, TextWriter errors)
    {
        _manager = manager;
        _handover = handover;
        _time = time;
        _errors = errors;
        _queue = new SendQueue(pool, limit: long.MaxValue);
        handover.Added += () => manager.RemoteEndpoint.Fire(static (_, sender) => sender.TakeLines(), this);
    }

    /// <summary>Whether there is a server to send to.</summary>
    [MemberNotNullWhen(true, nameof(_endpoint))]
    public bool IsOn => _endpoint is not null;

    public GraphiteStatus Status => new()
    {
        IsConnected = _connection is { IsConnected: true },
        Connections = _connections,
        Failures = _failures,
        SentBytes = _queue.SentBytes,
        SentLines = _queue.SentLines,
        WaitingBytes = _queue.Bytes,
        WaitingLines = _queue.Lines,
        DroppedLines = DroppedLines,
    };

    private long DroppedLines => _queue.DroppedLines + _leftOut;

    /// <summary>
    /// Applies other options. Waiting lines go to the new server; if sending is turned off, they are dropped. A new timeout counts from now
    /// on.
    /// </summary>
    public void Apply(GatewayOptions options)
    {
        _queue.Limit = options.GraphiteBuffer;
        _handover.SetLimit(options.GraphiteBuffer);
        _timeout = options.GraphiteTimeout;
        _connection?.SetTimeout(_timeout);
        if (!Equals(_server, options.GraphiteSend))
        {
            Disconnect();
            _server = options.GraphiteSend;
            _endpoint = _server?.Found[0].Endpoint;
            _trouble = null;
            _retry.Reset();
            if (IsOn)
            {
                Connect();
            }
            else
            {
                _queue.Clear();
            }
        }

        _queue.Trim();
        NoteDrops();

        // The worker that writes a flush may wait for room, or for a server that is no longer used.
        ReportProgress();
    }

    /// <summary>The worker has finished writing a flush.</summary>
    public void EndFlush()
    {
        AddLines();
        _wasCut = DroppedLines > _droppedBefore;
        _droppedBefore = DroppedLines;
        SendLines();
    }

    /// <summary>Sends the waiting lines, and then closes the connection. Ends as well if the server is lost, or cannot be reached
    /// now.</summary>
    public Task Finish()
    {
        _isFinishing = true;
        if (_endpoint is null || _queue.IsEmpty)
        {
            OnFinished();
        }
        else if (_connection is null)
        {
            Connect();
        }

        return _finished.Task;
    }

    /// <summary>An event whose callback has thrown is cancelled, so its connection or the next attempt has to be restored.</summary>
    public void OnFault(object? sender, FaultReport report)
    {
        if (report.Event is { } faulty && (_retryTimer == faulty || _lastingTimer == faulty || _connection?.Owns(faulty) == true))
        {
            _connection?.Dispose();
            OnEnded(report.Exception.Message);
        }
    }

    public void Dispose()
    {
        Disconnect();
        ReportProgress();
    }

    // Takes the lines that a worker has written so far. It may still be writing.
    private void TakeLines()
    {
        AddLines();
        _wasCut |= DroppedLines > _droppedBefore;
        SendLines();
    }

    private void AddLines()
    {
        _queue.Add(_handover.Take(out long dropped));
        _leftOut += dropped;
        if (!IsOn)
        {
            // Sending was turned off while they were written.
            _queue.Clear();
        }
    }

    private void SendLines()
    {
        NoteDrops();
        _connection?.OnAdded();
        ReportProgress();
    }

    private void ReportProgress() => _handover.Report(_queue.Bytes, isTaking: _connection is { IsConnected: true });

    private void Connect()
    {
        if (_endpoint is null)
        {
            return;
        }

        try
        {
            _connection = new GraphiteConnection(_manager, _endpoint, _queue, _timeout, OnConnected, ReportProgress, OnDrained, OnEnded);
        }
        catch (Exception exception) when (exception is SocketException or EventManagerException)
        {
            OnEnded(exception.Message);
            return;
        }

        // Not earlier: if the code above throws, the faulty event is identified by this timer.
        _retryTimer?.Cancel();
        _retryTimer = null;
    }

    private void Disconnect()
    {
        _retryTimer?.Cancel();
        _retryTimer = null;
        StopLasting();
        _connection?.Dispose();
        _connection = null;
        _queue.RewindToLine();
    }

    private void OnConnected()
    {
        _connections++;
        _lastingTimer = _manager.CreateTimerEvent(RetryDelay.Longest, (_, _) => OnLasted());
    }

    // A connection that lasts is good. The delay is not reset for a server that only accepts and closes connections, and its failures are
    // reported once.
    private void OnLasted()
    {
        _hasLasted = true;
        _retry.Reset();
        if (_queue.IsEmpty && !_wasCut)
        {
            EndTrouble();
        }
    }

    private void StopLasting()
    {
        _lastingTimer?.Cancel();
        _lastingTimer = null;
        _hasLasted = false;
    }

    // A name may have several addresses, some of which may not answer.
    private void TakeNextAddress()
    {
        if (_server is { Found.Count: > 1 } server)
        {
            _addresses++;
            _endpoint = server.Found[_addresses % server.Found.Count].Endpoint;
        }
    }

    private void OnEnded(string reason)
    {
        _connection = null;
        ReportProgress();
        StopLasting();
        _failures++;
        _queue.RewindToLine();
        if (_isFinishing || _endpoint is null)
        {
            OnFinished();
            return;
        }

        // First, so that the next attempt is made even if reporting throws.
        _retryTimer?.Cancel();
        _retryTimer = _manager.CreateTimerEvent(_retry.Next(), (_, _) => Connect());
        BeginTrouble(_endpoint).OnFailure(reason);
        NoteDrops();
        TakeNextAddress();
    }

    private void NoteDrops()
    {
        if (_endpoint is not null && DroppedLines > _notedDrops)
        {
            BeginTrouble(_endpoint).OnDropped();
        }

        _notedDrops = DroppedLines;
    }

    private GraphiteTrouble BeginTrouble(IPEndPoint endpoint) => _trouble ??= new GraphiteTrouble(endpoint, _time, _errors, _notedDrops);

    private void OnDrained()
    {
        // Flushes that are each larger than the buffer are one outage, too.
        if ((_hasLasted && !_wasCut) || _isFinishing)
        {
            EndTrouble();
        }

        if (_isFinishing)
        {
            OnFinished();
        }
    }

    private void EndTrouble()
    {
        _trouble?.OnRecovered(DroppedLines);
        _trouble = null;
    }

    private void OnFinished()
    {
        if (_queue.IsEmpty)
        {
            _connection?.ShutDown();
        }

        Disconnect();
        _finished.TrySetResult();
    }
}
