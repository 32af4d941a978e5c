using System.Net.Sockets;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>Takes connections from a TCP listener and adds each to the loop as a subscriber of its own.</summary>
/// <remarks>
/// <para>Out of file descriptors, a connection cannot be taken from the queue, and a level-triggered listener stays ready: served as
/// usual, it would burn a core. What happens instead needs no timer.</para>
/// <para>First, the reserve is released, so that connections can be taken after all, if only to be closed: their clients see the end
/// at once instead of hanging, the queue is emptied, and the loop sleeps. Nothing has to be resumed; each connection is the
/// occasion to find out whether there are enough descriptors again, wherever they were freed, and is served if so.</para>
/// <para>Second, if even the reserve is gone, or accepting fails for another reason, the listener is made edge-triggered: the queue
/// as it is stays silent, and each new arrival is the occasion to try again. So is each connection of the gateway that closes.
/// The first success makes the listener level-triggered again.</para>
/// </remarks>
internal sealed class StreamListener : IEventSubscriber, IDisposable
{
    // A storm of connections gets no more than this before the others have their turn.
    private const int AcceptsPerTurn = 64;

    private readonly Socket _socket;
    private readonly FileDescriptor _fd;
    private readonly Func<FdHandle, StreamConnection> _createConnection;
    private readonly ConnectionGate _gate;
    private readonly DescriptorReserve _reserve;
    private readonly LoopActivity _activity;
    private readonly int _extraPlaces;
    private SubscriberId _id;
    private bool _awaitsArrival;

    /// <param name="socket">A listening socket.</param>
    /// <param name="createConnection">Makes a subscriber of a connection.</param>
    /// <param name="gate">Where connections enter; they leave by themselves.</param>
    /// <param name="reserve">Shared by all listeners.</param>
    /// <param name="activity">Counts what happens.</param>
    /// <param name="extraPlaces">How many connections this listener may take beyond the gate's limit.</param>
    public StreamListener(
        Socket socket,
        Func<FdHandle, StreamConnection> createConnection,
        ConnectionGate gate,
        DescriptorReserve reserve,
        LoopActivity activity,
        int extraPlaces = 0)
    {
        _socket = socket;
        _fd = socket;
        _createConnection = createConnection;
        _gate = gate;
        _reserve = reserve;
        _activity = activity;
        _extraPlaces = extraPlaces;
        gate.Left += OnConnectionLeft;
    }

    public void Initialize(EventOps ops)
    {
        _id = ops.SubscriberId;
        _awaitsArrival = false;
        ops.Add(new Events(_fd, EventSet.In));
    }

    public void Process(in Events events, EventOps ops)
    {
        _activity.OnEvent();
        for (int i = 0; i < AcceptsPerTurn; i++)
        {
            IOResult accepted = NonBlocking.TryAccept(_fd, out FdHandle? connection);
            if (accepted.IsOutOfDescriptors)
            {
                // Linux says so before it looks into the queue, which may be empty.
                _reserve.Release();
                accepted = NonBlocking.TryAccept(_fd, out connection);
            }

            if (accepted.WouldBlock)
            {
                return;
            }

            if (connection is null)
            {
                _gate.CountFailedAccept();
                AwaitArrival(ops);
                return;
            }

            ServeQueue(ops);
            Admit(connection);
        }
    }

    public void Dispose()
    {
        _gate.Left -= OnConnectionLeft;
        _socket.Dispose();
    }

    private void Admit(FdHandle handle)
    {
        if (!_reserve.TryRestore())
        {
            handle.Dispose();
            _gate.CountRefused();
            return;
        }

        if (!_gate.TryEnter(_extraPlaces))
        {
            handle.Dispose();
            return;
        }

        StreamConnection connection = _createConnection(handle);
        try
        {
            EventManager.Current!.AddSubscriber(connection);
        }
        catch (EventManagerException)
        {
            // The kernel has a limit of watches too (fs.epoll.max_user_watches).
            connection.Dispose();
            _gate.CountRefused();
        }
    }

    // Asking again for what is asked for already would make the kernel report the same queue again, and spin after all.
    private void AwaitArrival(EventOps ops)
    {
        if (!_awaitsArrival)
        {
            _awaitsArrival = true;
            ops.Modify(new Events(_fd, EventSet.In | EventSet.EdgeTriggered));
        }
    }

    private void ServeQueue(EventOps ops)
    {
        if (_awaitsArrival)
        {
            _awaitsArrival = false;
            ops.Modify(new Events(_fd, EventSet.In));
        }
    }

    private void OnConnectionLeft()
    {
        // Without a run, connections leave because the gateway is being closed.
        if (_awaitsArrival && EventManager.Current is { } manager)
        {
            ServeQueue(manager.GetEventOps(_id));
        }
    }
}
