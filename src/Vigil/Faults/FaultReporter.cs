using Vigil.Diagnostics;

namespace Vigil;

/// <summary>Tells users of faults: the trace, the handlers of <see cref="EventManager.FaultReported"/>, and where there are none standard error.</summary>
internal sealed class FaultReporter
{
    private readonly LoopCore _core;
    private readonly Func<EventHandler<FaultReport>?> _handlers;

    /// <param name="core">The loop's.</param>
    /// <param name="handlers">Those who listen now.</param>
    public FaultReporter(LoopCore core, Func<EventHandler<FaultReport>?> handlers)
    {
        _core = core;
        _handlers = handlers;
    }

    /// <summary>Tells whoever listens; otherwise, unless the run is going to throw it, standard error: nothing is swallowed in silence.</summary>
    public void Report(Fault fault)
    {
        var report = new FaultReport(fault);
        if (VigilEventSource.Log.IsEnabled())
        {
            VigilEventSource.Log.Fault(_core.Name, Observers.TextOf(report));
        }

        // Those who listen when it is told: a handler may remove itself.
        EventHandler<FaultReport>? handlers = _handlers();
        if (handlers is null && !report.IsThrown)
        {
            StandardError.WriteLine($"{_core.Name}: {report}");
        }

        foreach (EventHandler<FaultReport> handler in Delegate.EnumerateInvocationList(handlers))
        {
            // Not in the context of whoever has failed, nor of the one before; in the midst of a callback, perhaps, that goes on with its own.
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
