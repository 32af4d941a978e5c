using System.Net;
using Vigil.IO;

namespace Vigil.Testing;

/// <summary>
/// A socket of datagrams (<c>udp(7)</c>). Each write is a datagram, each read takes one. What finds no room at its receiver is lost, and
/// nobody is told. A connected socket sends to its peer and receives from it alone.
/// </summary>
internal sealed class DatagramSocket : SimulatedFile
{
    private readonly DatagramNetwork _network;
    private readonly SimulatedLink _link;
    private readonly Queue<(byte[] Bytes, IPEndPoint Sender)> _arrived = new();
    private int _bytes;

    // What the last datagram that nobody received came back with; the next call returns it.
    private int _error;

    /// <param name="network">Its network.</param>
    /// <param name="address">Its address.</param>
    /// <param name="peer">Whom it is connected to; null for nobody.</param>
    /// <param name="link">How what it sends travels, and how many bytes wait here.</param>
    public DatagramSocket(DatagramNetwork network, IPEndPoint address, IPEndPoint? peer, SimulatedLink link)
    {
        _network = network;
        _link = link;
        Address = address;
        Peer = peer;
    }

    public IPEndPoint Address { get; }

    public IPEndPoint? Peer { get; }

    /// <summary>When the last datagram arrives that it has sent: without a fault, none overtakes another.</summary>
    public TimeSpan LastArrival { get; set; }

    public override string Description => Peer is null ? $"datagrams at {Address}" : $"datagrams of {Address} with {Peer}";

    public override bool IsStream => false;

    public override EventSet Ready =>
        (_arrived.Count > 0 || _error != 0 ? EventSet.In : EventSet.None) | EventSet.Out | (_error != 0 ? EventSet.Error : EventSet.None);

    public override IOResult Read(Span<byte> buffer)
    {
        if (TakeError() is var error and not 0)
        {
            return new IOResult(0, error);
        }

        if (!TryTake(out byte[] bytes, out _))
        {
            return new IOResult(0, SimulatedErrno.EAGAIN);
        }

        int count = Math.Min(bytes.Length, buffer.Length);
        bytes.AsSpan(0, count).CopyTo(buffer);
        return new IOResult(count, 0);
    }

    public override IOResult Receive(DatagramBatch batch)
    {
        if (TakeError() is var error and not 0)
        {
            return new IOResult(0, error);
        }

        while (batch.Count < batch.Capacity && TryTake(out byte[] bytes, out IPEndPoint sender))
        {
            batch.TryAdd(bytes, sender);
        }

        return batch.Count > 0 ? new IOResult(batch.Count, 0) : new IOResult(0, SimulatedErrno.EAGAIN);
    }

    public override IOResult Write(ReadOnlySpan<byte> buffer)
    {
        if (TakeError() is var error and not 0)
        {
            return new IOResult(0, error);
        }

        if (Peer is null)
        {
            return new IOResult(0, SimulatedErrno.EDESTADDRREQ);
        }

        if (buffer.Length > DatagramNetwork.MaxLength)
        {
            return new IOResult(0, SimulatedErrno.EMSGSIZE);
        }

        _network.Send(this, Peer, buffer.ToArray(), _link);
        return new IOResult(buffer.Length, 0);
    }

    /// <summary>A datagram has arrived. False if it was dropped.</summary>
    public bool TryArrive(byte[] bytes, IPEndPoint sender)
    {
        if ((Peer is not null && !Peer.Equals(sender)) || bytes.Length > _link.Capacity - _bytes)
        {
            return false;
        }

        _arrived.Enqueue((bytes, sender));
        _bytes += bytes.Length;
        NoteChange();
        return true;
    }

    /// <summary>Nobody received what it has sent.</summary>
    public void OnUnreachable()
    {
        _error = SimulatedErrno.ECONNREFUSED;
        NoteChange();
    }

    protected override void Close() => _network.Unbind(this);

    private bool TryTake(out byte[] bytes, out IPEndPoint sender)
    {
        bool isTaken = _arrived.TryDequeue(out (byte[] Bytes, IPEndPoint Sender) taken);
        (bytes, sender) = taken;
        _bytes -= bytes?.Length ?? 0;
        return isTaken;
    }

    private int TakeError()
    {
        int error = _error;
        _error = 0;
        return error;
    }
}
