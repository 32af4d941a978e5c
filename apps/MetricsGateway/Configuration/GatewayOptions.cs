using MetricsGateway.Metrics;

namespace MetricsGateway.Configuration;

/// <summary>The gateway's options. <see cref="OptionTable"/> has the meaning, default and range of each.</summary>
internal sealed record GatewayOptions
{
    private GatewayOptions()
    {
    }

    public static GatewayOptions Defaults { get; } = OptionTable.ApplyDefaults(new GatewayOptions());

    /// <summary>Null is off, as for every other endpoint.</summary>
    public EndpointList? StatsDUdp { get; init; }

    public EndpointList? StatsDTcp { get; init; }

    public EndpointList? Graphite { get; init; }

    public EndpointList? Admin { get; init; }

    public string? UnixSocket { get; init; }

    /// <summary>Whether <c>[::]</c> takes no IPv4.</summary>
    public bool IPv6Only { get; init; }

    /// <summary>The permissions of the Unix socket's file.</summary>
    public UnixFileMode UnixSocketMode { get; init; }

    public int MaxConnections { get; init; }

    public int MaxLineLength { get; init; }

    public int MaxPacket { get; init; }

    /// <summary>In bytes, per datagram socket.</summary>
    public int ReceiveBuffer { get; init; }

    public int MaxNames { get; init; }

    /// <summary>Of all names together.</summary>
    public int MaxNameBytes { get; init; }

    public int MaxSetValues { get; init; }

    public int AdminBuffer { get; init; }

    /// <summary>Null is off: a connection may be silent for ever.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Null is off: nothing is flushed, and values add up from the start on.</summary>
    public TimeSpan? FlushInterval { get; init; }

    public bool FlushConsole { get; init; }

    /// <summary>Null is off.</summary>
    public string? FlushFile { get; init; }

    public int FlushFileSize { get; init; }

    public int FlushFileCount { get; init; }

    public EndpointList? GraphiteSend { get; init; }

    /// <summary>Null is off: names begin with their kind.</summary>
    public string? GraphitePrefix { get; init; }

    public int GraphiteBuffer { get; init; }

    /// <summary>Null is off: a server may take nothing for ever.</summary>
    public TimeSpan? GraphiteTimeout { get; init; }

    public HistogramRules HistogramBins { get; init; } = HistogramRules.None;

    public PercentileList Percentiles { get; init; } = PercentileList.None;

    public int TimerSamples { get; init; }

    public int MaxTimerSamples { get; init; }

    public bool DeleteCounters { get; init; }

    public bool DeleteTimers { get; init; }

    public bool DeleteSets { get; init; }

    public bool DeleteGauges { get; init; }

    /// <summary>Null is off: the shutdown has no time limit.</summary>
    public TimeSpan? StopTimeout { get; init; }

    public bool WatchConfig { get; init; }
}
