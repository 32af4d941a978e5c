namespace MetricsGateway.Metrics;

internal sealed class Counter : ISeries
{
    /// <summary>The sum of all values of the interval, each scaled up by what sampling left out.</summary>
    public double Value { get; private set; }

    public bool IsIdle { get; private set; } = true;

    public void Add(double value, double sampleRate)
    {
        Value = Saturated.Add(Value, value / sampleRate);
        IsIdle = false;
    }

    public void BeginInterval()
    {
        Value = 0;
        IsIdle = true;
    }

    public void Release()
    {
    }
}

internal sealed class Gauge : ISeries
{
    /// <summary>What was set last, in whichever interval.</summary>
    public double Value { get; private set; }

    public bool IsIdle { get; private set; } = true;

    public void Set(double value)
    {
        Value = value;
        IsIdle = false;
    }

    public void Change(double difference) => Set(Saturated.Add(Value, difference));

    public void BeginInterval() => IsIdle = true;

    public void Release()
    {
    }
}

/// <summary>The samples of an interval: count, sum and bounds of all of them, and a bounded number of the samples themselves.</summary>
internal sealed class TimerSummary(SampleReservoir samples) : ISeries
{
    /// <summary>How many samples there were at the sender; as in statsd, each received one stands for 1/rate.</summary>
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

    public void BeginInterval()
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

internal sealed class UniqueSet : ISeries
{
    private readonly HashSet<byte[]> _values = new(Utf8Comparer.Instance);
    private readonly HashSet<byte[]>.AlternateLookup<ReadOnlySpan<byte>> _bySpan;
    private readonly Quota _quota;

    public UniqueSet(Quota quota)
    {
        _bySpan = _values.GetAlternateLookup<ReadOnlySpan<byte>>();
        _quota = quota;
    }

    public int Count => _values.Count;

    public bool IsIdle => _values.Count == 0;

    /// <returns>False if the value is new and the limit of values is reached.</returns>
    public bool TryAdd(ReadOnlySpan<byte> value)
    {
        if (_bySpan.Contains(value))
        {
            return true;
        }

        return _quota.TryTake() && _bySpan.Add(value);
    }

    public void BeginInterval()
    {
        int count = _values.Count;
        Release();

        // The table that held many values once is memory that no quota counts any more.
        if (_values.Capacity > 4 * Math.Max(count, 4))
        {
            _values.TrimExcess(count);
        }
    }

    public void Release()
    {
        _quota.Return(_values.Count);
        _values.Clear();
    }
}
