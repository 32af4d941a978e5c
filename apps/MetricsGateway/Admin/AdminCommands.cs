using System.Buffers;
using System.Globalization;
using System.Text;
using MetricsGateway.Configuration;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using Vigil;

namespace MetricsGateway.Admin;

/// <summary>
/// The command language of statsd's management interface
/// (https://github.com/statsd/statsd/blob/master/docs/admin_interface.md). Unlike in statsd, every answer ends with END;
/// only an unknown command is answered by ERROR alone.
/// </summary>
/// <param name="options">The first <see cref="Options"/>.</param>
/// <param name="store">The received metrics.</param>
/// <param name="totals">Counts of received traffic.</param>
internal sealed class AdminCommands(GatewayOptions options, MetricStore store, TrafficTotals totals)
{
    private const string Help =
        """
        Commands:
          stats                 counts of the gateway: "key: value" lines
          counters              all counters as JSON: what came since the last flush
          gauges                all gauges as JSON
          timers                all timers, histograms and distributions as JSON: what came since the last flush
          sets                  all sets as JSON: how many unique values each has had since the last flush
          delcounters NAME...   delete counters: by name, by NAME;TAG=VALUE, or all that begin like PREFIX*
          delgauges NAME...     delete gauges
          deltimers NAME...     delete timers
          rejected              the latest lines that were rejected: when, how, who, why; at most 10 a minute
          slow                  the latest callbacks that kept the loop for more than 50 ms, the oldest first
          health [up|down]      show the health status, or set it, and tell of the last flush
          config                the options in effect
          reload                read the configuration file again, as SIGHUP does, and tell what changed
          help                  this text
          quit                  close the connection

        """;

    private bool _isHealthy = true;
    private IEnumerator<int>? _rest;

    /// <summary>The options in effect.</summary>
    public GatewayOptions Options { get; set; } = options;

    /// <summary>Commands that change nothing and have an answer.</summary>
    public static IReadOnlyList<string> Harmless { get; } = ["stats", "counters", "gauges", "timers", "sets", "delcounters", "slow",
        "rejected", "health", "config", "help"];

    /// <summary>Executes one command line, without its newline, and writes its answer, or begins an answer that may be long.</summary>
    public AdminResult Execute(ReadOnlySpan<byte> line, GatewayStatus status, IBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> arguments = line;
        string command = Encoding.UTF8.GetString(NextWord(ref arguments));
        AnswerWriter answer = new(output);
        switch (command)
        {
            case "":
                return AdminResult.KeepOpen;
            case "quit":
                return AdminResult.Close;
            case "stats":
                StatsAnswer.Write(answer, store, totals, status);
                break;
            case "slow":
                foreach (SlowCallbackReport report in status.Slow.Latest)
                {
                    answer.Text(report.ToString()).EndLine();
                }

                break;
            case "rejected":
                foreach (string example in totals.Examples?.Latest ?? [])
                {
                    answer.Text(example).EndLine();
                }

                break;
            case "counters":
                return Begin(SeriesAnswers.WriteCounters(store.Counters, output));
            case "gauges":
                return Begin(SeriesAnswers.WriteGauges(store.Gauges, output));
            case "timers":
                return Begin(SeriesAnswers.WriteTimers(store.Timers, output));
            case "sets":
                return Begin(SeriesAnswers.WriteSets(store.Sets, output));
            case "delcounters":
                return Begin(SeriesAnswers.Delete(store.Counters, new SeriesSelection(arguments), output));
            case "delgauges":
                return Begin(SeriesAnswers.Delete(store.Gauges, new SeriesSelection(arguments), output));
            case "deltimers":
                return Begin(SeriesAnswers.Delete(store.Timers, new SeriesSelection(arguments), output));
            case "health":
                Health(NextWord(ref arguments), status, answer);
                break;
            case "config":
                WriteConfiguration(answer);
                break;
            case "reload":
                return AdminResult.Reload;
            case "help":
                answer.Text(Help);
                break;
            default:
                answer.Text("ERROR\n"u8);
                return AdminResult.Unknown;
        }

        answer.EndAnswer();
        return AdminResult.KeepOpen;
    }

    /// <summary>
    /// The rest of the answer after <see cref="AdminResult.Continues"/>: each step writes a part of it to the output. The caller disposes
    /// it.
    /// </summary>
    public IEnumerator<int> TakeRest()
    {
        IEnumerator<int> rest = _rest ?? throw new InvalidOperationException("No answer goes on.");
        _rest = null;
        return rest;
    }

    private AdminResult Begin(IEnumerator<int> answer)
    {
        _rest = answer;
        return AdminResult.Continues;
    }

    private static ReadOnlySpan<byte> NextWord(scoped ref ReadOnlySpan<byte> rest)
    {
        rest = rest.Trim(" \t"u8);
        int end = rest.IndexOfAny((byte)' ', (byte)'\t');
        ReadOnlySpan<byte> word = end < 0 ? rest : rest[..end];
        rest = rest[word.Length..];
        return word;
    }

    private void Health(ReadOnlySpan<byte> wanted, GatewayStatus status, AnswerWriter answer)
    {
        if (wanted.SequenceEqual("up"u8))
        {
            _isHealthy = true;
        }
        else if (wanted.SequenceEqual("down"u8))
        {
            _isHealthy = false;
        }

        // A gateway that does not listen where it should is not healthy, whatever the status was set to.
        answer.Line("health", _isHealthy && status.Troubles is [] ? "up" : "down");
        foreach (ListenerTrouble trouble in status.Troubles)
        {
            answer.Line("listeners.closed", $"{trouble.Option} {trouble.Place}: {trouble.Reason}");
        }

        if (status.Flush is { } flush)
        {
            CultureInfo culture = CultureInfo.InvariantCulture;
            answer.Line("flush.last_seconds_ago", flush.SinceLast?.TotalSeconds.ToString("0.0", culture) ?? "none");
            answer.Line("flush.last_lateness_ms", flush.LastLateness.TotalMilliseconds.ToString("0.000", culture));
        }
    }

    private void WriteConfiguration(AnswerWriter answer)
    {
        foreach (Option option in OptionTable.All)
        {
            answer.Line(option.Name, option.Format(Options));
        }
    }
}
