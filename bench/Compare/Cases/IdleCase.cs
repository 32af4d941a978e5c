using Compare.Peers;
using Compare.Rounds;

namespace Compare.Cases;

/// <summary>A loop, or a listening socket, with nothing to do.</summary>
internal sealed class IdleCase(TimeSpan duration) : Case(
    "Life",
    $"idle for {duration.TotalSeconds:0.#} s",
    new Figure("CPU", Unit.Nanoseconds),
    new Figure("wake-ups", Unit.Count),
    new Figure("wake-ups, without the runtime's finalizer thread", Unit.Count))
{
    private const string Idling = "idle";

    public override bool Includes(Peer peer) => peer.Has(Idling);

    public override Session Open(Peer peer, Pace pace) => new IdleSession(peer.Start(Idling), duration);
}
