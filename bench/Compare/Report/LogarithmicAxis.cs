namespace Compare.Report;

/// <summary>The positions of ratios between two edges. 1× is always between them.</summary>
internal sealed class LogarithmicAxis
{
    // The labels of more ticks would overlap.
    private const int MostTicks = 9;

    private readonly double _least;
    private readonly double _most;
    private readonly double _left;
    private readonly double _right;

    private LogarithmicAxis(double least, double most, double left, double right)
    {
        _least = least;
        _most = most;
        _left = left;
        _right = right;
    }

    /// <summary>1, 2 and 5 times each power of ten, or only powers of ten if that would be too many.</summary>
    public IEnumerable<double> Ticks
    {
        get
        {
            double[] fine = [.. TicksBy(1, 2, 5)];
            return fine.Length <= MostTicks ? fine : TicksBy(1);
        }
    }

    public static LogarithmicAxis Over(IEnumerable<double> values, double left, double right)
    {
        double[] all = [.. values, 0.5, 2];
        return new LogarithmicAxis(all.Min() / 1.1, all.Max() * 1.1, left, right);
    }

    public double At(double value) => _left + ((_right - _left) * Math.Log(value / _least) / Math.Log(_most / _least));

    private IEnumerable<double> TicksBy(params double[] steps)
    {
        for (int power = (int)Math.Floor(Math.Log10(_least)); power <= Math.Log10(_most); power++)
        {
            foreach (double tick in steps.Select(step => step * Math.Pow(10, power)).Where(tick => tick >= _least && tick <= _most))
            {
                // Computed powers of ten are not exact, and callers compare with 1.
                yield return Math.Round(tick, 6);
            }
        }
    }
}
