using System.Net.Sockets;
using Vigil;

namespace MetricsGateway.Network;

/// <summary>A socket that clients reach the gateway by, as a subscriber.</summary>
internal abstract class Listener : IEventSubscriber, IDisposable
{
    private readonly TaskCompletionSource _ended = new();
    private readonly BoundSocket _bound;
    private SubscriberId _id;
    private int _turns;
    private bool _isEnding;

    /// <param name="bound">Its socket, which it disposes.</param>
    protected Listener(BoundSocket bound)
    {
        _bound = bound;
        Fd = bound.Socket;
    }

    /// <summary>The address and port that were really taken, or the path of the socket.</summary>
    public string Place => _bound.Place;

    /// <summary>False after it was closed, or because its socket failed.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>Whether not everything was taken that had come before the end, because it never stopped coming.</summary>
    public bool WasCut { get; protected set; }

    public Socket Socket => _bound.Socket;

    /// <summary>The file of a Unix socket; null for all others.</summary>
    public UnixSocketFile? File => _bound.File;

    /// <summary>The connections that came by it and are open.</summary>
    public virtual IReadOnlyCollection<StreamConnection> Connections => [];

    protected FileDescriptor Fd { get; }

    /// <summary>
    /// How many turns take all that the kernel can have had for the socket when the end began. Those who never pause get no more than this.
    /// </summary>
    protected abstract int LastTurns { get; }

    public virtual void Initialize(EventOps ops)
    {
        _id = ops.SubscriberId;
        ops.Add(new Events(Fd, EventSet.In));
    }

    public abstract void Process(in Events events, EventOps ops);

    /// <summary>
    /// Takes what has arrived, a bounded part of it in each iteration of the loop; then closes the socket, and has the connections
    /// take what they have received and end.
    /// </summary>
    /// <returns>Ends when the last connection is closed. Never, if the manager is disposed before.</returns>
    public Task End()
    {
        if (!_isEnding)
        {
            _isEnding = true;
            StopArriving();
            EventManager.Current!.Defer(static (_, listener) => listener.TakeLast(), this);
        }

        return _ended.Task;
    }

    /// <summary>Takes the listener off the loop and closes its socket. Its connections stay.</summary>
    public void Close(EventManager manager)
    {
        if (IsOpen)
        {
            manager.RemoveSubscriber(_id);
            Dispose();
        }
    }

    /// <summary>Closes the socket, which must not be registered any more.</summary>
    public virtual void Dispose()
    {
        IsOpen = false;
        _bound.Dispose();
    }

    /// <summary>Has what is sent from here on go to another socket that listens there, where the kernel can be told so.</summary>
    protected virtual void StopArriving()
    {
    }

    /// <summary>What one turn of the loop does.</summary>
    /// <returns>Whether there may be more.</returns>
    protected abstract bool Take(EventOps ops);

    protected EventOps Ops(EventManager manager) => manager.GetEventOps(_id);

    /// <summary>To be called when a connection was closed: it may have been the last.</summary>
    protected void EndIfEmpty()
    {
        // Whoever waits goes on in a callback of his own, and not by a thread of the runtime's pool: at the end there may be no descriptor
        // left to start one with.
        if (_isEnding && !IsOpen && Connections.Count == 0)
        {
            EventManager.Current?.Defer(static (_, ended) => ended.TrySetResult(), _ended);
        }
    }

    private void TakeLast()
    {
        EventManager manager = EventManager.Current!;
        bool hasMore = false;
        try
        {
            hasMore = IsOpen && Take(Ops(manager));
            if (hasMore && ++_turns > LastTurns)
            {
                hasMore = false;
                WasCut = true;
            }
        }
        finally
        {
            // A bug is reported like anywhere else, and holds up nobody who waits for the end.
            if (hasMore)
            {
                manager.Defer(static (_, listener) => listener.TakeLast(), this);
            }
            else
            {
                EndConnections(manager);
            }
        }
    }

    private void EndConnections(EventManager manager)
    {
        Close(manager);
        foreach (StreamConnection connection in Connections)
        {
            manager.Defer(static (_, connection) => connection.End(), connection);
        }

        EndIfEmpty();
    }
}
