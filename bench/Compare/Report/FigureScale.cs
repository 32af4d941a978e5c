using Compare.Cases;

namespace Compare.Report;

/// <summary>The unit in which the figures of a row are shown: the same for all, so that they can be compared by eye.</summary>
internal sealed record FigureScale(string Symbol, double Divisor, string? Format = null)
{
    private const double TenMicroseconds = 1e4;
    private const double TenMilliseconds = 1e7;

    /// <param name="unit">The unit of the figures.</param>
    /// <param name="smallest">The smallest median of the row.</param>
    public static FigureScale For(Unit unit, double smallest) => unit switch
    {
        Unit.Nanoseconds when smallest < TenMicroseconds => new FigureScale(" ns", 1),
        Unit.Nanoseconds when smallest < TenMilliseconds => new FigureScale(" µs", 1e3),
        Unit.Nanoseconds => new FigureScale(" ms", 1e6),
        Unit.Bytes => new FigureScale(" B", 1),
        Unit.PerSecond => new FigureScale("/s", 1, "N0"),
        _ => new FigureScale("", 1, "N0"),
    };

    public string Number(double value)
    {
        double scaled = value / Divisor;
        return scaled.ToString(Format ?? (Math.Abs(scaled) < 10 ? "0.##" : Math.Abs(scaled) < 1_000 ? "0.#" : "N0"));
    }

    public string WithUnit(double value) => Number(value) + Symbol;
}
