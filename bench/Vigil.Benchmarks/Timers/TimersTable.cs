using Vigil.Benchmarks.Reporting;

namespace Vigil.Benchmarks.Timers;

/// <summary>The results as a Markdown table. A side that has no counterpart is a dash.</summary>
internal sealed class TimersTable
{
    private readonly List<string> _lines =
    [
        "| case | raw C | Vigil | min–max | `Timer` | `PeriodicTimer` | budget | kept |",
        "| --- | --: | --: | --: | --: | --: | --- | --- |",
    ];

    public IEnumerable<string> Lines => _lines;

    /// <param name="name">The case.</param>
    /// <param name="unit">The unit of the figures, for instance "ns".</param>
    /// <param name="native">The C driver's figures.</param>
    /// <param name="vigil">Vigil's.</param>
    /// <param name="timer">Those of <see cref="System.Threading.Timer"/>.</param>
    /// <param name="periodicTimer">Those of <see cref="PeriodicTimer"/>.</param>
    /// <param name="budget">The limit of Vigil's median.</param>
    public void Add(
        string name,
        string unit,
        Series? native,
        Series vigil,
        Series? timer,
        Series? periodicTimer = null,
        double? budget = null)
    {
        string verdict = budget is null ? "–" : vigil.Median <= budget ? "yes" : "**no**";
        string limit = budget is null ? "–" : $"≤ {Number(budget.Value)} {unit}";
        _lines.Add(
            $"| {name} | {Cell(native)} | {Cell(vigil)} | {Number(vigil.Min)}–{Number(vigil.Max)} | {Cell(timer)} | "
                + $"{Cell(periodicTimer)} | {limit} | {verdict} |");

        string Cell(Series? series) => series is null || double.IsNaN(series.Median) ? "–" : $"{Number(series.Median)} {unit}";
    }

    private static string Number(double value) => value.ToString(value < 10 ? "0.###" : "0.#");
}
