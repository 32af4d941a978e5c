using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Vigil.Hosting;

/// <summary>
/// Logs what a manager reports, and remembers the slow callbacks for those who ask for its health. Faults come on the loop's thread, slow
/// callbacks on the watchdog's.
/// </summary>
internal sealed class ManagerReports
{
    private readonly ILogger _logger;
    private volatile SlowCallbackReport? _running;
    private volatile SlowCallbackReport? _last;
    private long _lastAt;

    public ManagerReports(ILogger logger) => _logger = logger;

    /// <summary>The callback that is over its budget and has not returned, in words; null if none is known.</summary>
    public string? Hanging => _running is { } report ? NameOf(report) : null;

    /// <summary>The last callback or phase that exceeded its budget, and how long ago that was reported; null if there was none.</summary>
    public (string Name, TimeSpan Age)? LastSlow =>
        _last is { } report ? (NameOf(report), Stopwatch.GetElapsedTime(Interlocked.Read(ref _lastAt))) : null;

    public void ListenTo(EventManager manager)
    {
        manager.FaultReported += (_, report) => OnFault(manager.Name, report);
        manager.SlowCallbackReported += (_, report) => OnSlow(report);
        manager.MailboxFull += (_, report) => HostingLog.MailboxFull(_logger, report);
    }

    private static string NameOf(SlowCallbackReport report)
    {
        string method = report.Method.Length > 0 ? report.Method : $"phase {report.Phase}";
        return report.Event?.Name is { } name ? $"\"{name}\" ({method})" : method;
    }

    // What a run throws is logged when it has ended.
    private void OnFault(string manager, FaultReport report)
    {
        if (report.IsThrown)
        {
            return;
        }

        EventManagerError error = (report.Exception as EventManagerException)?.Error ?? EventManagerError.None;
        if (error is EventManagerError.Spinning or EventManagerError.WorkQueueFull or EventManagerError.LimitReached
            or EventManagerError.SignalsLost)
        {
            HostingLog.LimitReached(_logger, manager, report.ToString());
        }
        else if (report.Origin == FaultOrigin.Registration)
        {
            HostingLog.RegistrationFaulted(_logger, manager, report.ToString());
        }
        else if (report.Detached is not null)
        {
            HostingLog.Detached(_logger, manager, report.ToString(), report.Exception);
        }
        else
        {
            HostingLog.Faulted(_logger, manager, report.ToString(), report.Exception);
        }
    }

    private void OnSlow(SlowCallbackReport report)
    {
        _last = report;
        Interlocked.Exchange(ref _lastAt, Stopwatch.GetTimestamp());
        switch (report.Kind)
        {
            case SlowCallbackKind.Running:
                _running = report;
                HostingLog.SlowCallback(_logger, report);
                break;
            case SlowCallbackKind.Ended:
                _running = null;
                HostingLog.SlowCallbackEnded(_logger, report);
                break;
            case SlowCallbackKind.PhaseRunning:
                HostingLog.SlowPhase(_logger, report);
                break;
            default:
                HostingLog.SlowPhaseEnded(_logger, report);
                break;
        }
    }
}
