using System.Net.Sockets;
using Vigil;

namespace MetricsGateway.Network;

/// <summary>A socket for clients, as a subscriber.</summary>
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

    /// <summary>The bound address and port, or the path of the socket.</summary>
    public string Place => _bound.Place;

    /// <summary>False after the socket was closed, by request or because it failed.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>Whether some arrivals from before the end were not taken, because their sender never paused.</summary>
    public bool WasCut { get; protected set; }

    public Socket Socket => _bound.Socket;

    /// <summary>The file of a Unix socket; null for all others.</summary>
    public UnixSocketFile? File => _bound.File;

    /// <summary>Its open connections.</summary>
    public virtual IReadOnlyCollection<StreamConnection> Connections => [];

    protected FileDescriptor Fd { get; }

    /// <summary>
    /// The number of turns that take everything that the kernel can have had for the socket when the end began. Senders that never pause
    /// get no more than this.
    /// </summary>
    protected abstract int LastTurns { get; }

    public virtual void Initialize(EventOps ops)
    {
        _id = ops.SubscriberId;
        ops.Add(new Events(Fd, EventSet.In));
    }

    public abstract void Process(in Events events, EventOps ops);

    /// <summary>
    /// Takes what has arrived, a bounded part in each iteration of the loop. Then closes the socket, and ends the connections when they
    /// have used what they received.
    /// </summary>
    /// <returns>Completes when the last connection is closed; never, if the manager is disposed before.</returns>
    public Task End()
    {
        if (!_isEnding)
        {
            _isEnding = true;
            if (!_bound.IsPassed)
            {
                StopArriving();
            }

            EventManager.Current!.Defer(static (_, listener) => listener.TakeLast(), this);
        }

        return _ended.Task;
    }

    /// <summary>Removes the listener from the loop and closes its socket. Its connections stay.</summary>
    public void Close(EventManager manager)
    {
        if (IsOpen)
        {
            manager.RemoveSubscriber(_id);
            Dispose();
        }
    }

    /// <summary>Closes the socket, which must no longer be registered.</summary>
    public virtual void Dispose()
    {
        IsOpen = false;
        _bound.Dispose();
    }

    /// <summary>Makes the kernel give new arrivals to another socket with the same address, if that is possible.</summary>
    protected virtual void StopArriving()
    {
    }

    /// <summary>The work of one turn of the loop.</summary>
    /// <returns>Whether there may be more.</returns>
    protected abstract bool Take(EventOps ops);

    protected EventOps Ops(EventManager manager) => manager.GetEventOps(_id);

    /// <summary>To be called when a connection was closed: it may have been the last.</summary>
    protected void EndIfEmpty()
    {
        // An awaiting method resumes in a callback of its own, not on the runtime's thread pool: at the end there may be no descriptor left
        // to start a thread with.
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
                // What is left in a passed socket is for the next gateway.
                hasMore = false;
                WasCut = !_bound.IsPassed;
            }
        }
        finally
        {
            // A bug is reported as usual, and must not hold up code that awaits the end.
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
