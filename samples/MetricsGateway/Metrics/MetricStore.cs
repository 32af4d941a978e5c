namespace MetricsGateway.Metrics;

/// <summary>Everything that was received, by kind and series.</summary>
internal sealed class MetricStore
{
    private readonly Quota _names;
    private readonly Quota _setValues;

    /// <param name="maxNames">How many series, of all kinds together, are kept.</param>
    /// <param name="maxSetValues">How many values, in all sets together, are kept.</param>
    public MetricStore(int maxNames, int maxSetValues)
    {
        _names = new Quota(maxNames);
        _setValues = new Quota(maxSetValues);
        Counters = new SeriesTable<Counter>(_names, static () => new Counter());
        Gauges = new SeriesTable<Gauge>(_names, static () => new Gauge());
        Timers = new SeriesTable<TimerSummary>(_names, static () => new TimerSummary());
        Sets = new SeriesTable<UniqueSet>(_names, () => new UniqueSet(_setValues));
    }

    public SeriesTable<Counter> Counters { get; }

    public SeriesTable<Gauge> Gauges { get; }

    /// <summary>Timers, histograms and distributions: all three are streams of samples.</summary>
    public SeriesTable<TimerSummary> Timers { get; }

    public SeriesTable<UniqueSet> Sets { get; }

    public int NameCount => _names.Used;

    public int SetValueCount => _setValues.Used;
}
