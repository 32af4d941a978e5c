using System.Net.Sockets;
using System.Runtime.InteropServices;
using MetricsGateway.Protocols;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>Receives datagrams of metrics, by UDP or by a Unix socket.</summary>
/// <remarks>
/// To be woken for every few datagrams of a flood costs more than to receive them. So when many came at once, the socket has a rest of a
/// millisecond or less, in which the kernel keeps what comes, as a network card's interrupts have. What comes one by one is not put off.
/// </remarks>
/// <param name="bound">A bound socket.</param>
/// <param name="receiver">Where the datagrams go.</param>
/// <param name="totals">Where is counted what the kernel has dropped.</param>
/// <param name="batch">The first <see cref="Batch"/>.</param>
/// <param name="activity">Counts what happens.</param>
/// <param name="rest">The first <see cref="Rest"/>.</param>
internal sealed class DatagramReceiver(
    BoundSocket bound, LineReceiver receiver, ProtocolTotals totals, DatagramBatch batch, LoopActivity activity, TimeSpan rest) : Listener(bound)
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

    private uint _drops;
    private TimerEvent? _restTimer;

    /// <summary>How long the kernel's buffer has room for whatever comes; zero if it had better be read at once.</summary>
    public TimeSpan Rest { get; set; } = rest;

    /// <summary>What one call takes, and how large a datagram may be. Shared by everything on the loop.</summary>
    public DatagramBatch Batch { get; set; } = batch;

    // The kernel counts the whole of its buffer in what it tells as its size.
    protected override int LastTurns => (Socket.ReceiveBufferSize / LeastTaken / Batch.Capacity) + 1;

    public override void Process(in Events events, EventOps ops)
    {
        bool cameFull = true;
        int taken = 0;
        for (int batches = 0; batches < BatchesPerTurn && cameFull; batches++)
        {
            cameFull = Take(ops);
            taken += Batch.Count;
        }

        if (!cameFull && Rest > TimeSpan.Zero && taken >= FloodCount)
        {
            _restTimer ??= EventManager.Current!.CreateTimerEvent(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan, OnRested);
            ops.Disarm(Fd);
            _restTimer.Change(Rest);
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

    protected override bool Take(EventOps ops)
    {
        DatagramBatch arrived = Batch;
        IOResult read = arrived.TryReceive(Fd);
        if (read.WouldBlock)
        {
            return false;
        }

        // Senders cannot cause this: on a socket that is not connected no error of a peer is reported.
        read.ThrowIfFailed("reading datagrams");
        activity.OnMessage();
        List<Exception>? failures = null;
        for (int i = 0; i < arrived.Count; i++)
        {
            try
            {
                receiver.ReceivePacket(arrived[i], arrived.IsTruncated(i));
            }
            catch (Exception exception)
            {
                // The others of the batch can do nothing for it, and nobody would bring them again.
                (failures ??= []).Add(exception);
            }
        }

        return failures is null ? arrived.Count == arrived.Capacity : throw new AggregateException(failures);
    }

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
