using Vigil.IO;

namespace Vigil.Testing;

/// <summary>One end of a stream connection, TCP or a Unix pair: half-closed, closed and reset as a kernel does (<c>tcp(7)</c>).</summary>
internal sealed class Connection : SimulatedFile
{
    private readonly World _world;
    private readonly ByteChannel _incoming;
    private readonly ByteChannel _outgoing;
    private Connection? _peer;
    private bool _isReset;
    private bool _isResetReported;

    private Connection(World world, ByteChannel incoming, ByteChannel outgoing, string name)
    {
        _world = world;
        _incoming = incoming;
        _outgoing = outgoing;
        Description = name;
        incoming.Changed += NoteChange;
        outgoing.Changed += NoteChange;
    }

    public override string Description { get; }

    // A reset is an error, readable and writable, and hung up. Hung up is what sends and receives no more.
    public override EventSet Ready
    {
        get
        {
            EventSet ready = EventSet.None;
            if (_incoming.HasData || _incoming.IsAtEnd)
            {
                ready |= EventSet.In;
            }

            if (_incoming.IsAtEnd)
            {
                ready |= EventSet.ReadHangUp;
            }

            if (_outgoing.HasRoom || _outgoing.IsReaderGone || _outgoing.IsWriterGone)
            {
                ready |= EventSet.Out;
            }

            if (_isReset || (_incoming.IsAtEnd && _outgoing.IsWriterGone))
            {
                ready |= EventSet.HangUp;
            }

            return _isReset && !_isResetReported ? ready | EventSet.Error : ready;
        }
    }

    /// <summary>Makes both ends.</summary>
    public static (Connection First, Connection Second) CreatePair(World world, string first, string second, SimulatedLink link)
    {
        ByteChannel toSecond = new(world, second, link);
        ByteChannel toFirst = new(world, first, link);
        Connection one = new(world, toFirst, toSecond, first);
        Connection other = new(world, toSecond, toFirst, second) { _peer = one };
        one._peer = other;
        return (one, other);
    }

    public override IOResult Read(Span<byte> buffer)
    {
        if (TryResetByFault() || (_isReset && !_isResetReported))
        {
            _isResetReported = true;
            return new IOResult(0, SimulatedErrno.ECONNRESET);
        }

        return _incoming.HasData || buffer.IsEmpty ? new IOResult(_incoming.Read(buffer), 0)
            : _incoming.IsAtEnd ? new IOResult(0, 0)
            : new IOResult(0, SimulatedErrno.EAGAIN);
    }

    public override IOResult Write(ReadOnlySpan<byte> buffer)
    {
        if (TryResetByFault() || (_isReset && !_isResetReported))
        {
            _isResetReported = true;
            return new IOResult(0, SimulatedErrno.ECONNRESET);
        }

        if (_outgoing.IsWriterGone || _outgoing.IsReaderGone)
        {
            return new IOResult(0, SimulatedErrno.EPIPE);
        }

        int count = _outgoing.Write(buffer);
        return count > 0 || buffer.IsEmpty ? new IOResult(count, 0) : new IOResult(0, SimulatedErrno.EAGAIN);
    }

    public override bool Refuse()
    {
        _outgoing.Refuse();
        return true;
    }

    public override IOResult ShutdownWrite()
    {
        _outgoing.CloseWriter();
        NoteChange();
        return new IOResult(0, 0);
    }

    // Who closes while something is unread resets the connection, as TCP does: the peer's bytes were for nobody.
    protected override void Close()
    {
        if (_incoming.HasData && !_isReset)
        {
            _peer!.Reset();
            return;
        }

        _outgoing.CloseWriter();
        _incoming.CloseReader();
    }

    /// <summary>The peer's machine resets it: what is under way and unread is lost.</summary>
    public void Reset()
    {
        if (!_isReset)
        {
            _isReset = true;
            _incoming.Break();
            _outgoing.Break();
            NoteChange();
        }
    }

    /// <summary>Resets the other end: this one was never accepted.</summary>
    public void ResetPeer() => _peer!.Reset();

    private bool TryResetByFault()
    {
        if (_isReset || !_world.Faults.Happens(FaultKinds.Reset))
        {
            return false;
        }

        _peer!.Reset();
        Reset();
        return true;
    }
}
