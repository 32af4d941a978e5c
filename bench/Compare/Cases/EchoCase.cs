using Compare.Peers;
using Compare.Rounds;

namespace Compare.Cases;

/// <summary>A TCP echo server under load from another process. It stays up for all rounds.</summary>
internal sealed class EchoCase : Case
{
    private const string Serving = "echo";
    private const string ServingWithSpin = "echo-spin";

    private readonly Peer? _generator;
    private readonly bool _includesSpinning;
    private readonly string _load;

    /// <param name="generator">The load generator; null if it could not be built, and then nothing is measured.</param>
    /// <param name="connections">The number of connections.</param>
    /// <param name="bytes">The length of a request.</param>
    /// <param name="depth">The number of requests in flight per connection.</param>
    public EchoCase(Peer? generator, int connections, int bytes, int depth)
        : base(
            "TCP echo",
            $"{connections:N0} {(connections == 1 ? "connection" : "connections")}, {Size(bytes)}, "
                + (depth == 1 ? "closed loop" : $"{depth} deep"),
            new Figure("requests a second", Unit.PerSecond),
            new Figure("p50", Unit.Nanoseconds),
            new Figure("p99", Unit.Nanoseconds),
            new Figure("p99.9", Unit.Nanoseconds),
            new Figure("server CPU a request", Unit.Nanoseconds) { IsPlotted = true })
    {
        _generator = generator;

        // With more connections one is always ready, and spinning is never needed.
        _includesSpinning = connections == 1;
        _load = $"{connections} {bytes} {depth}";
        Rounds = 7;
    }

    public override bool Includes(Peer peer) =>
        _generator is not null && (peer.Has(Serving) || (_includesSpinning && peer.Has(ServingWithSpin)));

    public override Session Open(Peer peer, Pace pace) =>
        EchoSession.Open(peer.Start(peer.Has(Serving) ? Serving : ServingWithSpin), _generator!, _load, pace);

    private static string Size(int bytes) => bytes >= 1024 ? $"{bytes / 1024} KiB" : $"{bytes} B";
}
