using System.Runtime.ExceptionServices;

namespace Vigil;

/// <summary>Takes what callbacks throw and deals with it as the policy says, when the iteration is over.</summary>
internal sealed class FaultSink
{
    private readonly EventManager _manager;
    private readonly FaultPolicy _policy;
    private List<Exception>? _pending;

    public FaultSink(EventManager manager, FaultPolicy policy)
    {
        _manager = manager;
        _policy = policy;
    }

    /// <summary>Whether offenders are to be removed. Their removal is the caller's business, before it reports.</summary>
    public bool Detaches => _policy == FaultPolicy.Detach;

    public bool Throws => _policy == FaultPolicy.Throw;

    /// <summary>A callback threw.</summary>
    public void OnThrown(FaultReport report)
    {
        if (report.IsThrown)
        {
            (_pending ??= []).Add(report.Exception);
        }

        Report(report);
    }

    /// <summary>A callback without an owner that could be removed threw.</summary>
    public void OnThrown(FaultOrigin origin, Exception exception) => OnThrown(new FaultReport(origin, exception) { IsThrown = Throws });

    /// <summary>
    /// Tells whoever listens; otherwise, unless the run is going to throw it, standard error: nothing is swallowed in silence.
    /// A listener that throws ends the run, whatever the policy: there is nobody left to tell.
    /// </summary>
    public void Report(FaultReport report)
    {
        try
        {
            if (!_manager.RaiseFaultReported(report) && !report.IsThrown)
            {
                WriteLine(report);
            }
        }
        catch (Exception exception)
        {
            (_pending ??= []).Add(exception);
        }
    }

    /// <summary>Throws what was collected, with the stack it came from.</summary>
    public void ThrowPending()
    {
        if (_pending is not { } exceptions)
        {
            return;
        }

        _pending = null;
        if (exceptions.Count == 1)
        {
            ExceptionDispatchInfo.Throw(exceptions[0]);
        }

        throw new AggregateException($"{exceptions.Count} callbacks of one iteration threw.", exceptions);
    }

    /// <summary>At disposal: no run is left that could throw what was collected.</summary>
    public void WritePending()
    {
        _pending?.ForEach(WriteLine);
        _pending = null;
    }

    private void WriteLine(object fault) => Console.Error.WriteLine($"{_manager.Name}: {fault}");
}
