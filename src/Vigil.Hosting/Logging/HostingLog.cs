using Microsoft.Extensions.Logging;

namespace Vigil.Hosting;

/// <summary>What is logged, one event id for each kind; docs/hosting.md lists them. Nothing is logged while nothing is wrong.</summary>
internal static partial class HostingLog
{
    public const string Category = "Vigil.Hosting";

    [LoggerMessage(1, LogLevel.Information, "{Manager}: the loop runs, with {Subscribers} subscribers")]
    public static partial void Started(ILogger logger, string manager, int subscribers);

    [LoggerMessage(2, LogLevel.Information, "{Manager}: the loop has stopped")]
    public static partial void Stopped(ILogger logger, string manager);

    [LoggerMessage(3, LogLevel.Warning, "{Manager}: the program has stopped or disposed the loop; the host goes on without it")]
    public static partial void StoppedByProgram(ILogger logger, string manager);

    [LoggerMessage(4, LogLevel.Critical, "{Manager}: the run failed; the host stops")]
    public static partial void RunFailed(ILogger logger, string manager, Exception exception);

    [LoggerMessage(5, LogLevel.Error, "{Manager}: the run failed; it is restarted in {Delay}")]
    public static partial void RunRestarts(ILogger logger, string manager, TimeSpan delay, Exception exception);

    [LoggerMessage(6, LogLevel.Error, "{Manager}: the run failed; the manager is disposed, and the host goes on without it")]
    public static partial void RunIgnored(ILogger logger, string manager, Exception exception);

    [LoggerMessage(
        7, LogLevel.Critical, "{Manager}: {Callback} does not return, so the loop cannot be stopped; it is left behind, and not disposed")]
    public static partial void Abandoned(ILogger logger, string manager, string callback);

    [LoggerMessage(8, LogLevel.Warning, "Work was left when the time for draining was over: {Left}")]
    public static partial void NotDrained(ILogger logger, string left);

    [LoggerMessage(9, LogLevel.Warning, "{Pool}: {Count} work items did not run before the end")]
    public static partial void WorkDropped(ILogger logger, string pool, int count);

    [LoggerMessage(10, LogLevel.Error, "{Manager}: {Fault}")]
    public static partial void Faulted(ILogger logger, string manager, string fault, Exception exception);

    [LoggerMessage(11, LogLevel.Error, "{Manager}: {Fault}")]
    public static partial void Detached(ILogger logger, string manager, string fault, Exception exception);

    [LoggerMessage(12, LogLevel.Warning, "{Manager}: {Fault}")]
    public static partial void RegistrationFaulted(ILogger logger, string manager, string fault);

    [LoggerMessage(13, LogLevel.Warning, "{Manager}: {Fault}")]
    public static partial void LimitReached(ILogger logger, string manager, string fault);

    [LoggerMessage(14, LogLevel.Warning, "{Report}")]
    public static partial void MailboxFull(ILogger logger, MailboxFullReport report);

    [LoggerMessage(20, LogLevel.Warning, "{Report}")]
    public static partial void SlowCallback(ILogger logger, SlowCallbackReport report);

    [LoggerMessage(21, LogLevel.Warning, "{Report}")]
    public static partial void SlowCallbackEnded(ILogger logger, SlowCallbackReport report);

    [LoggerMessage(22, LogLevel.Warning, "{Report}")]
    public static partial void SlowPhase(ILogger logger, SlowCallbackReport report);

    [LoggerMessage(23, LogLevel.Warning, "{Report}")]
    public static partial void SlowPhaseEnded(ILogger logger, SlowCallbackReport report);

    [LoggerMessage(30, LogLevel.Warning, "{Report}")]
    public static partial void WorkWaits(ILogger logger, WorkWaitingReport report);

    [LoggerMessage(31, LogLevel.Information, "{Report}")]
    public static partial void WorkWaited(ILogger logger, WorkWaitingReport report);

    [LoggerMessage(40, LogLevel.Information, "{Manager}: changed options are applied")]
    public static partial void OptionsApplied(ILogger logger, string manager);

    [LoggerMessage(41, LogLevel.Warning, "{Manager}: these changed options take effect only after a restart: {Options}")]
    public static partial void OptionsNeedRestart(ILogger logger, string manager, string options);

    [LoggerMessage(42, LogLevel.Error, "{Manager}: changed options are invalid, and those in use stay: {Reason}")]
    public static partial void OptionsInvalid(ILogger logger, string manager, string reason);

    [LoggerMessage(50, LogLevel.Information, "The configuration is reloaded (SIGHUP)")]
    public static partial void Reloaded(ILogger logger);

    [LoggerMessage(51, LogLevel.Error, "The configuration could not be reloaded (SIGHUP)")]
    public static partial void ReloadFailed(ILogger logger, Exception exception);

    [LoggerMessage(52, LogLevel.Warning, "The service manager is not told: {Failure}")]
    public static partial void NotifierFailed(ILogger logger, NotifyFailure failure);
}
