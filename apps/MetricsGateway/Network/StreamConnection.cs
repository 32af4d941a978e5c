using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>A TCP connection as a subscriber of its own: a failure in it ends only this connection. So does silence.</summary>
internal abstract class StreamConnection(FdHandle handle, ConnectionGate gate, LoopActivity activity, IdleTimeout idle)
    : IEventSubscriber, IDisposable
{
    // The most turns that a sender that never pauses gets when the connection ends; 8 MiB of metrics.
    private const int LastTurns = 128;

    private SubscriberId _id;
    private IdleTimeout _idle = idle;
    private TimerEvent? _idleTimer;
    private int _lastTurns;
    private bool _isActive;
    private bool _isClosed;

    /// <summary>The connection is closed, for whatever reason. Raised once.</summary>
    public event Action<StreamConnection>? Closed;

    /// <summary>Whether it was ended although its sender did not pause.</summary>
    public bool WasCut { get; private set; }

    protected FdHandle Handle => handle;

    protected bool IsClosed => _isClosed;

    protected LoopActivity Activity => activity;

    public void Initialize(EventOps ops)
    {
        _id = ops.SubscriberId;
        ops.Add(new Events(handle, EventSet.In));
        _idleTimer = _idle.Start(OnIdle);
    }

    public void Process(in Events events, EventOps ops)
    {
        ServeOrClose(events, ops);
    }

    /// <summary>Applies changed limits; received and kept data stays.</summary>
    /// <param name="limit">How long the connection may be silent from now on.</param>
    public void Adopt(IdleTimeout limit)
    {
        if (limit != _idle)
        {
            _idleTimer = limit.TakeOver(_idle, _idleTimer, OnIdle);
            _idle = limit;
        }

        AdoptLimits();
    }

    /// <summary>
    /// Uses what has arrived, a part in each iteration of the loop, and closes the connection as soon as it owes its client nothing. An
    /// unfinished line is not used, because its rest is unknown.
    /// </summary>
    public void End()
    {
        if (_isClosed)
        {
            return;
        }

        EventManager manager = EventManager.Current!;
        EventOps ops = manager.GetEventOps(_id);
        try
        {
            ServeOrClose(new Events(handle, EventSet.In), ops);
            if (_isActive && !_isClosed && ++_lastTurns < LastTurns)
            {
                manager.Defer(static (_, connection) => connection.End(), this);
            }
            else if (!_isClosed)
            {
                WasCut = _isActive;
                if (!Finish(ops))
                {
                    Close();
                }
            }
        }
        catch
        {
            // A bug is reported as usual, and must not hold up code that awaits the end.
            Close();
            throw;
        }
    }

    /// <summary>Closes the connection, which must no longer be registered.</summary>
    public void Dispose()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            _idleTimer?.Dispose();
            handle.Dispose();
            ReleaseBuffers();
            gate.Leave();
            Closed?.Invoke(this);
        }
    }

    /// <summary>Does a bounded part of the work that the connection is ready for; the loop calls again while there is more.</summary>
    /// <returns>False if the connection has ended.</returns>
    protected abstract bool Serve(Events events, EventOps ops);

    /// <summary>Stops reading.</summary>
    /// <returns>Whether the connection must stay until the client has taken its answers; it then closes itself.</returns>
    protected virtual bool Finish(EventOps ops) => false;

    protected abstract void AdoptLimits();

    protected abstract void ReleaseBuffers();

    /// <summary>Continues after waiting for something other than the client; does nothing if the connection was closed meanwhile.</summary>
    protected void Resume()
    {
        if (!_isClosed)
        {
            ServeOrCloseForever(new Events(handle, EventSet.None));
        }
    }

    /// <summary>Data was received or sent: the connection is not idle.</summary>
    protected void OnActive() => _isActive = true;

    private void ServeOrClose(in Events events, EventOps ops)
    {
        _isActive = false;
        if (!Serve(events, ops))
        {
            Close();
        }
        else if (_isActive)
        {
            _idle.Restart(_idleTimer);
        }
    }

    // A loop that was held up may call this before it has read data that arrived in time.
    private void OnIdle(TimerEvent timer, TimerTick tick)
    {
        ServeOrCloseForever(new Events(handle, EventSet.In));
        if (!_isActive && !_isClosed)
        {
            gate.CountIdleClosed();
            Close();
        }
    }

    // Called outside of the connection's own events: if it throws there, it is not handed over, and nothing would call it again.
    private void ServeOrCloseForever(in Events events)
    {
        try
        {
            ServeOrClose(events, EventManager.Current!.GetEventOps(_id));
        }
        catch
        {
            Close();
            throw;
        }
    }

    protected void Close()
    {
        if (!_isClosed)
        {
            EventManager.Current!.RemoveSubscriber(_id);
            Dispose();
        }
    }
}
