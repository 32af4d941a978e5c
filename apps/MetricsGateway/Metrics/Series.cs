using System.Diagnostics.CodeAnalysis;

namespace MetricsGateway.Metrics;

/// <summary>What came under one name, in two halves (<see cref="StoreHalf"/>): of the interval that runs, and of the one that is being
/// told.</summary>
internal abstract class Series(StoreHalf half)
{
    /// <summary>The name, with its tags.</summary>
    public byte[] Key { get; init; } = [];

    /// <summary>The interval that it came in (<see cref="StoreHalf.Interval"/>).</summary>
    public long Born { get; } = half.Interval;

    /// <summary>Where it stands in its table, or -1 if it was deleted.</summary>
    public int Place { get; set; } = -1;

    /// <summary>Of the key. Kept by the table, as is <see cref="Next"/>.</summary>
    public int Hash { get; set; }

    /// <summary>The place of the next one in its bucket of the table, or -1.</summary>
    public int Next { get; set; } = -1;

    /// <summary>Whether nothing has arrived since the interval began.</summary>
    public bool IsIdle => IsIdleIn(Current);

    protected int Current => half.Current;

    /// <summary>Whether nothing has arrived in the interval of a half.</summary>
    public abstract bool IsIdleIn(int half);

    /// <summary>
    /// Makes a half that has been told ready for another interval: what is told by interval starts from nothing, what is not, a gauge,
    /// stays. Called by the owner of the half.
    /// </summary>
    public abstract void Empty(int half);

    /// <summary>Returns what both halves have taken from quotas, because it is deleted.</summary>
    public virtual void Release()
    {
    }
}

internal sealed class Counter(StoreHalf half) : Series(half)
{
    private Halves<double> _values;
    private Halves<bool> _isTouched;

    /// <summary>The sum of all values of the interval, each scaled up by what sampling left out.</summary>
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

/// <summary>What was set last, in whichever interval.</summary>
/// <remarks>
/// The value from before the two intervals that are kept is settled. A worker settles that of the interval that it has told, by writing it
/// before it says that the half holds nothing any more; so the loop, which looks in the opposite order, finds it in one place or the other.
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

    /// <summary>What it was when the interval of a half ended that is not the current one.</summary>
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
/// <param name="half">The half that belongs to the interval that runs.</param>
/// <param name="create">Makes an interval's samples, which draw from the quota of their half.</param>
internal sealed class TimerSummary(StoreHalf half, Func<int, TimerInterval> create) : Series(half)
{
    // Made when something arrives: most series of a burst of names have one interval and no more.
    private Halves<TimerInterval?> _intervals;

    /// <summary>What the interval that runs has brought.</summary>
    public TimerInterval Interval => _intervals[Current] ??= create(Current);

    /// <returns>False if nothing has arrived since long.</returns>
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
/// <param name="half">The half that belongs to the interval that runs.</param>
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
