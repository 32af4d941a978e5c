using System.Globalization;
using System.Xml.Linq;
using Compare.Cases;
using Compare.Peers;
using Compare.Rounds;
using Vigil.Benchmarks.Reporting;

namespace Compare.Report;

/// <summary>
/// The ratios of a group as bars that start at 1×, on a logarithmic scale: a bar to the left is less than the reference, one to the right
/// is more.
/// </summary>
internal sealed class RatioPlot
{
    private const int Width = 860;
    private const int PlotLeft = 230;
    private const int PlotRight = 720;
    private const int BarHeight = 14;
    private const int RowHeight = 20;
    private const int CaseHeight = 30;
    private const int Top = 64;

    private readonly string _title;
    private readonly Block[] _blocks;
    private readonly PeerCatalogue _peers;

    public RatioPlot(string title, IReadOnlyList<CaseResult> results, PeerCatalogue peers)
    {
        _title = title;
        _peers = peers;
        _blocks = [.. results.SelectMany(BlocksOf).Where(block => block.Bars.Count > 0)];
    }

    /// <summary>Whether there is nothing to draw.</summary>
    public bool IsEmpty => _blocks.Length == 0;

    /// <summary>The plot.</summary>
    public XDocument Draw()
    {
        int height = Top + _blocks.Sum(block => CaseHeight + (block.Bars.Count * RowHeight)) + 36;
        var axis = LogarithmicAxis.Over(
            _blocks.SelectMany(block => block.Bars).SelectMany(bar => (double[])[bar.Ratios.Min, bar.Ratios.Max]),
            PlotLeft,
            PlotRight);
        var drawing = new SvgDrawing(_title, Width, height);
        drawing.Text(16, 26, _title, "start", 16);
        drawing.Text(
            16,
            46,
            $"ratio to {string.Join(" or ", _blocks.Select(block => Plain(block.Reference)).Distinct(StringComparer.Ordinal))}, "
                + "median, and min to max of the rounds; logarithmic",
            "start",
            12);
        DrawAxis(drawing, axis, height);
        int y = Top;
        foreach (Block block in _blocks)
        {
            Draw(drawing, block, axis, y);
            y += CaseHeight + (block.Bars.Count * RowHeight);
        }

        return drawing.Document;
    }

    private static void DrawAxis(SvgDrawing drawing, LogarithmicAxis axis, int height)
    {
        foreach (double tick in axis.Ticks)
        {
            double x = axis.At(tick);
            drawing.Line(x, Top, x, height - 30, tick == 1 ? SvgDrawing.Ink : SvgDrawing.Faint);
            drawing.Text(x, height - 12, $"{tick.ToString("0.##", CultureInfo.InvariantCulture)}×", "middle", 11);
        }
    }

    private static void Draw(SvgDrawing drawing, Block block, LogarithmicAxis axis, int top)
    {
        drawing.Text(16, top + 20, block.Name, "start", 12, isBold: true);
        int y = top + CaseHeight;
        foreach (Bar bar in block.Bars)
        {
            double one = axis.At(1);
            double end = axis.At(bar.Ratios.Median);
            double middle = y + (BarHeight / 2.0);
            drawing.Text(PlotLeft - 8, y + 11, Plain(bar.Peer), "end", 12);
            string fill = bar.IsOurs ? SvgDrawing.Ours : SvgDrawing.Theirs;
            drawing.Rectangle(Math.Min(one, end), y, Math.Max(1, Math.Abs(end - one)), BarHeight, fill);
            drawing.Line(axis.At(bar.Ratios.Min), middle, axis.At(bar.Ratios.Max), middle, SvgDrawing.Ink);
            drawing.Text(PlotRight + 12, y + 11, $"{bar.Ratios.Median.ToString("0.00", CultureInfo.InvariantCulture)}×", "start", 12);
            y += RowHeight;
        }
    }

    // Names are Markdown.
    private static string Plain(Peer peer) => peer.Name.Replace("`", "", StringComparison.Ordinal);

    private IEnumerable<Block> BlocksOf(CaseResult result)
    {
        for (int i = 0; i < result.Case.Figures.Count; i++)
        {
            Figure figure = result.Case.Figures[i];
            if (figure.IsPlotted && _peers.ReferenceOf(result, i) is { } reference)
            {
                string name = figure.Name.Length == 0 ? result.Case.Name : $"{result.Case.Name}: {figure.Name}";
                yield return new Block(
                    figure.Unit == Unit.PerSecond ? $"{name} (more is better)" : name,
                    reference,
                    [.. BarsOf(result, reference, i)]);
            }
        }
    }

    private IEnumerable<Bar> BarsOf(CaseResult result, Peer reference, int figure)
    {
        foreach (Peer peer in result.Peers)
        {
            if (peer != reference && result.RatiosOf(peer, reference, figure) is { Min: > 0 } ratios)
            {
                yield return new Bar(peer, ratios, peer == _peers.Vigil);
            }
        }
    }

    private sealed record Block(string Name, Peer Reference, IReadOnlyList<Bar> Bars);

    private sealed record Bar(Peer Peer, Series Ratios, bool IsOurs);
}
