namespace MetricsGateway.Admin;

/// <summary>What the network part knows and the <c>stats</c> command shows.</summary>
internal sealed record GatewayStatus
{
    public required TimeSpan Uptime { get; init; }

    /// <summary>Since the last packet of any listener, or since the start if there was none.</summary>
    public required TimeSpan SinceLastMessage { get; init; }

    public required int OpenConnections { get; init; }

    public required long AcceptedConnections { get; init; }

    /// <summary>Connections that were closed instead of served: over the limit, or for want of file descriptors.</summary>
    public required long RefusedConnections { get; init; }

    /// <summary>Accepts that the kernel failed, for want of file descriptors for example.</summary>
    public required long FailedAccepts { get; init; }

    /// <summary>Admin clients that did not read their answers.</summary>
    public required long DroppedClients { get; init; }

    /// <summary>Admin commands that broke the limit of a line's length.</summary>
    public required long OverlongCommands { get; init; }

    public required long LoopTurns { get; init; }

    public required long LoopEvents { get; init; }
}
