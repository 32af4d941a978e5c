using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>A TCP connection as a subscriber of its own: what goes wrong in it, ends it and nothing else. So does silence.</summary>
internal abstract class StreamConnection(FdHandle handle, ConnectionGate gate, LoopActivity activity, IdleTimeout idle)
    : IEventSubscriber, IDisposable
{
    // A sender that never pauses gets no more than this when the connection ends; of metrics, 8 MiB.
    private const int LastTurns = 128;

    private SubscriberId _id;
    private IdleTimeout _idle = idle;
    private TimerEvent? _idleTimer;
    private int _lastTurns;
    private bool _isActive;
    private bool _isClosed;

    /// <summary>It is closed, for whatever reason. Raised once.</summary>
    public event Action<StreamConnection>? Closed;

    /// <summary>Whether it was ended though its sender did not pause.</summary>
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

    /// <summary>Goes over to limits that have changed; what it has received and kept stays.</summary>
    /// <param name="limit">How long it may be silent from now on.</param>
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
    /// Uses what has arrived, a part of it in each iteration of the loop, and closes the connection as soon as it owes nothing to its
    /// client. A line that has only begun is not used: nobody knows how it goes on.
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
            // A bug is reported like anywhere else, and holds up nobody who waits for the end.
            Close();
            throw;
        }
    }

    /// <summary>Closes the connection, which must not be registered any more.</summary>
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

    /// <summary>Does what the connection is ready for, and not much of it: the loop brings it back as long as there is more.</summary>
    /// <returns>False if the connection is over.</returns>
    protected abstract bool Serve(Events events, EventOps ops);

    /// <summary>Takes nothing more from the client.</summary>
    /// <returns>Whether the connection must stay until the client has taken what it is owed; it closes itself then.</returns>
    protected virtual bool Finish(EventOps ops) => false;

    protected abstract void AdoptLimits();

    protected abstract void ReleaseBuffers();

    /// <summary>Goes on with what had to wait for something else than the client; not, if the connection was closed meanwhile.</summary>
    protected void Resume()
    {
        if (!_isClosed)
        {
            ServeOrCloseForever(new Events(handle, EventSet.None));
        }
    }

    /// <summary>Something was received or sent: the connection is not idle.</summary>
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

    // A loop that was held up may be here before it has read what came in time.
    private void OnIdle(TimerEvent timer, TimerTick tick)
    {
        ServeOrCloseForever(new Events(handle, EventSet.In));
        if (!_isActive && !_isClosed)
        {
            gate.CountIdleClosed();
            Close();
        }
    }

    // Outside of its own events: whoever throws there is not handed over, and would stay without what was to call it again.
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
