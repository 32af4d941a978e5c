using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using MetricsGateway.Configuration;
using MetricsGateway.Interop;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using Vigil;

namespace MetricsGateway;

/// <summary>The texts that the program writes to its console.</summary>
internal static class ConsoleText
{
    private const string ProgramName = "MetricsGateway";

    public static string Version
    {
        get
        {
            string version = typeof(ConsoleText).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
            return $"{ProgramName} {version.Split('+')[0]}\n";
        }
    }

    public static string UsageError(string message) =>
        $"{ProgramName}: {message}\nTry '{ProgramName} --help'.\n";

    // Concatenated without formatting: there may be no descriptor to load another assembly with.
    public static string TooFewDescriptors(ulong limit) =>
        ProgramName + ": the limit of open files is " + limit.ToString(CultureInfo.InvariantCulture)
        + "; at least " + DescriptorLimit.Minimum.ToString(CultureInfo.InvariantCulture) + " are needed (ulimit -n, LimitNOFILE=)\n";

    public static string TooFewThreads =>
        StartError(
            "a thread could not be started: the limit of threads is reached (ulimit -u, TasksMax=, pids.max of a control group), or "
                + "there is no memory for its stack");

    public static string StartError(string message) => $"{ProgramName}: {message}\n";

    /// <param name="option">The listener's option, such as "statsd-udp".</param>
    /// <param name="place">The bound address and port, or the path of the socket.</param>
    public static string Listening(string option, string place) => $"{option} listens on {place}\n";

    /// <summary>
    /// A fault while the gateway runs: one line, and for a bug the stack trace below it. A refusal by the kernel is not a bug.
    /// </summary>
    public static string Fault(FaultReport report)
    {
        string? trace = report.Exception is EventManagerException ? null : report.Exception.StackTrace;
        return string.IsNullOrEmpty(trace) ? Line(report.ToString()) : Line($"{report}\n{trace}");
    }

    /// <summary>A listener's socket is closed because it keeps failing.</summary>
    public static string ListenerFailed(string option, string place, string reason) =>
        Line($"{option} does not listen on {place}: {reason.TrimEnd('.')}; it will be reopened");

    public static string ListenerBack(string option, string place) => Line($"{option} listens on {place} again");

    /// <summary>Standard output is gone, and the gateway goes on without it.</summary>
    public static string ReportsEnd(string reason) => Line($"nothing is reported any more: cannot write to standard output: {reason}");

    public static string MessagesLost(long count) =>
        Line($"{count} messages were lost here: standard error was not read, or could not be written");

    /// <summary>Standard output cannot be written at the start.</summary>
    public static string OutputFails(string reason) => Line($"cannot write to standard output: {reason}");

    /// <summary>A line for the operator.</summary>
    public static string Line(string text) => $"{ProgramName}: {text}\n";

    public static string NothingToReload => $"nothing to reload: started without --{CommandLine.ConfigName}";

    public static string NoReloadAtEnd => "not reloaded: the gateway is stopping";

    /// <summary>A bug after the point of no return.</summary>
    public static string ReloadBroken(Exception exception) =>
        $"reloaded in part only, because of a bug; reload again, or restart the gateway: {exception}";

    public static string ReloadRefused(string reason) => $"not reloaded, everything stays as it was: {reason}";

    public static string Reloaded(string path, string changes) => $"reloaded {path}: {changes}";

    /// <summary>The changes of a reload.</summary>
    /// <param name="difference">The options that differ.</param>
    /// <param name="places">Where the gateway listens now.</param>
    /// <param name="kept">The number of connections that were kept.</param>
    /// <param name="closed">The number of connections that ended with their listener.</param>
    public static string Changes(OptionsDifference difference, IEnumerable<(string Option, string Place)> places, int kept, int closed)
    {
        if (difference.Changes.Count == 0)
        {
            return "nothing changed";
        }

        Dictionary<string, string> taken = places
            .GroupBy(place => place.Option, place => place.Place, StringComparer.Ordinal)
            .ToDictionary(option => option.Key, option => string.Join(',', option), StringComparer.Ordinal);
        IEnumerable<string> changes = difference.Changes
            .Select(change => $"{change.Name} {change.Before} → {taken.GetValueOrDefault(change.Name, change.After)}");
        string ends = closed == 0 ? string.Empty : $", {closed} closed";
        return $"{string.Join("; ", changes)}; {kept} connection{(kept == 1 ? string.Empty : "s")} kept{ends}";
    }

    public static string WatchFailed(string reason) =>
        Line($"the configuration file is not watched, so only SIGHUP reloads it: {reason.TrimEnd('.')}; retrying");

    public static string WatchBack => Line("the configuration file is watched again");

    public static string WatchThrew(Exception exception) => Line($"reloading the changed configuration file failed: {exception}");

    public static string ReloadSignalIgnored => Line("SIGHUP is ignored (nohup), so it does not reload the configuration");

    public static string SignalUnavailable(string reason) => Line($"a signal cannot be handled: {reason}");

    /// <summary>A bug: the signal's action failed; the next signal is handled normally.</summary>
    public static string SignalFailed(string signal, Exception exception) => Line($"handling {signal} failed: {exception}");

    /// <param name="description">Lines that describe the gateway's state.</param>
    public static string State(string description) => $"{ProgramName}: state\n{description}";

    public static string ReceptionCut => Line("stopping: not everything that had arrived was received, because senders did not pause");

    public static string StopFailed(Exception exception) => Line($"stopping failed, so not everything that was left is told: {exception}");

    /// <summary>The shutdown has exceeded its time limit.</summary>
    /// <param name="timeout">The limit.</param>
    /// <param name="left">What was not finished.</param>
    public static string StopTimedOut(TimeSpan timeout, IEnumerable<string> left)
    {
        string text = string.Join("; ", left);
        return Line($"stopped after {DurationText.Format(timeout)} (--stop-timeout){(text.Length == 0 ? string.Empty : ": ")}{text}");
    }

    public static string LeftAtStop(IEnumerable<string> left) => Line($"stopped: {string.Join("; ", left)}");

    /// <summary>The parts of the last output that did not reach their targets.</summary>
    public static IEnumerable<string> Left(bool isFlushLeft, bool areTotalsLeft, bool isConsoleLeft, bool isFileLeft, long graphiteLines)
    {
        if (isFlushLeft)
        {
            yield return "the last flush was not computed";
        }

        if (areTotalsLeft)
        {
            yield return "the totals are not told";
        }

        if (isConsoleLeft)
        {
            yield return "nobody reads standard output, the last reports are lost";
        }

        if (isFileLeft)
        {
            yield return $"a report is not written to the file (--{OptionTable.FlushFile})";
        }

        if (graphiteLines > 0)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{graphiteLines} lines were not sent to Graphite (--{OptionTable.GraphiteSend})");
        }
    }

    public static string GraphiteLost(IPEndPoint endpoint, string reason) =>
        Line($"cannot send to Graphite at {endpoint}: {reason}; retrying, and lines wait up to --{OptionTable.GraphiteBuffer}");

    public static string GraphiteDropping(IPEndPoint endpoint) =>
        Line($"too many lines wait for Graphite at {endpoint} (--{OptionTable.GraphiteBuffer}): the oldest are dropped");

    /// <summary>No lines wait for Graphite any more.</summary>
    /// <param name="endpoint">The server.</param>
    /// <param name="duration">How long lines have waited.</param>
    /// <param name="failures">The number of failed attempts and lost connections.</param>
    /// <param name="dropped">The number of dropped lines.</param>
    public static string GraphiteRecovered(IPEndPoint endpoint, TimeSpan duration, long failures, long dropped) => Line(string.Create(
        CultureInfo.InvariantCulture,
        $"everything is sent to Graphite at {endpoint} again, after {duration.TotalSeconds:0.0} s and {failures} failures; "
            + $"{dropped} lines were dropped"));

    public static string FileFails(string path, string reason) =>
        Line($"cannot write flushes to {path}: {reason}; each flush tries again");

    /// <summary>A write failed to a file that the options no longer name, so there is no next attempt.</summary>
    public static string FileFailedAtLast(string path, string reason) => Line($"a flush was not written to {path}: {reason}");

    public static string FileWorksAgain(string path, long lost) => Line(string.Create(
        CultureInfo.InvariantCulture, $"flushes are written to {path} again; {lost} are not in it"));

    public static string SocketModeFailed(string option, string path, string reason) =>
        Line($"{option}: the mode of {path} cannot be set (--{OptionTable.UnixSocketMode}): {reason}");

    /// <summary>The kernel's limit is below the requested size.</summary>
    public static string BufferCapped(string option, int wanted, int got) => Line(string.Create(
        CultureInfo.InvariantCulture,
        $"{option}: the kernel gives a receive buffer of {got} bytes instead of {wanted} (--{OptionTable.ReceiveBuffer}); raise "
            + $"net.core.rmem_max"));

    /// <summary>The kernel refuses to change the size of the buffer.</summary>
    public static string BufferRefused(string option, string place, int wanted, string reason) => Line(string.Create(
        CultureInfo.InvariantCulture,
        $"{option}: the kernel refuses {place} a receive buffer of {wanted} bytes (--{OptionTable.ReceiveBuffer}): {reason}; it keeps "
            + $"the one that it has"));

    /// <summary>The status for the service manager, in one line.</summary>
    /// <param name="totals">The traffic so far.</param>
    /// <param name="connections">The number of open connections.</param>
    /// <param name="isStopping">Whether the shutdown has begun.</param>
    /// <param name="failedReload">Why the last reload has not taken effect; null if it has.</param>
    public static string ServiceStatus(TrafficTotals totals, int connections, bool isStopping, string? failedReload) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(isStopping ? "stopping; " : "")}{connections} connections, {totals.Lines} lines, {totals.Rejected} rejected"
            + $"{(failedReload is null ? "" : $"; {failedReload}")}");

    /// <summary>A socket or another descriptor that was passed, and that no listener wants.</summary>
    public static string PassedInVain(InheritedDescriptor descriptor) =>
        Line($"the passed {descriptor} has no option's name (FileDescriptorName=), and is closed");

    /// <summary>The totals that are printed when the program stops.</summary>
    public static string Totals(TrafficTotals totals, MetricStore store)
    {
        StringBuilder text = new();
        foreach (ProtocolTotals protocol in totals.All)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{protocol.Name}: {protocol.Packets} packets, {protocol.Bytes} bytes, {protocol.Lines} lines, ");
            text.Append(CultureInfo.InvariantCulture, $"{protocol.Metrics} metrics, {protocol.Rejections.Total} rejected\n");
        }

        foreach (RejectionReason reason in Rejections.Reasons.Where(reason => totals.RejectedFor(reason) > 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"rejected {Rejections.NameOf(reason)}: {totals.RejectedFor(reason)}\n");
        }

        text.Append(
            CultureInfo.InvariantCulture,
            $"total: {totals.Lines} lines, {totals.Metrics} metrics, {totals.Rejected} rejected, {store.NameCount} names\n");
        return text.ToString();
    }
}
