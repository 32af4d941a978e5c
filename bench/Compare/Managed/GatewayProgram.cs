namespace Compare.Managed;

/// <summary>The metrics gateway as it is built, run in this process.</summary>
internal static class GatewayProgram
{
    /// <summary>It reports by its own ports when it listens.</summary>
    public static int Start(int udpPort, int adminPort)
    {
        string[] arguments =
        [
            "--statsd-udp", $"127.0.0.1:{udpPort}",
            "--admin", $"127.0.0.1:{adminPort}",
            "--statsd-tcp", "off",
            "--graphite", "off",
            "--flush-interval", "off",
        ];
        new Thread(() => Environment.Exit(AppDomain.CurrentDomain.ExecuteAssemblyByName("MetricsGateway", arguments))) { IsBackground = true }.Start();
        return udpPort;
    }
}
