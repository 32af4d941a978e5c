using Vigil;

namespace MetricsGateway.Network;

/// <summary>
/// Reports what went wrong on the loop, and puts right what it left: under <see cref="FaultPolicy.Detach"/>, whoever threw was
/// taken off the loop and is handed over.
/// </summary>
internal sealed class FaultRecovery(EventManager manager, TextWriter errors)
{
    public void OnFault(object? sender, FaultReport report)
    {
        errors.Write(ConsoleText.Fault(report));
        switch (report.Detached)
        {
            case StreamConnection connection:
                connection.Dispose();
                break;

            // What a listener was given is used up, so going on does not repeat it; but if its socket fails, it would fail for ever.
            case { } listener when report.Exception is not EventManagerException:
                manager.AddSubscriber(listener);
                break;
            case IDisposable listener:
                listener.Dispose();
                break;
        }
    }
}
