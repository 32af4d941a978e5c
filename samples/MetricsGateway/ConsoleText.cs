using System.Globalization;
using System.Reflection;
using System.Text;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using Vigil;

namespace MetricsGateway;

/// <summary>What the program says on its console.</summary>
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

    public static string StartError(string message) => $"{ProgramName}: {message}\n";

    /// <param name="option">The listener's option, such as "statsd-udp".</param>
    /// <param name="place">The address and port that were really taken, or the path of the socket.</param>
    public static string Listening(string option, string place) => $"{option} listens on {place}\n";

    /// <summary>What went wrong while the gateway runs, with the way there if somebody threw.</summary>
    public static string Fault(FaultReport report) => $"{ProgramName}: {report}\n{report.Exception.StackTrace}".TrimEnd('\n') + '\n';

    /// <summary>The console is gone, and the gateway goes on without it.</summary>
    public static string ReportsEnd(string reason) => $"{ProgramName}: flushes are not reported any more: cannot write to standard output: {reason}\n";

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
