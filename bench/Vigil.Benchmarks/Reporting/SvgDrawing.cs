using System.Globalization;
using System.Xml.Linq;

namespace Vigil.Benchmarks.Reporting;

/// <summary>A picture of elements only, without scripts or style sheets. It has its own background, so that it is readable on light
/// and dark pages.</summary>
internal sealed class SvgDrawing
{
    /// <summary>Text, and lines that matter.</summary>
    public const string Ink = "#1f2328";

    /// <summary>Lines to read by.</summary>
    public const string Faint = "#d0d7de";

    /// <summary>What the picture is about.</summary>
    public const string Ours = "#0969da";

    /// <summary>What it is compared with.</summary>
    public const string Theirs = "#8c959f";

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly XElement _root;

    public SvgDrawing(string title, int width, int height)
    {
        _root = new XElement(
            Svg + "svg",
            new XAttribute("viewBox", $"0 0 {width} {height}"),
            new XAttribute("width", width),
            new XAttribute("height", height),
            new XAttribute("font-family", "system-ui, sans-serif"),
            new XAttribute("font-size", 12),
            new XElement(Svg + "title", title));
        Rectangle(0, 0, width, height, "#ffffff");
    }

    public XDocument Document => new(_root);

    public void Text(double x, double y, string text, string anchor, int size, bool isBold = false) => _root.Add(new XElement(
        Svg + "text",
        new XAttribute("x", Number(x)),
        new XAttribute("y", Number(y)),
        new XAttribute("fill", Ink),
        new XAttribute("font-size", size),
        new XAttribute("text-anchor", anchor),
        isBold ? new XAttribute("font-weight", "bold") : null,
        text));

    public void Rectangle(double x, double y, double width, double height, string fill) => _root.Add(new XElement(
        Svg + "rect",
        new XAttribute("x", Number(x)),
        new XAttribute("y", Number(y)),
        new XAttribute("width", Number(width)),
        new XAttribute("height", Number(height)),
        new XAttribute("fill", fill)));

    public void Line(double x1, double y1, double x2, double y2, string stroke) => _root.Add(new XElement(
        Svg + "line",
        new XAttribute("x1", Number(x1)),
        new XAttribute("y1", Number(y1)),
        new XAttribute("x2", Number(x2)),
        new XAttribute("y2", Number(y2)),
        new XAttribute("stroke", stroke)));

    /// <summary>A line through points.</summary>
    public void Polyline(IEnumerable<(double X, double Y)> points, string stroke) => _root.Add(new XElement(
        Svg + "polyline",
        new XAttribute("points", string.Join(' ', points.Select(point => $"{Number(point.X)},{Number(point.Y)}"))),
        new XAttribute("fill", "none"),
        new XAttribute("stroke", stroke)));

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
