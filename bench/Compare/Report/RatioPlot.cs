using System.Globalization;
using System.Xml.Linq;
using Compare.Cases;
using Compare.Peers;
using Compare.Rounds;
using Vigil.Benchmarks.Reporting;

namespace Compare.Report;

/// <summary>
/// The ratios of a group as bars that start at 1×, on a logarithmic scale: a bar to the left is less than the reference, one to the right
/// is more. It has its own background, so that it is readable on light and dark pages.
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

    private const string Ink = "#1f2328";
    private const string Faint = "#d0d7de";
    private const string Ours = "#0969da";
    private const string Theirs = "#8c959f";

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

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

    /// <summary>The plot. It consists of elements only, without scripts or style sheets.</summary>
    public XDocument Draw()
    {
        int height = Top + _blocks.Sum(block => CaseHeight + (block.Bars.Count * RowHeight)) + 36;
        var axis = LogarithmicAxis.Over(
            _blocks.SelectMany(block => block.Bars).SelectMany(bar => (double[])[bar.Ratios.Min, bar.Ratios.Max]),
            PlotLeft,
            PlotRight);
        var root = new XElement(
            Svg + "svg",
            new XAttribute("viewBox", $"0 0 {Width} {height}"),
            new XAttribute("width", Width),
            new XAttribute("height", height),
            new XAttribute("font-family", "system-ui, sans-serif"),
            new XAttribute("font-size", 12),
            new XElement(Svg + "title", _title),
            Rectangle(0, 0, Width, height, "#ffffff"),
            Text(16, 26, _title, "start", 16),
            Text(
                16,
                46,
                $"ratio to {string.Join(" or ", _blocks.Select(block => Plain(block.Reference)).Distinct(StringComparer.Ordinal))}, "
                    + "median, and min to max of the rounds; logarithmic",
                "start",
                12));
        DrawAxis(root, axis, height);
        int y = Top;
        foreach (Block block in _blocks)
        {
            Draw(root, block, axis, y);
            y += CaseHeight + (block.Bars.Count * RowHeight);
        }

        return new XDocument(root);
    }

    private static void DrawAxis(XElement root, LogarithmicAxis axis, int height)
    {
        foreach (double tick in axis.Ticks)
        {
            double x = axis.At(tick);
            root.Add(Line(x, Top, x, height - 30, tick == 1 ? Ink : Faint));
            root.Add(Text(x, height - 12, $"{tick.ToString("0.##", CultureInfo.InvariantCulture)}×", "middle", 11));
        }
    }

    private static void Draw(XElement root, Block block, LogarithmicAxis axis, int top)
    {
        root.Add(Text(16, top + 20, block.Name, "start", 12, isBold: true));
        int y = top + CaseHeight;
        foreach (Bar bar in block.Bars)
        {
            double one = axis.At(1);
            double end = axis.At(bar.Ratios.Median);
            double middle = y + (BarHeight / 2.0);
            root.Add(Text(PlotLeft - 8, y + 11, Plain(bar.Peer), "end", 12));
            root.Add(Rectangle(Math.Min(one, end), y, Math.Max(1, Math.Abs(end - one)), BarHeight, bar.IsOurs ? Ours : Theirs));
            root.Add(Line(axis.At(bar.Ratios.Min), middle, axis.At(bar.Ratios.Max), middle, Ink));
            root.Add(Text(PlotRight + 12, y + 11, $"{bar.Ratios.Median.ToString("0.00", CultureInfo.InvariantCulture)}×", "start", 12));
            y += RowHeight;
        }
    }

    private static XElement Text(double x, double y, string text, string anchor, int size, bool isBold = false) => new(
        Svg + "text",
        new XAttribute("x", Number(x)),
        new XAttribute("y", Number(y)),
        new XAttribute("fill", Ink),
        new XAttribute("font-size", size),
        new XAttribute("text-anchor", anchor),
        isBold ? new XAttribute("font-weight", "bold") : null,
        text);

    private static XElement Rectangle(double x, double y, double width, double height, string fill) => new(
        Svg + "rect",
        new XAttribute("x", Number(x)),
        new XAttribute("y", Number(y)),
        new XAttribute("width", Number(width)),
        new XAttribute("height", Number(height)),
        new XAttribute("fill", fill));

    private static XElement Line(double x1, double y1, double x2, double y2, string stroke) => new(
        Svg + "line",
        new XAttribute("x1", Number(x1)),
        new XAttribute("y1", Number(y1)),
        new XAttribute("x2", Number(x2)),
        new XAttribute("y2", Number(y2)),
        new XAttribute("stroke", stroke));

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

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
