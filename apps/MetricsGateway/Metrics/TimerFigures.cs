namespace MetricsGateway.Metrics;

/// <summary>A percentile that has samples.</summary>
/// <param name="Index">Its index in the list of percentiles.</param>
/// <param name="Statistics">Its values.</param>
internal readonly record struct PercentileFigures(int Index, PercentileStatistics Statistics);

/// <summary>All figures of a timer in a flush, computed once for all back ends. One object is reused for all timers.</summary>
/// <param name="percentiles">The percentiles to compute.</param>
/// <param name="histograms">The bins to count.</param>
internal sealed class TimerFigures(PercentileList percentiles, HistogramRules histograms)
{
    private readonly PercentileFigures[] _parts = new PercentileFigures[percentiles.Items.Count];
    private readonly double[] _binCounts = new double[HistogramRules.MaxCount];
    private int _partCount;

    /// <summary>Nothing has arrived. Count and rate are 0 then, and there are no other figures.</summary>
    public bool IsIdle { get; private set; }

    public double Count { get; private set; }

    public double CountPerSecond { get; private set; }

    public double Sum { get; private set; }

    public double Mean { get; private set; }

    public double Lower { get; private set; }

    public double Upper { get; private set; }

    public double Median { get; private set; }

    public double StandardDeviation { get; private set; }

    public ReadOnlySpan<PercentileFigures> Percentiles => _parts.AsSpan(0, _partCount);

    /// <summary>Null if the timer has no histogram.</summary>
    public HistogramBins? Bins { get; private set; }

    /// <summary>The number of samples in each bin.</summary>
    public ReadOnlySpan<double> BinCounts => _binCounts.AsSpan(0, Bins?.Limits.Length ?? 0);

    /// <param name="key">The timer's name.</param>
    /// <param name="timer">Its interval, or null if it had none. The samples are sorted in place.</param>
    /// <param name="seconds">The length of the interval.</param>
    public void Compute(ReadOnlySpan<byte> key, TimerInterval? timer, double seconds)
    {
        IsIdle = timer is null or { IsIdle: true };
        Count = timer?.Count ?? 0;
        CountPerSecond = seconds > 0 ? Saturated.Limit(Count / seconds) : 0;
        _partCount = 0;
        Bins = null;
        if (timer is null or { IsIdle: true })
        {
            return;
        }

        TimerStatistics statistics = new(timer);
        Sum = timer.Sum;
        Mean = statistics.Mean;
        Lower = timer.Minimum;
        Upper = timer.Maximum;
        Median = statistics.Median;
        StandardDeviation = statistics.StandardDeviation;
        for (int i = 0; i < percentiles.Items.Count; i++)
        {
            if (statistics.TryGet(percentiles.Items[i], out PercentileStatistics part))
            {
                _parts[_partCount++] = new PercentileFigures(i, part);
            }
        }

        Bins = histograms.Find(key);
        if (Bins is not null)
        {
            statistics.CountBins(Bins.Limits, _binCounts);
        }
    }
}
