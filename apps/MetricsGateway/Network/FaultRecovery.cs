using Vigil;

namespace MetricsGateway.Network;

/// <summary>
/// Reports faults of the loop, and repairs their effects: under <see cref="FaultPolicy.Detach"/>, an owner that threw was removed from the
/// loop and is handed over.
/// </summary>
/// <param name="listeners">Recover failed listeners.</param>
/// <param name="errors">Receives the reports.</param>
internal sealed class FaultRecovery(ListenerSet listeners, TextWriter errors)
{
    public void OnFault(object? sender, FaultReport report)
    {
        errors.Write(ConsoleText.Fault(report));
        switch (report.Detached)
        {
            case Listener listener:
                listeners.Recover(listener, report.Exception);
                break;
            case IDisposable connection:
                connection.Dispose();
                break;
        }
    }
}
