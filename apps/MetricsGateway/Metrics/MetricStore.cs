using MetricsGateway.Configuration;

namespace MetricsGateway.Metrics;

/// <summary>Everything that was received, by kind and series.</summary>
internal sealed class MetricStore
{
    private readonly StoreHalf _half = new();
    private readonly Quota _names;
    private readonly Quota _nameBytes;
    private readonly Quota[] _setValues;
    private readonly Quota[] _timerSamples;
    private readonly SampleLimit _samplesOfOne;

    /// <param name="options">How much is kept, and what becomes of series that nothing arrives for.</param>
    public MetricStore(GatewayOptions options)
    {
        Random[] random = [new(), new()];
        _samplesOfOne = new SampleLimit(options.TimerSamples);
        _names = new Quota(options.MaxNames);
        _nameBytes = new Quota(options.MaxNameBytes);

        // One for each half: a worker that empties its half returns to its own.
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

    /// <summary>How long all keys are together.</summary>
    public int NameByteCount => _nameBytes.Used;

    /// <summary>Of the interval that runs.</summary>
    public int SetValueCount => _setValues[_half.Current].Used;

    /// <summary>Whether a new value of a set would be taken in the interval that runs.</summary>
    public bool TakesSetValues => _setValues[_half.Current].HasRoom;

    /// <summary>How many samples of timers there is room for in the interval that runs, beyond the few that each has anyway.</summary>
    public int TimerSampleCount => _timerSamples[_half.Current].Used;

    /// <summary>Takes over what the options say of it. What is kept already stays, also where it is more than may be now.</summary>
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
    /// Begins the next interval, in the same short time for any number of series. What the one before has brought is for one worker, until
    /// <see cref="EndSnapshot"/>; it must have been emptied by then, and the interval must not end before.
    /// </summary>
    public StoreSnapshot BeginInterval()
    {
        _half.Swap();
        return new StoreSnapshot(Counters.TakeSnapshot(), Gauges.TakeSnapshot(), Timers.TakeSnapshot(), Sets.TakeSnapshot());
    }

    /// <summary>Takes the last <see cref="BeginInterval"/> back, because no worker has got the snapshot. The interval goes on with all that
    /// it has brought.</summary>
    public void ResumeInterval()
    {
        EndSnapshot();
        _half.SwapBack();
    }

    /// <summary>No worker looks at the snapshot any more. What it found idle may be deleted now, and what was deleted meanwhile be
    /// released.</summary>
    public void EndSnapshot()
    {
        Counters.EndSnapshot();
        Gauges.EndSnapshot();
        Timers.EndSnapshot();
        Sets.EndSnapshot();
    }

    /// <summary>Releases what was deleted while a worker looked, one series after the other.</summary>
    public IEnumerable<int> ReleaseDeleted() => Counters.ReleaseDeleted()
        .Concat(Gauges.ReleaseDeleted())
        .Concat(Timers.ReleaseDeleted())
        .Concat(Sets.ReleaseDeleted());
}
