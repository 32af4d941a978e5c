using System.Diagnostics.CodeAnalysis;

namespace MetricsGateway.Metrics;

/// <summary>The data under one name, in two halves (<see cref="StoreHalf"/>): one for the current interval, one for the interval that is
/// being reported.</summary>
internal abstract class Series(StoreHalf half)
{
    /// <summary>The name, with its tags.</summary>
    public byte[] Key { get; init; } = [];

    /// <summary>The interval in which it was created (<see cref="StoreHalf.Interval"/>).</summary>
    public long Born { get; } = half.Interval;

    /// <summary>Its place in its table, or -1 if it was deleted.</summary>
    public int Place { get; set; } = -1;

    /// <summary>The key's hash. Kept by the table, as is <see cref="Next"/>.</summary>
    public int Hash { get; set; }

    /// <summary>The place of the next series in its bucket of the table, or -1.</summary>
    public int Next { get; set; } = -1;

    /// <summary>Whether nothing has arrived since the interval began.</summary>
    public bool IsIdle => IsIdleIn(Current);

    protected int Current => half.Current;

    /// <summary>Whether nothing arrived in the interval of a half.</summary>
    public abstract bool IsIdleIn(int half);

    /// <summary>
    /// Prepares a half that was reported for another interval: values per interval start anew, a gauge keeps its value. Called by the owner
    /// of the half.
    /// </summary>
    public abstract void Empty(int half);

    /// <summary>Returns what both halves have taken from quotas, because the series is deleted.</summary>
    public virtual void Release()
    {
    }
}

internal sealed class Counter(StoreHalf half) : Series(half)
{
    private Halves<double> _values;
    private Halves<bool> _isTouched;

    /// <summary>The sum of all values of the interval, each scaled by its sample rate.</summary>
    public double Value => ValueIn(Current);

    public double ValueIn(int half) => _values[half];

    public void Add(double value, double sampleRate)
    {
        int current = Current;
        _values[current] = Saturated.Add(_values[current], value / sampleRate);
        _isTouched[current] = true;
    }

    public override bool IsIdleIn(int half) => !_isTouched[half];

    public override void Empty(int half)
    {
        _values[half] = 0;
        _isTouched[half] = false;
    }
}

/// <summary>The value that was set last, in any interval.</summary>
/// <remarks>
/// The value from before the two kept intervals is the settled one. A worker settles the value of the interval that it has reported: it
/// writes the settled value before it marks the half as empty. The loop reads in the opposite order, so it finds the value in one place or
/// the other.
/// </remarks>
internal sealed class Gauge(StoreHalf half) : Series(half)
{
    private Halves<double> _values;
    private Halves<bool> _isSet;
    private double _settled;

    public double Value
    {
        get
        {
            int current = Current;
            return _isSet[current] ? _values[current] : ValueIn(1 - current);
        }
    }

    /// <summary>The value at the end of the interval of a half that is not the current one.</summary>
    public double ValueIn(int half) => Volatile.Read(ref _isSet[half]) ? _values[half] : Volatile.Read(ref _settled);

    public void Set(double value)
    {
        int current = Current;
        _values[current] = value;
        _isSet[current] = true;
    }

    public void Change(double difference) => Set(Saturated.Add(Value, difference));

    public override bool IsIdleIn(int half) => !_isSet[half];

    public override void Empty(int half)
    {
        if (_isSet[half])
        {
            _settled = _values[half];
            Volatile.Write(ref _isSet[half], value: false);
        }
    }
}

/// <summary>Timers, histograms and distributions: streams of samples.</summary>
/// <param name="half">The half of the current interval.</param>
/// <param name="create">Makes an interval's samples, which draw from the quota of their half.</param>
internal sealed class TimerSummary(StoreHalf half, Func<int, TimerInterval> create) : Series(half)
{
    // Created when something arrives: in a burst of names most series have only one interval.
    private Halves<TimerInterval?> _intervals;

    /// <summary>The samples of the current interval.</summary>
    public TimerInterval Interval => _intervals[Current] ??= create(Current);

    /// <returns>False if nothing has arrived for a long time.</returns>
    public bool TryGetInterval([NotNullWhen(true)] out TimerInterval? interval) => TryGetInterval(Current, out interval);

    public bool TryGetInterval(int half, [NotNullWhen(true)] out TimerInterval? interval)
    {
        interval = _intervals[half];
        return interval is not null;
    }

    public override bool IsIdleIn(int half) => _intervals[half] is not { IsIdle: false };

    public override void Empty(int half) => _intervals[half]?.Clear();

    public override void Release()
    {
        _intervals[0]?.Release();
        _intervals[1]?.Release();
    }
}

/// <summary>Unique values.</summary>
/// <param name="half">The half of the current interval.</param>
/// <param name="create">Makes an interval's values, which draw from the quota of their half.</param>
internal sealed class UniqueSet(StoreHalf half, Func<int, UniqueValues> create) : Series(half)
{
    private Halves<UniqueValues?> _intervals;

    public int Count => CountIn(Current);

    public int CountIn(int half) => _intervals[half]?.Count ?? 0;

    /// <returns>False if the value is new and the limit of values is reached.</returns>
    public bool TryAdd(ReadOnlySpan<byte> value) => (_intervals[Current] ??= create(Current)).TryAdd(value);

    public override bool IsIdleIn(int half) => CountIn(half) == 0;

    public override void Empty(int half) => _intervals[half]?.Clear();

    public override void Release()
    {
        _intervals[0]?.Release();
        _intervals[1]?.Release();
    }
}
