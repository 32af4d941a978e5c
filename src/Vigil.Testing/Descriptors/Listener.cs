using System.Net;
using Vigil.IO;

namespace Vigil.Testing;

/// <summary>A listening socket with a bounded queue of connections that nobody has accepted.</summary>
internal sealed class Listener : SimulatedFile
{
    private readonly World _world;
    private readonly int _backlog;
    private readonly Queue<(Connection Connection, EndPoint Peer)> _waiting = new();

    public Listener(World world, string name, int backlog)
    {
        _world = world;
        _backlog = backlog;
        Description = name;
    }

    public override string Description { get; }

    public override EventSet Ready => _waiting.Count > 0 ? EventSet.In : EventSet.None;

    public bool IsOpen { get; private set; } = true;

    /// <summary>Queues a connection; false if it is closed or its queue is full.</summary>
    public bool TryConnect(Connection connection, EndPoint peer)
    {
        if (!IsOpen || _waiting.Count >= _backlog)
        {
            return false;
        }

        _waiting.Enqueue((connection, peer));
        _world.NoteActivity();
        NoteChange();
        return true;
    }

    public override IOResult Accept(out FdHandle? connection, out EndPoint? peer)
    {
        connection = null;
        peer = null;
        if (_waiting.Count == 0)
        {
            return new IOResult(0, SimulatedErrno.EAGAIN);
        }

        if (_world.Descriptors.Count >= _world.Descriptors.Limit)
        {
            return new IOResult(0, SimulatedErrno.EMFILE);
        }

        (Connection accepted, peer) = _waiting.Dequeue();
        connection = new SimulatedHandle(_world, accepted);
        return new IOResult(0, 0);
    }

    // Those in its queue are reset: nobody will ever serve them.
    protected override void Close()
    {
        IsOpen = false;
        while (_waiting.TryDequeue(out (Connection Connection, EndPoint Peer) waiting))
        {
            waiting.Connection.ResetPeer();
        }
    }
}
