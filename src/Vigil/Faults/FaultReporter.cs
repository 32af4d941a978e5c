using Vigil.Diagnostics;

namespace Vigil;

/// <summary>
/// Reports faults to the trace and to the handlers of <see cref="EventManager.FaultReported"/>, or to standard error if there are none.
/// </summary>
internal sealed class FaultReporter
{
    private readonly LoopCore _core;
    private readonly Func<EventHandler<FaultReport>?> _handlers;

    /// <param name="core">The loop.</param>
    /// <param name="handlers">Returns the current handlers.</param>
    public FaultReporter(LoopCore core, Func<EventHandler<FaultReport>?> handlers)
    {
        _core = core;
        _handlers = handlers;
    }

    /// <summary>
    /// Reports to the handlers. If there are none, and the run is not going to throw the exception, writes to standard error: no fault is
    /// lost silently.
    /// </summary>
    public void Report(Fault fault)
    {
        var report = new FaultReport(fault);
        if (VigilEventSource.Log is { } log && log.IsEnabled())
        {
            log.Fault(_core.Name, Observers.TextOf(report));
        }

        // A snapshot of the handlers: a handler may remove itself.
        EventHandler<FaultReport>? handlers = _handlers();
        if (handlers is null && !report.IsThrown)
        {
            StandardError.WriteLine($"{_core.Name}: {report}");
        }

        foreach (EventHandler<FaultReport> handler in Delegate.EnumerateInvocationList(handlers))
        {
            // Handlers run neither in the failing callback's context nor in the previous handler's. The scope restores the thread's
            // contexts, since this may happen in the middle of a callback.
            using AmbientContext.Scope scope = AmbientContext.EnterScope(
                context: null, EventManager.Current == _core.Manager ? _core.Context : SynchronizationContext.Current);
            try
            {
                handler(_core.Manager, report);
            }
            catch (Exception exception)
            {
                _core.Faults.OnHandlerThrown(exception);
            }
        }
    }
}
