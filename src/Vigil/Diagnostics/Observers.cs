using System.Diagnostics.Metrics;
using Vigil.Timing;

namespace Vigil.Diagnostics;

/// <summary>
/// Tells observers what happens: listeners of the meter, and handlers of reports on other threads than a loop's. It alone decides what becomes of what they throw: a line on standard error.
/// Whoever measures or reports goes on as if nobody had listened, so an observer costs nobody a tick, a callback or a registration. Each begins with the default context, and what it leaves there nobody sees.
/// </summary>
/// <remarks>
/// <para>A <c>MeterListener</c> runs inside <c>Record</c>, on the thread that measures, so every recording of the library's goes through here. What an <c>EventListener</c> throws
/// the runtime keeps to itself (the event source does not ask for <c>ThrowOnEventWriteErrors</c>), so events need not; the event source itself keeps contexts apart.</para>
/// <para>Handlers of <c>FaultReported</c> are no observers: they decide about faults, and what they throw ends the run (docs/errors.md).</para>
/// </remarks>
internal static class Observers
{
    // In nanoseconds. A listener is called for every measurement, and one that throws once may do so a hundred thousand times a second.
    private const long MeasurementInterval = 1_000_000_000;

    private static long _nextLineAt;
    private static long _leftOut;

    /// <summary>Records a measurement, whatever those do who listen. Any thread.</summary>
    public static void Record(Histogram<double> histogram, double value, in KeyValuePair<string, object?> tag)
    {
        using AmbientContext.Scope scope = AmbientContext.EnterScope(context: null, SynchronizationContext.Current);
        try
        {
            histogram.Record(value, tag);
        }
        catch (Exception exception)
        {
            OnListenerThrown(histogram.Name, exception);
        }
    }

    /// <summary>Tells every handler. Where nobody listens, the report is a line on standard error. Any thread.</summary>
    public static void Notify<TReport>(EventHandler<TReport>? handlers, object sender, TReport report)
        where TReport : notnull
    {
        if (handlers is null)
        {
            StandardError.WriteLine($"{report}");
        }

        foreach (EventHandler<TReport> handler in Delegate.EnumerateInvocationList(handlers))
        {
            using AmbientContext.Scope scope = AmbientContext.EnterScope(context: null, SynchronizationContext.Current);
            try
            {
                handler(sender, report);
            }
            catch (Exception exception)
            {
                StandardError.WriteLine($"A handler of a report ({report}) threw: {exception}");
            }
        }
    }

    /// <summary>What a report says; its type's name if it cannot say: a user's exception is in it, whose message is made by the user's code.</summary>
    public static string TextOf(object report)
    {
        try
        {
            return $"{report}";
        }
        catch (Exception exception)
        {
            return $"{report.GetType().Name} ({exception.GetType().Name} when its text was made)";
        }
    }

    /// <summary>A listener of an instrument threw, when it was told of the instrument or of a measurement. Any thread.</summary>
    public static void OnListenerThrown(string instrument, Exception exception)
    {
        long now = MonotonicClock.NowNanoseconds;
        long nextLineAt = Volatile.Read(ref _nextLineAt);
        if (now < nextLineAt || Interlocked.CompareExchange(ref _nextLineAt, now + MeasurementInterval, nextLineAt) != nextLineAt)
        {
            Interlocked.Increment(ref _leftOut);
            return;
        }

        long leftOut = Interlocked.Exchange(ref _leftOut, 0);
        StandardError.WriteLine($"A listener of {instrument} threw, as listeners have {leftOut} times since the last such line: {exception}");
    }
}
