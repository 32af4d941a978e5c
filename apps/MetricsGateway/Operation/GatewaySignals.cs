using System.Diagnostics;
using MetricsGateway.Network;
using Vigil;

namespace MetricsGateway.Operation;

/// <summary>The gateway's reactions to signals.</summary>
/// <param name="gateway">Carries them out.</param>
/// <param name="errors">Receives a line if a signal cannot be handled.</param>
internal sealed class GatewaySignals(Gateway gateway, TextWriter errors)
{
    // A shell reports this exit code, plus the signal's number, for a process that a signal ended.
    private const int SignalExitCode = 128;

    // One request to stop often comes as several signals within moments: from a terminal to its whole group, from a supervisor to all
    // of a service's processes, passed on by `dotnet run`. A stop that nothing holds up is done before this is over.
    private static readonly TimeSpan OneRequest = TimeSpan.FromSeconds(1);

    private long? _firstRequest;

    /// <summary>Registers the signals, which the loop then handles.</summary>
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
                // The parent ignores it on purpose: a script's & ignores SIGINT, nohup SIGHUP.
                errors.Write(ConsoleText.ReloadSignalIgnored);
            }
        }
        catch (EventManagerException exception) when (exception.Error == EventManagerError.SignalBlocked)
        {
            errors.Write(ConsoleText.SignalUnavailable(exception.Message));
        }
    }

    // An event whose callback throws is cancelled, and the signal would have its default action again: the next SIGHUP would end the
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

    // The first request stops the gateway; a second one means that the sender will not wait any longer.
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
