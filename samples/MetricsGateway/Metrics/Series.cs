namespace MetricsGateway.Metrics;

internal sealed class Counter
{
    /// <summary>The sum of all values, each scaled up by what sampling left out.</summary>
    public double Value { get; private set; }

    public void Add(double value, double sampleRate) => Value = Saturated.Add(Value, value / sampleRate);
}

internal sealed class Gauge
{
    public double Value { get; private set; }

    public void Set(double value) => Value = value;

    public void Change(double difference) => Value = Saturated.Add(Value, difference);
}

/// <summary>Samples in constant space.</summary>
internal sealed class TimerSummary
{
    /// <summary>How many samples there were at the sender; as in statsd, each received one stands for 1/rate.</summary>
    public double Count { get; private set; }

    /// <summary>The sum of the samples received, not scaled.</summary>
    public double Sum { get; private set; }

    public double Minimum { get; private set; } = double.MaxValue;

    public double Maximum { get; private set; } = double.MinValue;

    public double Last { get; private set; }

    public void Add(double value, double sampleRate)
    {
        Count = Saturated.Add(Count, 1 / sampleRate);
        Sum = Saturated.Add(Sum, value);
        Minimum = Math.Min(Minimum, value);
        Maximum = Math.Max(Maximum, value);
        Last = value;
    }
}

internal sealed class UniqueSet
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

    /// <returns>False if the value is new and the limit of values is reached.</returns>
    public bool TryAdd(ReadOnlySpan<byte> value)
    {
        if (_bySpan.Contains(value))
        {
            return true;
        }

        return _quota.TryTake() && _bySpan.Add(value);
    }
}

/// <summary>Sums that stop at the largest finite number: an infinity would turn into NaN and could not be written as JSON.</summary>
internal static class Saturated
{
    public static double Add(double sum, double value) => Math.Clamp(sum + value, double.MinValue, double.MaxValue);
}
