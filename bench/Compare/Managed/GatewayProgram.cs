using System.Globalization;

namespace Compare.Managed;

/// <summary>The metrics gateway as it is built, run in this process.</summary>
internal static class GatewayProgram
{
    /// <summary>How many bytes to ask for to get the receive buffer of a socket that asks for none: the kernel doubles what it is asked for
    /// (socket(7)).</summary>
    public static int DefaultBuffer => int.Parse(File.ReadAllText("/proc/sys/net/core/rmem_default"), CultureInfo.InvariantCulture) / 2;

    /// <summary>It reports by its own ports when it listens.</summary>
    /// <param name="udpPort">For StatsD.</param>
    /// <param name="adminPort">For admin commands.</param>
    /// <param name="options">What else it is told, beside its defaults.</param>
    public static int Start(int udpPort, int adminPort, params IReadOnlyList<string> options)
    {
        string[] arguments =
        [
            "--statsd-udp", $"127.0.0.1:{udpPort}",
            "--admin", $"127.0.0.1:{adminPort}",
            "--statsd-tcp", "off",
            "--graphite", "off",
            "--flush-interval", "off",
            .. options,
        ];
        new Thread(
            () => Environment.Exit(
                AppDomain.CurrentDomain.ExecuteAssemblyByName("MetricsGateway", arguments)))
        { IsBackground = true }.Start();
        return udpPort;
    }
}
