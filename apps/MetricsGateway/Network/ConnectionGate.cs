namespace MetricsGateway.Network;

/// <summary>Keeps the number of open TCP connections, all listeners together, within the limit, and counts their outcomes.</summary>
internal sealed class ConnectionGate(int maximum)
{
    /// <summary>A connection was closed, and its descriptor is free.</summary>
    public event Action? Left;

    /// <summary>May be lowered below the number of open connections; then none enters until enough have left.</summary>
    public int Maximum { get; set; } = maximum;

    public int Open { get; private set; }

    public long Accepted { get; private set; }

    public long Refused { get; private set; }

    public long FailedAccepts { get; private set; }

    public long DroppedClients { get; private set; }

    public long IdleClosed { get; private set; }

    /// <param name="extraPlaces">How many places beyond the limit there are for this kind of connection.</param>
    /// <returns>False if the limit is reached.</returns>
    public bool TryEnter(int extraPlaces = 0)
    {
        if (Open >= Maximum + extraPlaces)
        {
            Refused++;
            return false;
        }

        Open++;
        Accepted++;
        return true;
    }

    /// <summary>A connection that had entered is closed.</summary>
    public void Leave()
    {
        Open--;
        Left?.Invoke();
    }

    /// <summary>A connection was closed before it was served.</summary>
    public void CountRefused() => Refused++;

    public void CountFailedAccept() => FailedAccepts++;

    /// <summary>A client was dropped because it does not read.</summary>
    public void CountDroppedClient() => DroppedClients++;

    /// <summary>A connection was closed because it was silent for too long.</summary>
    public void CountIdleClosed() => IdleClosed++;
}
