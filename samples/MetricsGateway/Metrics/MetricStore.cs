using MetricsGateway.Configuration;

namespace MetricsGateway.Metrics;

/// <summary>Everything that was received, by kind and series.</summary>
internal sealed class MetricStore
{
    private readonly Quota _names;
    private readonly Quota _setValues;
    private readonly Quota _timerSamples;
    private int _samplesOfOne;

    /// <param name="options">How much is kept, and what becomes of series that nothing arrives for.</param>
    public MetricStore(GatewayOptions options)
    {
        Random random = new();
        _names = new Quota(options.MaxNames);
        _setValues = new Quota(options.MaxSetValues);
        _timerSamples = new Quota(options.MaxTimerSamples);
        Counters = new SeriesTable<Counter>(_names, static () => new Counter());
        Gauges = new SeriesTable<Gauge>(_names, static () => new Gauge());
        Timers = new SeriesTable<TimerSummary>(_names, () => new TimerSummary(new SampleReservoir(_samplesOfOne, _timerSamples, random)));
        Sets = new SeriesTable<UniqueSet>(_names, () => new UniqueSet(_setValues));
        Apply(options);
    }

    public SeriesTable<Counter> Counters { get; }

    public SeriesTable<Gauge> Gauges { get; }

    /// <summary>Timers, histograms and distributions: all three are streams of samples.</summary>
    public SeriesTable<TimerSummary> Timers { get; }

    public SeriesTable<UniqueSet> Sets { get; }

    public int NameCount => _names.Used;

    public int SetValueCount => _setValues.Used;

    /// <summary>How many samples of timers there is room for, beyond the few that each has anyway.</summary>
    public int TimerSampleCount => _timerSamples.Used;

    /// <summary>Takes over what the options say of it. What is kept already stays, also where it is more than may be now.</summary>
    public void Apply(GatewayOptions options)
    {
        _names.Maximum = options.MaxNames;
        _setValues.Maximum = options.MaxSetValues;
        _timerSamples.Maximum = options.MaxTimerSamples;
        Counters.DeletesIdle = options.DeleteCounters;
        Gauges.DeletesIdle = options.DeleteGauges;
        Timers.DeletesIdle = options.DeleteTimers;
        Sets.DeletesIdle = options.DeleteSets;
        if (_samplesOfOne != options.TimerSamples)
        {
            _samplesOfOne = options.TimerSamples;
            foreach ((_, TimerSummary timer) in Timers)
            {
                timer.Samples.Maximum = _samplesOfOne;
            }
        }
    }

    /// <summary>Begins the next interval for every series, and deletes those that are to be deleted because nothing arrived for them.</summary>
    public void BeginInterval()
    {
        Counters.BeginInterval();
        Gauges.BeginInterval();
        Timers.BeginInterval();
        Sets.BeginInterval();
    }
}
