using MetricsGateway.Configuration;

namespace MetricsGateway.Metrics;

/// <summary>All received metrics, by kind and series.</summary>
internal sealed class MetricStore
{
    private readonly StoreHalf _half = new();
    private readonly Quota _names;
    private readonly Quota _nameBytes;
    private readonly Quota[] _setValues;
    private readonly Quota[] _timerSamples;
    private readonly SampleLimit _samplesOfOne;

    /// <param name="options">The limits, and whether idle series are deleted.</param>
    public MetricStore(GatewayOptions options)
    {
        Random[] random = [new(), new()];
        _samplesOfOne = new SampleLimit(options.TimerSamples);
        _names = new Quota(options.MaxNames);
        _nameBytes = new Quota(options.MaxNameBytes);

        // One quota per half: a worker that empties its half returns to that half's quota.
        _setValues = [new Quota(options.MaxSetValues), new Quota(options.MaxSetValues)];
        _timerSamples = [new Quota(options.MaxTimerSamples), new Quota(options.MaxTimerSamples)];
        Func<int, TimerInterval> createTimer = half => new TimerInterval(
            new SampleReservoir(_samplesOfOne, _timerSamples[half], random[half]));
        Func<int, UniqueValues> createSet = half => new UniqueValues(_setValues[half]);
        Counters = new SeriesTable<Counter>(_names, _nameBytes, _half, key => new Counter(_half) { Key = key }, OwnCounters.All);
        Gauges = new SeriesTable<Gauge>(_names, _nameBytes, _half, key => new Gauge(_half) { Key = key });
        Timers = new SeriesTable<TimerSummary>(_names, _nameBytes, _half, key => new TimerSummary(_half, createTimer) { Key = key });
        Sets = new SeriesTable<UniqueSet>(_names, _nameBytes, _half, key => new UniqueSet(_half, createSet) { Key = key });
        Apply(options);
    }

    public SeriesTable<Counter> Counters { get; }

    public SeriesTable<Gauge> Gauges { get; }

    /// <summary>Timers, histograms and distributions: all three are streams of samples.</summary>
    public SeriesTable<TimerSummary> Timers { get; }

    public SeriesTable<UniqueSet> Sets { get; }

    public int NameCount => _names.Used;

    /// <summary>The length of all keys together.</summary>
    public int NameByteCount => _nameBytes.Used;

    /// <summary>In the current interval.</summary>
    public int SetValueCount => _setValues[_half.Current].Used;

    /// <summary>Whether a new value of a set would be accepted in the current interval.</summary>
    public bool TakesSetValues => _setValues[_half.Current].HasRoom;

    /// <summary>Room for samples of timers in the current interval, beyond the few that each timer always has.</summary>
    public int TimerSampleCount => _timerSamples[_half.Current].Used;

    /// <summary>Applies the limits of the options. Existing data stays, even if it exceeds them.</summary>
    public void Apply(GatewayOptions options)
    {
        _names.Maximum = options.MaxNames;
        _nameBytes.Maximum = options.MaxNameBytes;
        Array.ForEach(_setValues, quota => quota.Maximum = options.MaxSetValues);
        Array.ForEach(_timerSamples, quota => quota.Maximum = options.MaxTimerSamples);
        Counters.DeletesIdle = options.DeleteCounters;
        Gauges.DeletesIdle = options.DeleteGauges;
        Timers.DeletesIdle = options.DeleteTimers;
        Sets.DeletesIdle = options.DeleteSets;
        _samplesOfOne.Maximum = options.TimerSamples;
    }

    /// <summary>
    /// Begins the next interval, in the same short time for any number of series. The data of the previous one belongs to one worker until
    /// <see cref="EndSnapshot"/>. The worker must empty it before that, and the next interval must not end before.
    /// </summary>
    public StoreSnapshot BeginInterval()
    {
        _half.Swap();
        return new StoreSnapshot(Counters.TakeSnapshot(), Gauges.TakeSnapshot(), Timers.TakeSnapshot(), Sets.TakeSnapshot());
    }

    /// <summary>Undoes the last <see cref="BeginInterval"/>, because no worker took the snapshot. The interval continues with all of its
    /// data.</summary>
    public void ResumeInterval()
    {
        EndSnapshot();
        _half.SwapBack();
    }

    /// <summary>No worker uses the snapshot any more. Now the series that it found idle may be deleted, and those that were deleted
    /// meanwhile may be released.</summary>
    public void EndSnapshot()
    {
        Counters.EndSnapshot();
        Gauges.EndSnapshot();
        Timers.EndSnapshot();
        Sets.EndSnapshot();
    }

    /// <summary>Releases the series that were deleted while a worker used the snapshot, one after the other.</summary>
    public IEnumerable<int> ReleaseDeleted() => Counters.ReleaseDeleted()
        .Concat(Gauges.ReleaseDeleted())
        .Concat(Timers.ReleaseDeleted())
        .Concat(Sets.ReleaseDeleted());
}
