using System.Text;
using Vigil.Diagnostics;
using Vigil.Interop;
using Vigil.Threading;

namespace Vigil;

/// <summary>
/// Receives all of a manager's slow-callback reports and passes them to the statistics and to the handlers, or to standard error if there
/// are none.
/// </summary>
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

    /// <param name="core">The loop.</param>
    /// <param name="report">Notifies the handlers.</param>
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
            using (Uninterrupted.Enter(_gate))
            {
                return new SlowCallbackStatistics
                {
                    Callbacks = _callbacks,
                    Phases = _phases,
                    Suppressed = _suppressed,
                    Latest = [.. _latest],
                };
            }
        }
    }

    /// <summary>Counts an overrun. Called once for each.</summary>
    public void Count(bool isPhase, bool isReported)
    {
        _core.Counters.CountOverrun(isPhase);
        using (Uninterrupted.Enter(_gate))
        {
            _callbacks += isPhase ? 0 : 1;
            _phases += isPhase ? 1 : 0;
            _suppressed += isReported ? 0 : 1;
        }
    }

    /// <summary>An overrun counted as not reported is reported after all.</summary>
    public void Uncount()
    {
        using (Uninterrupted.Enter(_gate))
        {
            _suppressed--;
        }
    }

    /// <summary>The only place where reports leave the watchdog, on its thread. Without a handler, a line goes to standard error.</summary>
    public void Report(SlowCallbackReport report)
    {
        using (Uninterrupted.Enter(_gate))
        {
            if (_latest.Count == LatestKept)
            {
                _latest.Dequeue();
            }

            _latest.Enqueue(report);
        }

        if (VigilEventSource.Log is { } log && log.IsEnabled())
        {
            log.SlowCallback(_core.Name, report.ToString());
        }

        _report(report);
    }

    /// <summary>Writes a report to standard error, tells the service manager, and aborts the program.</summary>
    public static void FailFast(string report, ServiceNotifier? notifier)
    {
        // Bypasses the console's buffers and locks: the loop may hang in one.
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

        notifier?.TriggerWatchdog();
        AbortNative.Abort();
    }
}
