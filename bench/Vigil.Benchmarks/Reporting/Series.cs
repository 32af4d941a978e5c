namespace Vigil.Benchmarks.Reporting;

/// <summary>The values of a case's rounds. The median is used, so that one disturbed round does not count.</summary>
internal sealed class Series
{
    private readonly double[] _ascending;

    public Series(IEnumerable<double> values)
    {
        _ascending = [.. values.Order()];
    }

    public double Min => _ascending[0];

    public double Max => _ascending[^1];

    /// <summary>The value below which a share of the values lies.</summary>
    /// <param name="share">From 0 to 1.</param>
    public double Quantile(double share) => _ascending[(int)(share * (_ascending.Length - 1))];

    public double Median => (_ascending[(_ascending.Length - 1) / 2] + _ascending[_ascending.Length / 2]) / 2;
}
