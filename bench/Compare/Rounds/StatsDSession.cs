using System.Diagnostics;
using System.Globalization;
using Compare.Peers;

namespace Compare.Rounds;

/// <summary>A StatsD server that gets packets at a fixed rate for a while in each turn. Packets that it did not take are lost, by its own
/// count and the kernel's.</summary>
internal sealed class StatsDSession : Session
{
    // If no packet was counted for that long, none is in flight any more.
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly MetricsServer _server;
    private readonly Peer _sender;
    private readonly int _rate;
    private readonly TimeSpan _turn;

    private StatsDSession(MetricsServer server, Peer sender, int rate, TimeSpan turn)
    {
        _server = server;
        _sender = sender;
        _rate = rate;
        _turn = turn;
    }

    public static StatsDSession Open(Peer peer, Peer sender, int rate, Pace pace)
    {
        var session = new StatsDSession(new MetricsServer(peer), sender, rate, pace.LoadTurn);
        try
        {
            if (pace.WarmUp > TimeSpan.Zero)
            {
                session.Send(pace.WarmUp);
                session.AwaitEnd(expected: long.MaxValue);
            }

            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    // On a busy machine a turn may end before the server takes a packet, and then has no figure for the cost of one. It is repeated with a
    // longer turn.
    public override double[] Measure()
    {
        for (TimeSpan turn = _turn; ; turn *= 2)
        {
            long taken = _server.Taken();
            long drops = _server.KernelDrops;
            TimeSpan used = _server.ProcessorTime;
            double[] sent = Send(turn);
            taken = AwaitEnd(taken + (long)sent[0]) - taken;
            used = _server.ProcessorTime - used;
            if (taken > 0 || turn > Patience)
            {
                return [sent[2], taken, sent[0] - taken, _server.KernelDrops - drops, used.TotalNanoseconds / taken];
            }
        }
    }

    public override void Dispose() => _server.Dispose();

    /// <returns>Packets sent, packets that the sender's side refused, and the rate.</returns>
    private double[] Send(TimeSpan duration)
    {
        string milliseconds = duration.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
        using PeerProcess sender = _sender.Start($"statsd {_server.Port} {_rate} {milliseconds}");
        return sender.ReadFigures();
    }

    private long AwaitEnd(long expected)
    {
        long taken = _server.Taken();
        for (long since = Stopwatch.GetTimestamp(); taken < expected && Stopwatch.GetElapsedTime(since) < Silence;)
        {
            Thread.Sleep(20);
            long now = _server.Taken();
            since = now == taken ? since : Stopwatch.GetTimestamp();
            taken = now;
        }

        return taken;
    }
}
