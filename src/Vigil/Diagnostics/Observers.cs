using System.Diagnostics.Metrics;
using Vigil.Timing;

namespace Vigil.Diagnostics;

/// <summary>
/// Calls observers: listeners of the meter, and handlers of reports on threads other than a loop's. Their exceptions become a line on
/// standard error. Whoever measures or reports goes on as if nobody had listened, so an observer costs nobody a tick, a callback or a
/// registration. Each observer begins with the default context, and its changes to the ambient state are undone.
/// </summary>
/// <remarks>
/// <para>A <c>MeterListener</c> runs inside <c>Record</c>, on the measuring thread, so the library records everything through this class.
/// The runtime swallows exceptions of an <c>EventListener</c> (the event source does not set <c>ThrowOnEventWriteErrors</c>), so events
/// need no such care; the event source itself keeps contexts apart.</para>
/// <para>Handlers of <c>FaultReported</c> are not observers: they decide about faults, and their exceptions end the run
/// (docs/errors.md).</para>
/// </remarks>
internal static class Observers
{
    // In nanoseconds. A listener is called for every measurement, and one that throws may do so a hundred thousand times a second.
    private const long MeasurementInterval = 1_000_000_000;

    private static long _nextLineAt;
    private static long _leftOut;

    /// <summary>Records a measurement, whatever listeners throw. Any thread.</summary>
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

    /// <summary>Calls every handler. Without handlers, the report is a line on standard error. Any thread.</summary>
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

    /// <summary>
    /// A report's text. It contains a user's exception, whose code makes the message; if that throws, the name of the report's type.
    /// </summary>
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

    /// <summary>A listener of an instrument threw, on publication of the instrument or on a measurement. Any thread.</summary>
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
        StandardError.WriteLine(
            $"A listener of {instrument} threw, as listeners have {leftOut} times since the last such line: {exception}");
    }
}
