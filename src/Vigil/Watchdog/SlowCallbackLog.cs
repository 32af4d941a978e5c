using System.Text;
using Vigil.Diagnostics;
using Vigil.Interop;

namespace Vigil;

/// <summary>Where all reports of slow callbacks of a manager go: to those who listen, to the statistics, and at the end to standard error.</summary>
internal sealed class SlowCallbackLog
{
    private const int LatestKept = 16;
    private const int StandardError = 2;

    private readonly LoopCore _core;
    private readonly Action<SlowCallbackReport> _report;
    private readonly Lock _gate = new();
    private readonly Queue<SlowCallbackReport> _latest = new();
    private long _callbacks;
    private long _phases;
    private long _suppressed;

    /// <param name="core">The loop's.</param>
    /// <param name="report">Tells those who listen.</param>
    public SlowCallbackLog(LoopCore core, Action<SlowCallbackReport> report)
    {
        _core = core;
        _report = report;
    }

    /// <summary>Any thread.</summary>
    public SlowCallbackStatistics Statistics
    {
        get
        {
            lock (_gate)
            {
                return new SlowCallbackStatistics { Callbacks = _callbacks, Phases = _phases, Suppressed = _suppressed, Latest = [.. _latest] };
            }
        }
    }

    /// <summary>Counts something that exceeded its budget, once for each.</summary>
    public void Count(bool isPhase, bool isReported)
    {
        _core.Counters.CountOverrun(isPhase);
        lock (_gate)
        {
            _callbacks += isPhase ? 0 : 1;
            _phases += isPhase ? 1 : 0;
            _suppressed += isReported ? 0 : 1;
        }
    }

    /// <summary>What was counted as not reported is reported after all.</summary>
    public void Uncount()
    {
        lock (_gate)
        {
            _suppressed--;
        }
    }

    /// <summary>The one place where reports leave the watchdog, on its thread. Where nobody listens, a line on standard error.</summary>
    public void Report(SlowCallbackReport report)
    {
        lock (_gate)
        {
            if (_latest.Count == LatestKept)
            {
                _latest.Dequeue();
            }

            _latest.Enqueue(report);
        }

        if (VigilEventSource.Log.IsEnabled())
        {
            VigilEventSource.Log.SlowCallback(_core.Name, report.ToString());
        }

        _report(report);
    }

    /// <summary>Ends the program, with what a report says as its last words.</summary>
    public static void FailFast(string report)
    {
        // Past every buffer and lock of the console's: the loop may hang in one.
        ReadOnlySpan<byte> text = Encoding.UTF8.GetBytes($"{report}. SlowCallbackPolicy.FailFast: the program is aborted.\n");
        while (!text.IsEmpty)
        {
            int written = FileNative.Write(StandardError, text, out _);
            if (written <= 0)
            {
                break;
            }

            text = text[written..];
        }

        AbortNative.Abort();
    }
}
