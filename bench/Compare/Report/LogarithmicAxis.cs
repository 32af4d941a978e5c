namespace Compare.Report;

/// <summary>Where ratios lie between two edges. 1× is always among them.</summary>
internal sealed class LogarithmicAxis
{
    // More would be written over each other.
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

    /// <summary>1, 2 and 5 of each power of ten, or powers of ten alone where that would be too many.</summary>
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
                // Powers of ten are not exact, and 1 is looked for.
                yield return Math.Round(tick, 6);
            }
        }
    }
}
