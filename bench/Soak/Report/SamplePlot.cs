using System.Globalization;
using System.Xml.Linq;
using Soak.Observation;
using Vigil.Benchmarks.Reporting;

namespace Soak.Report;

/// <summary>Memory, descriptors and threads of both processes over time, in three panels, with the rests shaded.</summary>
internal static class SamplePlot
{
    private const int Width = 860;
    private const int PlotLeft = 60;
    private const int PlotRight = 840;
    private const int Top = 56;
    private const int PanelHeight = 130;
    private const int PanelGap = 40;
    private const string Rest = "#f0f3f6";

    public static XDocument Draw(IReadOnlyList<Sample> samples, IReadOnlyList<(TimeSpan Begin, TimeSpan End)> rests)
    {
        (string Name, Func<Figures, double> Value)[] panels =
        [
            ("resident memory, MiB", figures => figures.ResidentBytes / (double)(1 << 20)),
            ("descriptors", figures => figures.Descriptors),
            ("threads", figures => figures.Threads),
        ];
        const string Title = "Soak: the gateway (blue) and the process that drives everything else (grey)";
        var drawing = new SvgDrawing(Title, Width, Top + (panels.Length * (PanelHeight + PanelGap)) + 10);
        drawing.Text(16, 26, Title, "start", 16);
        double last = samples.Count == 0 ? 1 : Math.Max(samples[^1].Time.TotalMinutes, 1e-3);
        for (int i = 0; i < panels.Length; i++)
        {
            DrawPanel(drawing, panels[i].Name, panels[i].Value, samples, rests, last, Top + (i * (PanelHeight + PanelGap)));
        }

        return drawing.Document;
    }

    private static void DrawPanel(
        SvgDrawing drawing,
        string name,
        Func<Figures, double> value,
        IReadOnlyList<Sample> samples,
        IReadOnlyList<(TimeSpan Begin, TimeSpan End)> rests,
        double last,
        int top)
    {
        double most = samples.SelectMany(sample => (double[])[value(sample.Gateway), value(sample.Soak)]).DefaultIfEmpty(1).Max();
        double step = StepFor(most);
        most = Math.Ceiling(most / step) * step;
        foreach ((TimeSpan begin, TimeSpan end) in rests)
        {
            drawing.Rectangle(At(begin), top, At(end) - At(begin), PanelHeight, Rest);
        }

        for (double tick = 0; tick <= most; tick += step)
        {
            double y = Height(tick);
            drawing.Line(PlotLeft, y, PlotRight, y, SvgDrawing.Faint);
            drawing.Text(PlotLeft - 8, y + 4, tick.ToString("0.##", CultureInfo.InvariantCulture), "end", 11);
        }

        double minutes = StepFor(last);
        for (double tick = 0; tick <= last; tick += minutes)
        {
            drawing.Text(
                At(TimeSpan.FromMinutes(tick)),
                top + PanelHeight + 16,
                $"{tick.ToString("0.##", CultureInfo.InvariantCulture)} min",
                "middle",
                11);
        }

        drawing.Text(PlotLeft, top - 6, name, "start", 12, isBold: true);
        drawing.Polyline(samples.Select(sample => (At(sample.Time), Height(value(sample.Soak)))), SvgDrawing.Theirs);
        drawing.Polyline(samples.Select(sample => (At(sample.Time), Height(value(sample.Gateway)))), SvgDrawing.Ours);

        double At(TimeSpan time) => PlotLeft + ((PlotRight - PlotLeft) * Math.Min(1, time.TotalMinutes / last));

        double Height(double figure) => top + (PanelHeight * (1 - (figure / most)));
    }

    // About five ticks, of 1, 2 or 5 times a power of ten.
    private static double StepFor(double most)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(most / 5)));
        return ((double[])[1, 2, 5, 10]).First(factor => most / (factor * power) <= 6) * power;
    }
}
