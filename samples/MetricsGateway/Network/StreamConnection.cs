using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>A TCP connection as a subscriber of its own: what goes wrong in it, ends it and nothing else.</summary>
internal abstract class StreamConnection(FdHandle handle, ConnectionGate gate, LoopActivity activity) : IEventSubscriber, IDisposable
{
    private bool _isClosed;

    protected FdHandle Handle => handle;

    protected LoopActivity Activity => activity;

    public void Initialize(EventOps ops) => ops.Add(new Events(handle, EventSet.In));

    public void Process(in Events events, EventOps ops)
    {
        activity.OnEvent();
        if (!Serve(events, ops))
        {
            EventManager.Current!.RemoveSubscriber(ops.SubscriberId);
            Dispose();
        }
    }

    /// <summary>Closes the connection, which must not be registered any more.</summary>
    public void Dispose()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            handle.Dispose();
            ReleaseBuffers();
            gate.Leave();
        }
    }

    /// <summary>Does what the connection is ready for, and not much of it: the loop brings it back as long as there is more.</summary>
    /// <returns>False if the connection is over.</returns>
    protected abstract bool Serve(Events events, EventOps ops);

    protected abstract void ReleaseBuffers();
}
