using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using MetricsGateway.Protocols;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>Receives datagrams of metrics, by UDP or by a Unix socket.</summary>
/// <remarks>
/// <para>
/// A turn is bounded in datagrams and in bytes. One call may bring more bytes than that: 64 datagrams of 64 KiB are 4 MiB, which would
/// take as long as a slow flush. What is left of a batch when a turn is over is used in the turns that follow, one an iteration of the
/// loop, whether or not the kernel has more; and nothing further is read before.
/// </para>
/// <para>
/// To be woken for every few datagrams of a flood costs more than to receive them. So when many came at once, the socket has a rest of a
/// millisecond or less, in which the kernel keeps what comes, as a network card's interrupts have. What comes one by one is not put off.
/// </para>
/// </remarks>
/// <param name="bound">A bound socket.</param>
/// <param name="receiver">Where the datagrams go.</param>
/// <param name="totals">Where is counted what the kernel has dropped.</param>
/// <param name="batches">The first <see cref="Batches"/>.</param>
/// <param name="activity">Counts what happens.</param>
/// <param name="rest">The first <see cref="Rest"/>.</param>
internal sealed class DatagramReceiver(
    BoundSocket bound, LineReceiver receiver, ProtocolTotals totals, DatagramBatches batches, LoopActivity activity,
    TimeSpan rest) : Listener(bound)
{
    // socket(7) has no words for it: SO_MEMINFO gives nine numbers of 32 bits, of which the last is how many datagrams were dropped.
    private const int SolSocket = 1;
    private const int SoMemInfo = 55;
    private const int DropsIndex = 8;

    // How long after the kernel has refused to watch the socket it is asked again.
    private static readonly TimeSpan ArmAgain = TimeSpan.FromSeconds(1);

    // What the kernel counts at least for a datagram, however small; 768 where it was looked at.
    private const int LeastTaken = 512;

    // Fewer are worth no rest.
    private const int FloodCount = 8;

    // About as long as a connection's turn of 64 KiB takes. What a connection does not get rid of waits at its sender; datagrams are lost.
    private const int BatchesPerTurn = 16;

    /// <summary>Bytes of a turn; the datagram that exceeds them is the last one.</summary>
    public const int BytesPerTurn = 64 << 10;

    private uint _drops;
    private TimerEvent? _restTimer;
    private Func<string>? _describeSender;

    // What was read and is not used up; null if everything is.
    private DatagramBatch? _arrived;
    private int _next;
    private int _bytesLeft;
    private bool _goesOn;

    /// <summary>How long the kernel's buffer has room for whatever comes; zero if it had better be read at once.</summary>
    public TimeSpan Rest { get; set; } = rest;

    /// <summary>What datagrams are read into: how many at once, and how large one may be. Shared by everything on the loop.</summary>
    public DatagramBatches Batches { get; set; } = batches;

    // The kernel counts the whole of its buffer in what it tells as its size. A turn takes a batch, or its bytes.
    protected override int LastTurns =>
        (Socket.ReceiveBufferSize / LeastTaken / Batches.Capacity) + (Socket.ReceiveBufferSize / BytesPerTurn) + LeftTurns + 1;

    private int LeftTurns => _arrived is { } left ? (int)((long)left.Capacity * left.MaxLength / BytesPerTurn) : 0;

    public override void Process(in Events events, EventOps ops)
    {
        if (_goesOn)
        {
            // What is left has this iteration's turn, as a deferred callback.
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

                // What an event defers is called in the same iteration, which has had its turn, and what is deferred then, in the next one.
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
        _arrived = null;
        CountDrops();
        base.Dispose();
    }

    /// <summary>Asks the kernel how many datagrams it has dropped since it was asked last.</summary>
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
            // Known since Linux 4.12. Without it, drops are in /proc/net/udp alone.
            return;
        }

        // The kernel's count wraps around.
        totals.Drops += figures[DropsIndex] - _drops;
        _drops = figures[DropsIndex];
    }

    // A reload opens the new listener beside this one. Between the last look at this socket and its end, the kernel would give it datagrams
    // that nobody reads. A socket that is connected gets only those of its peer, here of itself, and keeps those that it has (udp(7)).
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
            try
            {
                Socket.Connect(new IPEndPoint(address, place.Port));
                return;
            }
            catch (SocketException)
            {
                // The machine has no IPv6, or the interface is gone: then the window stays open, as narrow as it is.
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

    // Uses what is left of the last batch, or reads another one, as far as the turn has bytes. Says whether there may be more.
    private bool TakeBatch(out int used)
    {
        used = 0;
        DatagramBatch? arrived = _arrived;
        if (arrived is null)
        {
            arrived = Batches.Rent();
            IOResult read = arrived.TryReceive(Fd);
            if (!read.IsSuccess)
            {
                Batches.Return(arrived);
                if (read.WouldBlock)
                {
                    return false;
                }

                // Senders cannot cause this: on a socket that is not connected no error of a peer is reported.
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
                // The others of the batch can do nothing for it, and nobody would bring them again.
                (failures ??= []).Add(exception);
            }
        }

        receiver.Sender = null;
        used = _next - first;
        bool hasMore = true;
        if (_next == arrived.Count)
        {
            // Fewer than fit mean that there were no more.
            hasMore = arrived.Count == arrived.Capacity;
            _arrived = null;
            Batches.Return(arrived);
        }

        return failures is null ? hasMore : throw new AggregateException(failures);
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
            // A timer whose callback has thrown is cancelled, and without one nobody would ever read the socket again.
            _restTimer = timer.Manager.CreateTimerEvent(ArmAgain, Timeout.InfiniteTimeSpan, OnRested);
            throw;
        }
    }
}
