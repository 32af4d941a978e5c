namespace MetricsGateway.Metrics;

/// <summary>The samples of a timer's interval: count, sum and bounds of all, and a bounded number of the samples themselves.</summary>
internal sealed class TimerInterval(SampleReservoir samples)
{
    /// <summary>The number of samples at the sender; as in statsd, each received one stands for 1/rate.</summary>
    public double Count { get; private set; }

    /// <summary>The sum of the samples received, not scaled.</summary>
    public double Sum { get; private set; }

    public double Minimum { get; private set; } = double.MaxValue;

    public double Maximum { get; private set; } = double.MinValue;

    public double Last { get; private set; }

    public SampleReservoir Samples => samples;

    public bool IsIdle => samples.Received == 0;

    public void Add(double value, double sampleRate)
    {
        Count = Saturated.Add(Count, 1 / sampleRate);
        Sum = Saturated.Add(Sum, value);
        Minimum = Math.Min(Minimum, value);
        Maximum = Math.Max(Maximum, value);
        Last = value;
        samples.Add(value);
    }

    public void Clear()
    {
        Count = 0;
        Sum = 0;
        Minimum = double.MaxValue;
        Maximum = double.MinValue;
        Last = 0;
        samples.Clear();
    }

    public void Release() => samples.Release();
}
