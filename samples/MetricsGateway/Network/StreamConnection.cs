using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>A TCP connection as a subscriber of its own: what goes wrong in it, ends it and nothing else. So does silence.</summary>
internal abstract class StreamConnection(FdHandle handle, ConnectionGate gate, LoopActivity activity, IdleTimeout idle)
    : IEventSubscriber, IDisposable
{
    private SubscriberId _id;
    private TimerEvent? _idleTimer;
    private bool _isActive;
    private bool _isClosed;

    protected FdHandle Handle => handle;

    protected LoopActivity Activity => activity;

    public void Initialize(EventOps ops)
    {
        _id = ops.SubscriberId;
        ops.Add(new Events(handle, EventSet.In));
        _idleTimer = idle.Start(OnIdle);
    }

    public void Process(in Events events, EventOps ops)
    {
        activity.OnEvent();
        ServeOrClose(events, ops);
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
        }
    }

    /// <summary>Does what the connection is ready for, and not much of it: the loop brings it back as long as there is more.</summary>
    /// <returns>False if the connection is over.</returns>
    protected abstract bool Serve(Events events, EventOps ops);

    protected abstract void ReleaseBuffers();

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
            idle.Restart(_idleTimer);
        }
    }

    // A loop that was held up may be here before it has read what came in time.
    private void OnIdle(TimerEvent timer, TimerTick tick)
    {
        ServeOrClose(new Events(handle, EventSet.In), EventManager.Current!.GetEventOps(_id));
        if (!_isActive && !_isClosed)
        {
            gate.CountIdleClosed();
            Close();
        }
    }

    private void Close()
    {
        EventManager.Current!.RemoveSubscriber(_id);
        Dispose();
    }
}
