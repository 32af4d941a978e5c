using MetricsGateway.Configuration;

namespace MetricsGateway.Metrics;

/// <summary>Everything that was received, by kind and series.</summary>
internal sealed class MetricStore
{
    private readonly Quota _names;
    private readonly Quota _setValues;
    private readonly Quota _timerSamples;

    /// <param name="options">How much is kept, and what becomes of series that nothing arrives for.</param>
    public MetricStore(GatewayOptions options)
    {
        Random random = new();
        _names = new Quota(options.MaxNames);
        _setValues = new Quota(options.MaxSetValues);
        _timerSamples = new Quota(options.MaxTimerSamples);
        Counters = new SeriesTable<Counter>(_names, options.DeleteCounters, static () => new Counter());
        Gauges = new SeriesTable<Gauge>(_names, options.DeleteGauges, static () => new Gauge());
        Timers = new SeriesTable<TimerSummary>(
            _names, options.DeleteTimers, () => new TimerSummary(new SampleReservoir(options.TimerSamples, _timerSamples, random)));
        Sets = new SeriesTable<UniqueSet>(_names, options.DeleteSets, () => new UniqueSet(_setValues));
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

    /// <summary>Begins the next interval for every series, and deletes those that are to be deleted because nothing arrived for them.</summary>
    public void BeginInterval()
    {
        Counters.BeginInterval();
        Gauges.BeginInterval();
        Timers.BeginInterval();
        Sets.BeginInterval();
    }
}
