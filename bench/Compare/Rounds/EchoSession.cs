using System.Diagnostics;
using System.Globalization;
using Compare.Peers;

namespace Compare.Rounds;

/// <summary>A server that is under load for a while in each turn. Its processor time is the kernel's count for its process.</summary>
internal sealed class EchoSession : Session
{
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly PeerProcess _server;
    private readonly Peer _generator;
    private readonly string _load;
    private readonly TimeSpan _turn;
    private readonly int _port;

    private EchoSession(PeerProcess server, Peer generator, string load, TimeSpan turn)
    {
        _server = server;
        _generator = generator;
        _load = load;
        _turn = turn;
        _port = (int)server.ReadFigures()[0];
    }

    /// <param name="server">The server, which first prints its port.</param>
    /// <param name="generator">The load generator.</param>
    /// <param name="load">Connections, bytes, and depth.</param>
    /// <param name="pace">The length of the warm-up and of a turn.</param>
    public static EchoSession Open(PeerProcess server, Peer generator, string load, Pace pace)
    {
        try
        {
            var session = new EchoSession(server, generator, load, pace.LoadTurn);
            if (pace.WarmUp > TimeSpan.Zero)
            {
                session.Load(pace.WarmUp);
                session.AwaitRest();
            }

            return session;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    // On a busy machine a turn may end without an answer, and then has no figure for the cost of one. It is repeated with a longer turn.
    public override double[] Measure()
    {
        for (TimeSpan turn = _turn; ; turn *= 2)
        {
            TimeSpan before = _server.ProcessorTime;
            double[] figures = Load(turn);
            AwaitRest();
            TimeSpan used = _server.ProcessorTime - before;
            double answers = figures[4];
            if (answers > 0 || turn > Patience)
            {
                return [.. figures.Take(4), used.TotalNanoseconds / answers];
            }
        }
    }

    public override void Dispose() => _server.Dispose();

    // A slow server needs seconds to close thousands of connections. That is part of its cost, and must not fall into the next server's
    // turn.
    private void AwaitRest()
    {
        TimeSpan last;
        long start = Stopwatch.GetTimestamp();
        TimeSpan now = _server.ProcessorTime;
        do
        {
            last = now;
            Thread.Sleep(Rest);
            now = _server.ProcessorTime;
        }
        while (now != last && Stopwatch.GetElapsedTime(start) < Patience);
    }

    private double[] Load(TimeSpan duration)
    {
        string milliseconds = duration.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
        using PeerProcess generator = _generator.Start($"echo {_port} {_load} {milliseconds}");
        return generator.ReadFigures();
    }
}
