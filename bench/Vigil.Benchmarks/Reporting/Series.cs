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

    public double Median => (_ascending[(_ascending.Length - 1) / 2] + _ascending[_ascending.Length / 2]) / 2;
}
