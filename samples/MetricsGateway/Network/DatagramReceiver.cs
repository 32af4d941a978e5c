using System.Net.Sockets;
using MetricsGateway.Protocols;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>Receives datagrams of metrics, by UDP or by a Unix socket.</summary>
/// <param name="socket">A bound socket.</param>
/// <param name="receiver">Where the datagrams go.</param>
/// <param name="maxPacket">The first <see cref="MaxPacket"/>.</param>
/// <param name="activity">Counts what happens.</param>
internal sealed class DatagramReceiver(Socket socket, LineReceiver receiver, int maxPacket, LoopActivity activity) : Listener(socket)
{
    // A flood gets no more than this before the others have their turn.
    private const int DatagramsPerTurn = 16;

    // One byte larger than the largest datagram that is taken whole: the kernel cuts what does not fit without a word, and a buffer
    // that is full to this last byte is how it shows.
    private byte[] _buffer = new byte[maxPacket + 1];

    /// <summary>The size of the largest datagram that is taken whole.</summary>
    public int MaxPacket
    {
        get => _buffer.Length - 1;
        set => _buffer = value == MaxPacket ? _buffer : new byte[value + 1];
    }

    public override void Process(in Events events, EventOps ops)
    {
        activity.OnEvent();
        Take(ops);
    }

    protected override bool Take(EventOps ops)
    {
        for (int i = 0; i < DatagramsPerTurn; i++)
        {
            IOResult read = NonBlocking.TryRead(Fd, _buffer);
            if (read.WouldBlock)
            {
                return false;
            }

            // Senders cannot cause this: on a socket that is not connected no error of a peer is reported.
            read.ThrowIfFailed("reading a datagram");

            // A datagram may be empty; it is no end.
            activity.OnMessage();
            bool isTruncated = read.Count > MaxPacket;
            receiver.ReceivePacket(_buffer.AsSpan(0, Math.Min(read.Count, MaxPacket)), isTruncated);
        }

        return true;
    }
}
