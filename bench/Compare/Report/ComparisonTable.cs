using Compare.Cases;
using Compare.Peers;
using Compare.Rounds;
using Vigil.Benchmarks.Reporting;

namespace Compare.Report;

/// <summary>The results of a group as a Markdown table: one row per figure, one column per peer with a counterpart for any of
/// them.</summary>
internal sealed class ComparisonTable
{
    private const string Nothing = "–";

    private readonly IReadOnlyList<CaseResult> _results;
    private readonly PeerCatalogue _peers;
    private readonly Peer[] _columns;

    public ComparisonTable(IReadOnlyList<CaseResult> results, PeerCatalogue peers)
    {
        _results = results;
        _peers = peers;
        _columns = [.. peers.All.Where(peer => results.Any(result => result.Peers.Contains(peer)))];
    }

    public IEnumerable<string> Lines =>
    [
        Line(["case", .. _columns.Select(peer => peer.Name)]),
        Line(["---", .. _columns.Select(_ => "--:")]),
        .. _results.SelectMany(result => result.Case.Figures.Select((figure, index) => Row(result, figure, index))),
        .. Remarks(),
    ];

    private static string Line(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";

    private string Row(CaseResult result, Figure figure, int index)
    {
        double[] medians = [.. _columns.Select(peer => result.FiguresOf(peer, index)?.Median ?? double.NaN).Where(double.IsFinite)];
        var scale = FigureScale.For(figure.Unit, medians.Length == 0 ? 0 : medians.Min());
        string name = figure.Name.Length == 0 ? result.Case.Name : $"{result.Case.Name}: {figure.Name}";
        return Line([name, .. _columns.Select(peer => Cell(result, peer, index, scale))]);
    }

    private string Cell(CaseResult result, Peer peer, int figure, FigureScale scale)
    {
        if (result.FiguresOf(peer, figure) is not { } figures)
        {
            return Nothing;
        }

        List<string> lines = [scale.WithUnit(figures.Median)];
        if (result.Rounds.Count > 1)
        {
            lines.Add($"{scale.Number(figures.Min)}–{scale.Number(figures.Max)}");
        }

        Peer? reference = _peers.ReferenceOf(result, figure);
        if (reference is not null && reference != peer && result.RatiosOf(peer, reference, figure) is { } ratios)
        {
            lines.Add(Ratio(ratios, result.Rounds.Count > 1));
        }

        return string.Join("<br>", lines);
    }

    private static string Ratio(Series ratios, bool hasSpread) =>
        $"**{ratios.Median:0.00}×**{(hasSpread ? $" {ratios.Min:0.00}–{ratios.Max:0.00}" : "")}";

    private IEnumerable<string> Remarks()
    {
        string[] failures = [.. _results.SelectMany(
            result => result.Failures.Select(failure => $"Not measured, {result.Case.Name}: {failure}"))];
        return failures.Length == 0 ? [] : ["", .. failures];
    }
}
