using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>Accepts connections from a TCP listener and adds each to the loop as a subscriber of its own.</summary>
/// <remarks>
/// <para>Without file descriptors a connection cannot be taken from the queue, and a level-triggered listener stays ready: retrying would
/// burn a core. The remedy needs no timer.</para>
/// <para>First, the reserve is released, so that connections can be accepted after all, if only to be closed: their clients see the end
/// at once instead of hanging, the queue is emptied, and the loop sleeps. Nothing has to be resumed: at each connection the listener
/// checks whether there are enough descriptors again, and serves it if so.</para>
/// <para>Second, if even the reserve is gone, or accepting fails for another reason, the listener becomes edge-triggered: the present
/// queue causes no events. Each new arrival, and each connection of the gateway that closes, causes another attempt. The first success
/// makes the listener level-triggered again.</para>
/// </remarks>
internal sealed class StreamListener : Listener
{
    // The most accepts per turn, so that a storm of connections does not starve the others.
    private const int AcceptsPerTurn = 64;

    private readonly HashSet<StreamConnection> _connections = [];
    private readonly Func<FdHandle, StreamConnection> _createConnection;
    private readonly ConnectionGate _gate;
    private readonly DescriptorReserve _reserve;
    private readonly LoopActivity _activity;
    private readonly int _extraPlaces;
    private bool _awaitsArrival;

    /// <param name="bound">A listening socket.</param>
    /// <param name="createConnection">Makes a subscriber of a connection.</param>
    /// <param name="gate">Is entered by connections; they leave it themselves.</param>
    /// <param name="reserve">Shared by all listeners.</param>
    /// <param name="activity">Notes when metrics arrived.</param>
    /// <param name="extraPlaces">How many connections this listener may accept beyond the gate's limit.</param>
    public StreamListener(
        BoundSocket bound,
        Func<FdHandle, StreamConnection> createConnection,
        ConnectionGate gate,
        DescriptorReserve reserve,
        LoopActivity activity,
        int extraPlaces = 0)
        : base(bound)
    {
        _createConnection = createConnection;
        _gate = gate;
        _reserve = reserve;
        _activity = activity;
        _extraPlaces = extraPlaces;
        gate.Left += OnConnectionLeft;
    }

    public override IReadOnlyCollection<StreamConnection> Connections => _connections;

    // More than the largest queue (net.core.somaxconn).
    protected override int LastTurns => 1024;

    public override void Initialize(EventOps ops)
    {
        _awaitsArrival = false;
        base.Initialize(ops);
    }

    public override void Process(in Events events, EventOps ops)
    {
        Take(ops);
    }

    public override void Dispose()
    {
        _gate.Left -= OnConnectionLeft;
        base.Dispose();
    }

    protected override bool Take(EventOps ops)
    {
        for (int i = 0; i < AcceptsPerTurn; i++)
        {
            IOResult accepted = NonBlocking.TryAccept(Fd, out FdHandle? connection);
            if (accepted.IsOutOfDescriptors)
            {
                // Linux reports this before it looks at the queue, which may be empty.
                _reserve.Release();
                accepted = NonBlocking.TryAccept(Fd, out connection);
            }

            if (accepted.WouldBlock)
            {
                return false;
            }

            if (connection is null)
            {
                _gate.CountFailedAccept();
                if (AcceptFailure.IsOfConnection(accepted.Errno))
                {
                    continue;
                }

                if (AcceptFailure.IsOfSocket(accepted.Errno))
                {
                    accepted.ThrowIfFailed("accept4");
                }

                AwaitArrival(ops);
                return false;
            }

            ServeQueue(ops);
            Admit(connection);
        }

        return true;
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
        _connections.Add(connection);
        connection.Closed += OnConnectionClosed;
        try
        {
            EventManager.Current!.AddSubscriber(connection);
        }
        catch (EventManagerException)
        {
            // The kernel also limits the number of watches (fs.epoll.max_user_watches).
            connection.Dispose();
            _gate.CountRefused();
        }
    }

    // Registering the same interest again would make the kernel report the same queue again, and spin after all.
    private void AwaitArrival(EventOps ops)
    {
        if (!_awaitsArrival)
        {
            _awaitsArrival = true;
            ops.Modify(new Events(Fd, EventSet.In | EventSet.EdgeTriggered));
        }
    }

    private void ServeQueue(EventOps ops)
    {
        if (_awaitsArrival)
        {
            _awaitsArrival = false;
            ops.Modify(new Events(Fd, EventSet.In));
        }
    }

    private void OnConnectionClosed(StreamConnection connection)
    {
        _connections.Remove(connection);
        WasCut |= connection.WasCut;
        EndIfEmpty();
    }

    private void OnConnectionLeft()
    {
        // Without a run, connections leave because the gateway is being closed.
        if (_awaitsArrival && EventManager.Current is { } manager)
        {
            ServeQueue(Ops(manager));
        }
    }
}
