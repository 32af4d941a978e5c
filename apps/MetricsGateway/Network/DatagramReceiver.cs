using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using MetricsGateway.Protocols;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>Receives datagrams of metrics, over UDP or a Unix socket.</summary>
/// <remarks>
/// <para>
/// A turn is bounded in datagrams and in bytes. One call may return more bytes than that: 64 datagrams of 64 KiB are 4 MiB, which would
/// take as long as a slow flush. The rest of a batch at the end of a turn is used in later turns, one per iteration of the loop, whether
/// or not the kernel has more; nothing else is read before.
/// </para>
/// <para>
/// In a flood, a wake-up for every few datagrams costs more than receiving them. So after a turn with many datagrams the socket rests for
/// a millisecond or less, during which the kernel keeps arrivals, like the interrupt coalescing of a network card. Datagrams that arrive
/// one by one are not delayed.
/// </para>
/// </remarks>
/// <param name="bound">A bound socket.</param>
/// <param name="receiver">Parses the datagrams.</param>
/// <param name="totals">Counts the kernel's drops.</param>
/// <param name="batches">The first <see cref="Batches"/>.</param>
/// <param name="activity">Notes when metrics arrived.</param>
/// <param name="rest">The first <see cref="Rest"/>.</param>
internal sealed class DatagramReceiver(
    BoundSocket bound, LineReceiver receiver, ProtocolTotals totals, DatagramBatches batches, LoopActivity activity,
    TimeSpan rest) : Listener(bound)
{
    // socket(7) does not describe SO_MEMINFO: it returns nine 32-bit numbers, the last of which is the number of dropped datagrams.
    private const int SolSocket = 1;
    private const int SoMemInfo = 55;
    private const int DropsIndex = 8;

    // If the kernel refuses to watch the socket, it is asked again after this time.
    private static readonly TimeSpan ArmAgain = TimeSpan.FromSeconds(1);

    // The least memory that the kernel counts for a datagram, however small; 768 was observed.
    private const int LeastTaken = 512;

    // Fewer datagrams do not justify a rest.
    private const int FloodCount = 8;

    // About as long as a connection's turn of 64 KiB. Data that a connection cannot send waits at its sender; datagrams are lost.
    private const int BatchesPerTurn = 16;

    /// <summary>Bytes per turn; the datagram that exceeds them is the last one.</summary>
    public const int BytesPerTurn = 64 << 10;

    private uint _drops;
    private TimerEvent? _restTimer;
    private Func<string>? _describeSender;

    // Datagrams that were read and not yet used; null if there are none.
    private DatagramBatch? _arrived;
    private int _next;
    private int _bytesLeft;
    private bool _goesOn;
    private bool _isConnected;

    /// <summary>How long the kernel's buffer can take any rate of arrivals; zero if it should be read at once.</summary>
    public TimeSpan Rest { get; set; } = rest;

    /// <summary>The buffers that datagrams are read into. Shared by everything on the loop.</summary>
    public DatagramBatches Batches { get; set; } = batches;

    // The size that the kernel reports includes its overhead per datagram. A turn takes a batch, or its bytes.
    protected override int LastTurns =>
        (Socket.ReceiveBufferSize / LeastTaken / Batches.Capacity) + (Socket.ReceiveBufferSize / BytesPerTurn) + LeftTurns + 1;

    private int LeftTurns => _arrived is { } left ? (int)((long)left.Capacity * left.MaxLength / BytesPerTurn) : 0;

    public override void Process(in Events events, EventOps ops)
    {
        if (_goesOn)
        {
            // The deferred callback uses the rest of the batch in this iteration.
            return;
        }

        try
        {
            TakeTurn(ops);
        }
        finally
        {
            if (_arrived is not null)
            {
                _goesOn = true;

                // A deferral from an event's callback runs in the same iteration, which has had its turn; a deferral from there, in the
                // next one.
                EventManager.Current!.Defer(
                    static (manager, receiver) => manager.Defer(static (_, receiver) => receiver.GoOn(), receiver), this);
            }
        }
    }

    public override void Initialize(EventOps ops)
    {
        _restTimer?.Change(Timeout.InfiniteTimeSpan);
        base.Initialize(ops);
    }

    public override void Dispose()
    {
        _restTimer?.Cancel();
        try
        {
            UseLeft();
        }
        finally
        {
            CountDrops();
            base.Dispose();
        }
    }

    /// <summary>Asks the kernel how many datagrams it has dropped since the last call.</summary>
    public void CountDrops()
    {
        if (!IsOpen)
        {
            return;
        }

        Span<uint> figures = stackalloc uint[DropsIndex + 1];
        figures.Clear();
        try
        {
            Socket.GetRawSocketOption(SolSocket, SoMemInfo, MemoryMarshal.AsBytes(figures));
        }
        catch (SocketException)
        {
            // SO_MEMINFO exists since Linux 4.12. Without it, drops are only in /proc/net/udp.
            return;
        }

        // The kernel's count wraps around.
        totals.Drops += figures[DropsIndex] - _drops;
        _drops = figures[DropsIndex];
    }

    // A reload opens the new listener beside this one. Between the last read of this socket and its close the kernel would still give it
    // datagrams, which would be lost. A connected socket gets only datagrams of its peer, here itself, and keeps those that it has
    // (udp(7)).
    protected override void StopArriving()
    {
        if (!IsOpen || Socket.LocalEndPoint is not IPEndPoint place)
        {
            return;
        }

        bool isWildcard = place.Address.Equals(IPAddress.Any) || place.Address.Equals(IPAddress.IPv6Any);
        IEnumerable<IPAddress> itself = !isWildcard ? [place.Address]
            : place.AddressFamily == AddressFamily.InterNetwork ? [IPAddress.Loopback]
            : [IPAddress.IPv6Loopback, IPAddress.Loopback.MapToIPv6()];
        foreach (IPAddress address in itself)
        {
            // If that fails, the machine has no IPv6, or the interface is gone: then datagrams may be lost in that short time.
            if (ListeningSocket.TryConnect(Socket, new IPEndPoint(address, place.Port)))
            {
                _isConnected = true;
                return;
            }
        }
    }

    protected override bool Take(EventOps ops)
    {
        _bytesLeft = BytesPerTurn;
        return TakeBatch(out _);
    }

    private void TakeTurn(EventOps ops)
    {
        _bytesLeft = BytesPerTurn;
        bool hasMore = true;
        int taken = 0;
        for (int batch = 0; batch < BatchesPerTurn && hasMore && _bytesLeft > 0; batch++)
        {
            hasMore = TakeBatch(out int used);
            taken += used;
        }

        if (!hasMore && Rest > TimeSpan.Zero && taken >= FloodCount)
        {
            _restTimer ??= EventManager.Current!.CreateTimerEvent(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan, OnRested);
            ops.Disarm(Fd);
            _restTimer.Change(Rest);
        }
    }

    private void GoOn()
    {
        EventManager manager = EventManager.Current!;
        try
        {
            if (IsOpen && _arrived is not null)
            {
                TakeTurn(Ops(manager));
            }
        }
        finally
        {
            _goesOn = _arrived is not null;
            if (_goesOn)
            {
                manager.Defer(static (_, receiver) => receiver.GoOn(), this);
            }
        }
    }

    // Uses the rest of the last batch, or reads another one, as far as the turn has bytes left. Returns whether there may be more.
    private bool TakeBatch(out int used)
    {
        used = 0;
        DatagramBatch? arrived = _arrived;
        if (arrived is null)
        {
            arrived = Batches.Rent();
            IOResult read = arrived.TryReceive(Fd);
            if (read.IsFailure && _isConnected)
            {
                // An error that a peer or a router has told the connected socket of, perhaps falsely (icmp(7)). It is told once, and what
                // has arrived is still there.
                read = arrived.TryReceive(Fd);
            }

            if (!read.IsSuccess)
            {
                Batches.Return(arrived);
                if (read.WouldBlock)
                {
                    return false;
                }

                // Senders cannot cause this: an unconnected socket reports no error of a peer, and a connected one each error once.
                read.ThrowIfFailed("reading datagrams");
            }

            activity.OnMessage();
            _arrived = arrived;
            _next = 0;
        }

        int first = _next;
        receiver.Sender = _describeSender ??= DescribeSender;
        List<Exception>? failures = null;
        while (_next < arrived.Count && _bytesLeft > 0)
        {
            int index = _next++;
            ReadOnlySpan<byte> datagram = arrived[index];
            _bytesLeft -= datagram.Length;
            try
            {
                receiver.ReceivePacket(datagram, arrived.IsTruncated(index));
            }
            catch (Exception exception)
            {
                // The other datagrams of the batch are still used: they would not be delivered again.
                (failures ??= []).Add(exception);
            }
        }

        receiver.Sender = null;
        used = _next - first;
        bool hasMore = true;
        if (_next == arrived.Count)
        {
            // A batch that is not full was the last one.
            hasMore = arrived.Count == arrived.Capacity;
            _arrived = null;
            Batches.Return(arrived);
        }

        return failures is null ? hasMore : throw new AggregateException(failures);
    }

    // What was read before the end is used: one batch at most, at once, since nobody gives a closed socket another turn.
    private void UseLeft()
    {
        if (_arrived is null)
        {
            return;
        }

        try
        {
            _bytesLeft = int.MaxValue;
            TakeBatch(out _);
        }
        catch (AggregateException bugs) when (EventManager.Current is { } manager)
        {
            // A bug is reported like anywhere else. Without a run, the manager itself is disposing this listener, and reports what that
            // throws.
            manager.Defer(static (_, bugs) => ExceptionDispatchInfo.Throw(bugs), bugs);
        }
    }

    private string DescribeSender() => PeerText.Of(_arrived!.GetSender(_next - 1));

    private void OnRested(TimerEvent timer, TimerTick tick)
    {
        if (!IsOpen)
        {
            return;
        }

        try
        {
            Ops(timer.Manager).Arm(Fd);
        }
        catch
        {
            // A timer whose callback has thrown is cancelled; without it the socket would never be read again.
            _restTimer = timer.Manager.CreateTimerEvent(ArmAgain, Timeout.InfiniteTimeSpan, OnRested);
            throw;
        }
    }
}
