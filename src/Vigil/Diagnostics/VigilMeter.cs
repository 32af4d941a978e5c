using System.Diagnostics.Metrics;

namespace Vigil.Diagnostics;

/// <summary>This library's meter. Collectors find it by its name, "Vigil".</summary>
internal static class VigilMeter
{
    public const double NanosecondsPerSecond = 1e9;

    // In seconds. Three a decade, from a callback that does next to nothing to a standstill. By default collectors put everything shorter
    // than five milliseconds (or, with their oldest defaults, five seconds) into one bucket.
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

    private static Meter? _instance;

    // The runtime's first meter notifies event listeners, so it is not made by a static constructor, which others would wait for.
    private static Meter Instance
    {
        get
        {
            if (_instance is null)
            {
                Meter made = NewMeter();
                if (Interlocked.CompareExchange(ref _instance, made, null) is not null)
                {
                    made.Dispose();
                }
            }

            return _instance;
        }
    }

    /// <summary>
    /// Makes an instrument, whatever listeners throw on its publication. If one throws, the instrument may be one without listeners.
    /// </summary>
    public static TInstrument Create<TInstrument>(Func<Meter, TInstrument> create)
        where TInstrument : Instrument
    {
        // Listeners are notified on the thread that happens to be the first, as they are of measurements (Observers).
        using AmbientContext.Scope scope = AmbientContext.EnterScope(context: null, SynchronizationContext.Current);
        try
        {
            return create(Instance);
        }
        catch (Exception exception)
        {
            // The runtime returns no instrument then. One made by a disposed meter is not published.
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
