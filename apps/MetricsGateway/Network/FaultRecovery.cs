using Vigil;

namespace MetricsGateway.Network;

/// <summary>
/// Reports what went wrong on the loop, and puts right what it left: under <see cref="FaultPolicy.Detach"/>, whoever threw was
/// taken off the loop and is handed over.
/// </summary>
/// <param name="listeners">Have listeners go on.</param>
/// <param name="errors">Where it is reported.</param>
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
