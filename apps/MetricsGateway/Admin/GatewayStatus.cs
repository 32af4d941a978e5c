using MetricsGateway.Flushing;
using MetricsGateway.GraphiteSending;
using Vigil;

namespace MetricsGateway.Admin;

/// <summary>The status of the network part, for <c>stats</c> and <c>health</c>.</summary>
internal sealed record GatewayStatus
{
    public required TimeSpan Uptime { get; init; }

    /// <summary>Since the last packet of any listener, or since the start if there was none.</summary>
    public required TimeSpan SinceLastMessage { get; init; }

    public required int OpenConnections { get; init; }

    public required long AcceptedConnections { get; init; }

    /// <summary>Connections that were closed instead of served: over the limit, or for want of file descriptors.</summary>
    public required long RefusedConnections { get; init; }

    /// <summary>Calls of accept that failed, for want of file descriptors for example.</summary>
    public required long FailedAccepts { get; init; }

    /// <summary>Admin clients that were dropped because they did not read their answers.</summary>
    public required long DroppedClients { get; init; }

    /// <summary>Connections that were silent for too long.</summary>
    public required long IdleClosedConnections { get; init; }

    /// <summary>Admin commands that exceeded the limit of a line's length.</summary>
    public required long OverlongCommands { get; init; }

    /// <summary>Memory for answers that admin clients have not read.</summary>
    public required long UnreadBytes { get; init; }

    /// <summary>Null if nothing is ever flushed.</summary>
    public required FlushStatus? Flush { get; init; }

    public required FlushFileStatus FlushFile { get; init; }

    public required GraphiteStatus Graphite { get; init; }

    /// <summary>The threads that compute flushes and write the file.</summary>
    public required WorkerPoolStatistics Workers { get; init; }

    /// <summary>Reloads after which the configuration was in effect, whether or not anything differed.</summary>
    public required long Reloads { get; init; }

    /// <summary>Reloads that were refused because of a bad file, or because a listener could not be opened.</summary>
    public required long RefusedReloads { get; init; }

    public required IReadOnlyList<ListenerStatus> Listeners { get; init; }

    /// <summary>Listeners that are wanted and not open.</summary>
    public required IReadOnlyList<ListenerTrouble> Troubles { get; init; }

    /// <summary>How often a listener's socket failed.</summary>
    public required long ListenerFailures { get; init; }

    public required EventManagerStatistics Loop { get; init; }

    /// <summary>Callbacks that occupied the loop for too long.</summary>
    public required SlowCallbackStatistics Slow { get; init; }
}

/// <param name="Option">The option that asked for it.</param>
/// <param name="Place">The bound address and port, or the path of the socket.</param>
/// <param name="Connections">Its open connections.</param>
internal sealed record ListenerStatus(string Option, string Place, int Connections);

/// <param name="Option">The option that asked for it.</param>
/// <param name="Place">Where it should listen.</param>
/// <param name="Reason">Why it does not.</param>
internal sealed record ListenerTrouble(string Option, string Place, string Reason);
