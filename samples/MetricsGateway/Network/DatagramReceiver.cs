using System.Net.Sockets;
using MetricsGateway.Protocols;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>Receives datagrams of metrics, by UDP or by a Unix socket.</summary>
/// <param name="socket">A bound socket.</param>
/// <param name="receiver">Where the datagrams go.</param>
/// <param name="buffer">
/// One byte larger than the largest datagram that is taken whole: the kernel cuts what does not fit without a word, and a buffer
/// that is full to this last byte is how it shows.
/// </param>
/// <param name="activity">Counts what happens.</param>
internal sealed class DatagramReceiver(Socket socket, LineReceiver receiver, Memory<byte> buffer, LoopActivity activity)
    : IEventSubscriber, IDisposable
{
    // A flood gets no more than this before the others have their turn.
    private const int DatagramsPerTurn = 16;

    private readonly FileDescriptor _fd = socket;
    private readonly int _maxPacket = buffer.Length - 1;

    public void Initialize(EventOps ops) => ops.Add(new Events(_fd, EventSet.In));

    public void Process(in Events events, EventOps ops)
    {
        activity.OnEvent();
        for (int i = 0; i < DatagramsPerTurn; i++)
        {
            IOResult read = NonBlocking.TryRead(_fd, buffer.Span);
            if (read.WouldBlock)
            {
                return;
            }

            // Senders cannot cause this: on a socket that is not connected no error of a peer is reported.
            read.ThrowIfFailed("reading a datagram");

            // A datagram may be empty; it is no end.
            activity.OnMessage();
            bool isTruncated = read.Count > _maxPacket;
            receiver.ReceivePacket(buffer.Span[..Math.Min(read.Count, _maxPacket)], isTruncated);
        }
    }

    public void Dispose() => socket.Dispose();
}
