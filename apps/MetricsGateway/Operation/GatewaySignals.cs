using System.Diagnostics;
using MetricsGateway.Network;
using Vigil;

namespace MetricsGateway.Operation;

/// <summary>What each signal makes the gateway do.</summary>
/// <param name="gateway">Does it.</param>
/// <param name="errors">Where it is said which signal cannot be had.</param>
internal sealed class GatewaySignals(Gateway gateway, TextWriter errors)
{
    // A process that a signal ends has this exit code, plus the signal's number, in the eyes of a shell.
    private const int SignalExitCode = 128;

    // One request to stop often comes as several signals within moments: from a terminal to its whole group, from a supervisor to all
    // of a service's processes, passed on by `dotnet run`. A stop that nobody holds up is done before this is over.
    private static readonly TimeSpan OneRequest = TimeSpan.FromSeconds(1);

    private long? _firstRequest;

    /// <summary>Takes the signals over; the loop then hears of them.</summary>
    public void Register(EventManager manager)
    {
        Handle(manager, Signal.SIGHUP, (_, _) => gateway.Reload());
        Handle(manager, Signal.SIGUSR1, (_, _) => gateway.ReportState());
        Handle(manager, Signal.SIGINT, OnStop);
        Handle(manager, Signal.SIGTERM, OnStop);
    }

    private void Handle(EventManager manager, Signal signal, SignalEventCallback callback)
    {
        try
        {
            if (!manager.TryCreateSignalEvent(signal, (source, info) => Run(callback, source, info), out _)
                && signal == Signal.SIGHUP && gateway.HasConfigurationFile)
            {
                // Whoever started the gateway wants it so: a script's & for SIGINT, nohup for SIGHUP.
                errors.Write(ConsoleText.ReloadSignalIgnored);
            }
        }
        catch (EventManagerException exception) when (exception.Error == EventManagerError.SignalBlocked)
        {
            errors.Write(ConsoleText.SignalUnavailable(exception.Message));
        }
    }

    // An event whose callback throws is cancelled, and the signal would have its default effect again: the next SIGHUP would end the
    // process.
    private void Run(SignalEventCallback callback, SignalEvent source, SignalInfo info)
    {
        try
        {
            callback(source, info);
        }
        catch (Exception exception)
        {
            errors.Write(ConsoleText.SignalFailed(info.Signal.ToString(), exception));
        }
    }

    // The first one stops the gateway; whoever sends a second one will not wait any longer.
    private void OnStop(SignalEvent source, SignalInfo info)
    {
        if (_firstRequest is not { } first)
        {
            _firstRequest = Stopwatch.GetTimestamp();
            gateway.BeginStop();
            return;
        }

        TimeSpan sameRequest = OneRequest - Stopwatch.GetElapsedTime(first);
        int exitCode = SignalExitCode + info.Signal.Number;
        if (sameRequest > TimeSpan.Zero)
        {
            source.Manager.CreateTimerEvent(sameRequest, (_, _) => gateway.StopAtOnce(exitCode));
        }
        else
        {
            gateway.StopAtOnce(exitCode);
        }
    }
}
