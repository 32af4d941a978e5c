using System.Globalization;

namespace Compare.Managed;

/// <summary>The metrics gateway as built, run in this process.</summary>
internal static class GatewayProgram
{
    /// <summary>The size to request for the same receive buffer as that of a socket without a request: the kernel doubles a requested size
    /// (socket(7)).</summary>
    public static int DefaultBuffer => int.Parse(File.ReadAllText("/proc/sys/net/core/rmem_default"), CultureInfo.InvariantCulture) / 2;

    /// <summary>Starts the gateway, which prints its ports when it listens.</summary>
    /// <param name="udpPort">For StatsD.</param>
    /// <param name="adminPort">For admin commands.</param>
    /// <param name="options">Further options.</param>
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
