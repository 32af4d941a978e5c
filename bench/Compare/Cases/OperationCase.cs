using Compare.Peers;
using Compare.Rounds;

namespace Compare.Cases;

/// <summary>An operation that peers measure themselves.</summary>
internal sealed class OperationCase : Case
{
    private readonly string _measurement;
    private readonly Amount _amount;

    /// <param name="group">The table that it belongs to.</param>
    /// <param name="name">The work, with its parameters.</param>
    /// <param name="measurement">The peers' name for it, with its numbers.</param>
    /// <param name="amount">The number of operations per turn.</param>
    /// <param name="figures">The figures that it gives.</param>
    public OperationCase(string group, string name, string measurement, Amount amount, params IReadOnlyList<Figure> figures)
        : base(group, name, figures)
    {
        _measurement = measurement;
        _amount = amount;
    }

    /// <summary>Whether every turn is a new process, in which nothing is warm.</summary>
    public bool IsCold { get; init; }

    public override bool Includes(Peer peer) => peer.Has(_measurement.Split(' ')[0]);

    public override Session Open(Peer peer, Pace pace) =>
        IsCold ? new ColdSession(peer, _measurement) : OperationSession.Open(peer.Prepare(_measurement), _amount, pace);
}
