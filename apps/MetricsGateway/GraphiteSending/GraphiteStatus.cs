namespace MetricsGateway.GraphiteSending;

/// <summary>Counts of the connections and lines for the Graphite server.</summary>
internal sealed record GraphiteStatus
{
    public required bool IsConnected { get; init; }

    /// <summary>Connections that were established.</summary>
    public required long Connections { get; init; }

    /// <summary>Attempts to connect that failed, and connections that were lost.</summary>
    public required long Failures { get; init; }

    public required long SentBytes { get; init; }

    public required long SentLines { get; init; }

    public required long WaitingBytes { get; init; }

    public required long WaitingLines { get; init; }

    public required long DroppedLines { get; init; }
}
