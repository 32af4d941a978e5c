using Compare.Cases;
using Compare.Peers;
using Vigil.Benchmarks.Reporting;

namespace Compare.Rounds;

/// <summary>The result of a case.</summary>
/// <param name="Case">The case.</param>
/// <param name="Peers">The peers that have a counterpart.</param>
/// <param name="Rounds">Their figures, round by round.</param>
/// <param name="Failures">One sentence per peer that could not be measured.</param>
internal sealed record CaseResult(Case Case, IReadOnlyList<Peer> Peers, IReadOnlyList<Round> Rounds, IReadOnlyList<string> Failures)
{
    /// <summary>The figure of a peer; null if it has none.</summary>
    public Series? FiguresOf(Peer peer, int figure) => SeriesOf(round => round[peer, figure]);

    /// <summary>The figure's ratio to another peer's, within each round; null if one of them has none.</summary>
    public Series? RatiosOf(Peer peer, Peer reference, int figure) => SeriesOf(round => round[peer, figure] / round[reference, figure]);

    private Series? SeriesOf(Func<Round, double> value)
    {
        double[] values = [.. Rounds.Select(value).Where(double.IsFinite)];
        return values.Length == 0 ? null : new Series(values);
    }
}
