using Compare.Peers;
using Compare.Rounds;

namespace Compare.Cases;

/// <summary>Counters over UDP, one per packet, at a fixed rate: the metrics gateway and npm's statsd. They stay for all rounds.</summary>
internal sealed class StatsDCase : Case
{
    private readonly Peer? _sender;
    private readonly int _rate;

    /// <param name="sender">The sender; null if it could not be built, and then nothing is measured.</param>
    /// <param name="rate">Packets per second.</param>
    public StatsDCase(Peer? sender, int rate)
        : base(
            "StatsD over UDP",
            $"{rate:N0} packets a second",
            new Figure("sent a second", Unit.PerSecond),
            new Figure("taken", Unit.Count),
            new Figure("lost", Unit.Count),
            new Figure("dropped by the kernel", Unit.Count),
            new Figure("server CPU a packet", Unit.Nanoseconds) { IsPlotted = true })
    {
        _sender = sender;
        _rate = rate;
    }

    public override bool Includes(Peer peer) => _sender is not null && peer.Has(MetricsServer.Measurement);

    public override Session Open(Peer peer, Pace pace) => StatsDSession.Open(peer, _sender!, _rate, pace);
}
