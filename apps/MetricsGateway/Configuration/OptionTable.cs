namespace MetricsGateway.Configuration;

/// <summary>Every option that has a value: its name, placeholder, default, explanation, range and property.</summary>
internal static class OptionTable
{
    public const string StatsDUdp = "statsd-udp";
    public const string StatsDTcp = "statsd-tcp";
    public const string UnixSocket = "unix-socket";
    public const string UnixSocketMode = "unix-socket-mode";
    public const string Graphite = "graphite";
    public const string Admin = "admin";
    public const string ReceiveBuffer = "receive-buffer";
    public const string FlushFile = "flush-file";
    public const string GraphiteSend = "graphite-send";
    public const string GraphiteBuffer = "graphite-buffer";

    /// <summary>Enough for a burst. If the kernel gives less, that is reported only if the option was set.</summary>
    public const int DefaultReceiveBuffer = 16 * MebiByte;

    /// <summary>The kernel's own maximum for a privileged process: it keeps the double in an int (<c>__sock_set_rcvbuf</c>).</summary>
    public const int LargestReceiveBuffer = int.MaxValue / 2;

    private const int MebiByte = 1 << 20;

    private static readonly TimeSpan ShortestTime = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestTime = TimeSpan.FromHours(24);

    public static IReadOnlyList<Option> All { get; } =
    [
        Option.Endpoints(
            new(StatsDUdp, "ADDRESS:PORT,...", "127.0.0.1:8125", "listen for StatsD over UDP"),
            options => options.StatsDUdp,
            (options, value) => options with { StatsDUdp = value }),
        Option.Endpoints(
            new(StatsDTcp, "ADDRESS:PORT,...", "127.0.0.1:8125", "listen for StatsD over TCP"),
            options => options.StatsDTcp,
            (options, value) => options with { StatsDTcp = value }),
        Option.SocketPath(
            new(UnixSocket, "PATH", "off", "listen for StatsD on a Unix datagram socket"),
            options => options.UnixSocket,
            (options, value) => options with { UnixSocket = value }),
        Option.FileMode(
            new(UnixSocketMode, "MODE", "0722", "permissions of the Unix socket; who may write may send"),
            options => options.UnixSocketMode,
            (options, value) => options with { UnixSocketMode = value }),
        Option.Endpoints(
            new(Graphite, "ADDRESS:PORT,...", "127.0.0.1:2003", "listen for Graphite plaintext over TCP"),
            options => options.Graphite,
            (options, value) => options with { Graphite = value }),
        Option.Endpoints(
            new(Admin, "ADDRESS:PORT,...", "127.0.0.1:8126", "listen for admin commands over TCP"),
            options => options.Admin,
            (options, value) => options with { Admin = value }),
        Option.Switch(
            new("ipv6-only", "on|off", "off", "[::] takes no IPv4"),
            options => options.IPv6Only,
            (options, value) => options with { IPv6Only = value }),
        Option.Number(
            new("max-connections", "N", "10000", "TCP connections open at once; more are refused"),
            minimum: 1,
            maximum: 1_000_000,
            options => options.MaxConnections,
            (options, value) => options with { MaxConnections = value }),
        Option.Duration(
            new("idle-timeout", "TIME", "10m", "how long a TCP connection may be silent; then it is closed"),
            ShortestTime,
            LongestTime,
            options => options.IdleTimeout,
            (options, value) => options with { IdleTimeout = value }),
        Option.Number(
            new("max-line-length", "BYTES", "8192", "longest line; longer ones are counted and skipped"),
            minimum: 64,
            maximum: MebiByte,
            options => options.MaxLineLength,
            (options, value) => options with { MaxLineLength = value }),
        Option.Number(
            new("max-packet", "BYTES", "65536", "largest datagram; of a larger one, the whole lines are used"),
            minimum: 512,
            maximum: MebiByte,
            options => options.MaxPacket,
            (options, value) => options with { MaxPacket = value }),
        Option.Number(
            new(ReceiveBuffer, "BYTES", "16777216", "datagrams that the kernel keeps until they are read"),
            minimum: 4096,
            maximum: LargestReceiveBuffer,
            options => options.ReceiveBuffer,
            (options, value) => options with { ReceiveBuffer = value }),
        Option.Number(
            new("max-names", "N", "100000", "names, with their tags, to keep; new ones beyond are rejected"),
            minimum: 1,
            maximum: 10_000_000,
            options => options.MaxNames,
            (options, value) => options with { MaxNames = value }),
        Option.Number(
            new("max-name-bytes", "BYTES", "33554432", "length of all names together, tags included"),
            minimum: 4096,
            maximum: int.MaxValue,
            options => options.MaxNameBytes,
            (options, value) => options with { MaxNameBytes = value }),
        Option.Number(
            new("max-set-values", "N", "1000000", "unique values to keep in an interval, in all sets together"),
            minimum: 1,
            maximum: 100_000_000,
            options => options.MaxSetValues,
            (options, value) => options with { MaxSetValues = value }),
        Option.Number(
            new("admin-buffer", "BYTES", "16777216", "memory for what admin clients have not read"),
            minimum: 4096,
            maximum: 256 * MebiByte,
            options => options.AdminBuffer,
            (options, value) => options with { AdminBuffer = value }),
        Option.Duration(
            new("flush-interval", "TIME", "10s", "how often metrics are summed up"),
            ShortestTime,
            LongestTime,
            options => options.FlushInterval,
            (options, value) => options with { FlushInterval = value }),
        Option.Switch(
            new("flush-console", "on|off", "on", "report each flush on standard output"),
            options => options.FlushConsole,
            (options, value) => options with { FlushConsole = value }),
        Option.FilePath(
            new(FlushFile, "PATH", "off", "write each flush to this file, as JSON lines"),
            options => options.FlushFile,
            (options, value) => options with { FlushFile = value }),
        Option.Number(
            new("flush-file-size", "BYTES", "67108864", "where a new file is begun, and the old one is PATH.1"),
            minimum: 4096,
            maximum: int.MaxValue,
            options => options.FlushFileSize,
            (options, value) => options with { FlushFileSize = value }),
        Option.Number(
            new("flush-file-count", "N", "5", "older files to keep, PATH.1 to PATH.N"),
            minimum: 1,
            maximum: 1000,
            options => options.FlushFileCount,
            (options, value) => options with { FlushFileCount = value }),
        Option.Server(
            new(GraphiteSend, "ADDRESS:PORT", "off", "send each flush to this Graphite server, over TCP"),
            options => options.GraphiteSend,
            (options, value) => options with { GraphiteSend = value }),
        Option.GraphitePrefix(
            new("graphite-prefix", "NAME", "stats", "what every name sent to Graphite begins with"),
            options => options.GraphitePrefix,
            (options, value) => options with { GraphitePrefix = value }),
        Option.Number(
            new(GraphiteBuffer, "BYTES", "16777216", "unsent lines for Graphite; beyond, the oldest are dropped"),
            minimum: 65536,
            maximum: 1024 * MebiByte,
            options => options.GraphiteBuffer,
            (options, value) => options with { GraphiteBuffer = value }),
        Option.Duration(
            new("graphite-timeout", "TIME", "10s", "how long Graphite may take nothing; then the connection is made again"),
            ShortestTime,
            LongestTime,
            options => options.GraphiteTimeout,
            (options, value) => options with { GraphiteTimeout = value }),
        Option.Percentiles(
            new("percentiles", "LIST", "90", "parts of a timer's samples to report, such as 50,99.9"),
            options => options.Percentiles,
            (options, value) => options with { Percentiles = value }),
        Option.Histograms(
            new("histogram-bins", "RULES", "off", "count samples by size: 10,100,inf for all timers, api=10,inf for some"),
            options => options.HistogramBins,
            (options, value) => options with { HistogramBins = value }),
        Option.Number(
            new("timer-samples", "N", "10000", "samples of a timer to keep; beyond, a random choice"),
            minimum: 10,
            maximum: 10_000_000,
            options => options.TimerSamples,
            (options, value) => options with { TimerSamples = value }),
        Option.Number(
            new("max-timer-samples", "N", "1000000", "samples to keep in an interval, of all timers together"),
            minimum: 1,
            maximum: 100_000_000,
            options => options.MaxTimerSamples,
            (options, value) => options with { MaxTimerSamples = value }),
        Option.Switch(
            new("delete-counters", "on|off", "off", "forget counters that nothing arrived for; else they are 0"),
            options => options.DeleteCounters,
            (options, value) => options with { DeleteCounters = value }),
        Option.Switch(
            new("delete-timers", "on|off", "off", "likewise timers"),
            options => options.DeleteTimers,
            (options, value) => options with { DeleteTimers = value }),
        Option.Switch(
            new("delete-sets", "on|off", "off", "likewise sets"),
            options => options.DeleteSets,
            (options, value) => options with { DeleteSets = value }),
        Option.Switch(
            new("delete-gauges", "on|off", "off", "likewise gauges; else they stay as they are"),
            options => options.DeleteGauges,
            (options, value) => options with { DeleteGauges = value }),
        Option.Duration(
            new("stop-timeout", "TIME", "5s", "how long the end waits for whoever reads the last reports and answers"),
            ShortestTime,
            LongestTime,
            options => options.StopTimeout,
            (options, value) => options with { StopTimeout = value }),
        Option.Switch(
            new("watch-config", "on|off", "on", "reload the configuration file when it changes"),
            options => options.WatchConfig,
            (options, value) => options with { WatchConfig = value }),
    ];

    public static Option? Find(string name) => All.FirstOrDefault(option => string.Equals(option.Name, name, StringComparison.Ordinal));

    public static GatewayOptions ApplyDefaults(GatewayOptions options)
    {
        foreach (Option option in All)
        {
            if (!option.TryApply(option.Text.Default, ref options))
            {
                throw new InvalidOperationException($"The default of '{option.Name}' must be {option.Allowed}.");
            }
        }

        return options;
    }
}
