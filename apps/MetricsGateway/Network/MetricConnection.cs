using System.Net.Sockets;
using MetricsGateway.Protocols;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>A connection that sends lines of metrics and expects no answer.</summary>
/// <param name="handle">The connection.</param>
/// <param name="receiver">Parses its lines.</param>
/// <param name="buffer">Shared by everything on the loop: the data of one read is used up before the next read.</param>
/// <param name="gate">Is left when the connection is closed.</param>
/// <param name="activity">Notes when metrics arrived.</param>
/// <param name="idle">How long the client may be silent.</param>
internal sealed class MetricConnection(
    FdHandle handle, LineReceiver receiver, Memory<byte> buffer, ConnectionGate gate, LoopActivity activity, IdleTimeout idle)
    : StreamConnection(handle, gate, activity, idle)
{
    private readonly LineSplitter _splitter = receiver.CreateSplitter();
    private Func<string>? _describePeer;

    protected override bool Serve(Events events, EventOps ops)
    {
        IOResult read = NonBlocking.TryRead(Handle, buffer.Span);
        if (read.WouldBlock)
        {
            return true;
        }

        if (read.IsFailure)
        {
            // Most likely reset by the peer; whether the unfinished line was complete is unknown.
            return false;
        }

        OnActive();
        Activity.OnMessage();
        receiver.Sender = _describePeer ??= DescribePeer;
        try
        {
            if (read.IsEndOfStream)
            {
                receiver.ReceiveEnd(_splitter);
                return false;
            }

            receiver.ReceiveChunk(buffer.Span[..read.Count], _splitter);
            return true;
        }
        finally
        {
            receiver.Sender = null;
        }
    }

    // Rarely needed, so not kept per connection.
    private string DescribePeer()
    {
        try
        {
            using SafeSocketHandle borrowed = new(Handle.DangerousGetHandle(), ownsHandle: false);
            using Socket socket = new(borrowed);
            return PeerText.Of(socket.RemoteEndPoint);
        }
        catch (SocketException)
        {
            return PeerText.Unknown;
        }
    }

    protected override void AdoptLimits() => _splitter.MaxLength = receiver.MaxLineLength;

    protected override void ReleaseBuffers() => _splitter.Dispose();
}
