using System.Diagnostics.Metrics;

namespace Vigil.Diagnostics;

/// <summary>The process's meter of this library. Collectors find it by its name, "Vigil".</summary>
internal static class VigilMeter
{
    public const double NanosecondsPerSecond = 1e9;

    // In seconds. Three for each power of ten, from a callback that does next to nothing to a standstill. Collectors that are not told
    // otherwise put all that takes less than five milliseconds (or, with their oldest defaults, five seconds) into one bucket.
    private static readonly InstrumentAdvice<double> Buckets = new()
    {
        HistogramBucketBoundaries =
        [
            0.000_001, 0.000_002_5, 0.000_005,
            0.000_01, 0.000_025, 0.000_05,
            0.000_1, 0.000_25, 0.000_5,
            0.001, 0.002_5, 0.005,
            0.01, 0.025, 0.05,
            0.1, 0.25, 0.5,
            1, 2.5, 5, 10,
        ],
    };

    private static readonly Meter Instance = NewMeter();

    /// <summary>Makes an instrument, whatever those do who are told of it. Where one throws, it may be one that nobody listens to.</summary>
    public static TInstrument Create<TInstrument>(Func<Meter, TInstrument> create)
        where TInstrument : Instrument
    {
        try
        {
            return create(Instance);
        }
        catch (Exception exception)
        {
            // The runtime gives no instrument then. Of one that a disposed meter makes nobody is told.
            Meter unseen = NewMeter();
            unseen.Dispose();
            TInstrument instrument = create(unseen);
            Observers.OnListenerThrown(instrument.Name, exception);
            return instrument;
        }
    }

    /// <summary>A histogram of durations in seconds, with buckets that suit a loop.</summary>
    public static Histogram<double> CreateDurations(string name, string description) =>
        Create(meter => meter.CreateHistogram(name, "s", description, tags: null, Buckets));

    private static Meter NewMeter() => new("Vigil", typeof(VigilMeter).Assembly.GetName().Version?.ToString());
}
