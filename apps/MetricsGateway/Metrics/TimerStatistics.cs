namespace MetricsGateway.Metrics;

/// <summary>A part of a timer's samples, and statsd's figures of it.</summary>
/// <param name="Count">The number of received samples in it.</param>
/// <param name="Bound">The sample at which it ends: the largest, or the smallest of a part that counts from the top.</param>
/// <param name="Sum">The sum of its samples.</param>
/// <param name="Mean">The mean of its samples.</param>
internal readonly record struct PercentileStatistics(double Count, double Bound, double Sum, double Mean);

/// <summary>
/// statsd's figures of a timer's interval that is not idle. All are exact while every sample was kept. Otherwise the median, the
/// standard deviation and the percentiles are estimates from the chosen samples, and the rest stays exact.
/// </summary>
internal readonly ref struct TimerStatistics
{
    private readonly ReadOnlySpan<double> _sorted;
    private readonly long _received;
    private readonly bool _isComplete;

    /// <param name="timer">A timer that is not idle; the samples that it keeps are sorted.</param>
    public TimerStatistics(TimerInterval timer)
    {
        Span<double> samples = timer.Samples.Kept;
        samples.Sort();
        _sorted = samples;
        _received = timer.Samples.Received;
        _isComplete = timer.Samples.IsComplete;
        Mean = timer.Sum / _received;
    }

    public double Mean { get; }

    public double Median
    {
        get
        {
            int middle = _sorted.Length / 2;
            return _sorted.Length % 2 == 1 ? _sorted[middle] : (_sorted[middle - 1] / 2) + (_sorted[middle] / 2);
        }
    }

    /// <summary>Of the samples themselves, not an estimate for a larger population, as in statsd.</summary>
    public double StandardDeviation
    {
        get
        {
            double squares = SquaresOfDifferences(1);
            if (double.IsNormal(squares))
            {
                return Math.Sqrt(squares / _sorted.Length);
            }

            // Squares of very large differences are infinite, those of very small ones 0: so they are scaled by the largest.
            double largest = Math.Max(Saturated.Limit(_sorted[^1] - Mean), Saturated.Limit(Mean - _sorted[0]));
            return largest == 0 ? 0 : Saturated.Limit(Math.Sqrt(SquaresOfDifferences(largest) / _sorted.Length) * largest);
        }
    }

    /// <returns>False if the part is so small that no sample belongs to it.</returns>
    public bool TryGet(Percentile percentile, out PercentileStatistics statistics)
    {
        int count = (int)percentile.CountOf(_sorted.Length);
        statistics = default;
        if (count == 0)
        {
            return false;
        }

        ReadOnlySpan<double> part = percentile.IsTop ? _sorted[^count..] : _sorted[..count];
        double sum = 0;
        foreach (double sample in part)
        {
            sum = Saturated.Add(sum, sample);
        }

        double mean = sum / count;
        double bound = percentile.IsTop ? part[0] : part[^1];
        long received = percentile.CountOf(_received);
        statistics = new PercentileStatistics(received, bound, _isComplete ? sum : Saturated.Limit(mean * received), mean);
        return true;
    }

    /// <summary>
    /// Counts the samples in each bin: below its limit, and not below the previous one. If not every sample was kept, all received samples
    /// are divided among the bins in the proportions of the kept ones.
    /// </summary>
    public void CountBins(ReadOnlySpan<double> limits, Span<double> counts)
    {
        int begin = 0;
        for (int i = 0; i < limits.Length; i++)
        {
            int count = 0;
            ReadOnlySpan<double> rest = _sorted[begin..];
            while (count < rest.Length && rest[count] < limits[i])
            {
                count++;
            }

            begin += count;
            counts[i] = _isComplete ? count : Math.Round((double)count * _received / _sorted.Length);
        }
    }

    private double SquaresOfDifferences(double unit)
    {
        double squares = 0;
        foreach (double sample in _sorted)
        {
            double difference = Saturated.Limit(sample - Mean) / unit;
            squares += difference * difference;
        }

        return squares;
    }
}
