namespace MetricsGateway.Protocols;

/// <summary>The traffic of one listener. <see cref="Lines"/> is always the sum of <see cref="Metrics"/> and the rejections.</summary>
internal sealed class ProtocolTotals(string name)
{
    public string Name => name;

    /// <summary>Datagrams, or reads from a stream; statsd counts both as packets.</summary>
    public long Packets { get; set; }

    public long Bytes { get; set; }

    /// <summary>Lines that were not empty.</summary>
    public long Lines { get; set; }

    /// <summary>Lines that were stored.</summary>
    public long Metrics { get; set; }

    public Rejections Rejections { get; } = new();

    /// <summary>Tags that were left out because they have no name. Their lines were stored.</summary>
    public long DroppedTags { get; set; }

    /// <summary>Datagrams that the kernel dropped because the socket's buffer was full, as of the last time it was asked.</summary>
    public long Drops { get; set; }
}

/// <summary>The traffic of all listeners, since the start or between two moments.</summary>
internal readonly record struct TrafficCounts(long Packets, long Metrics, long Rejected, long Drops)
{
    public static TrafficCounts operator -(TrafficCounts left, TrafficCounts right) => new(
        left.Packets - right.Packets, left.Metrics - right.Metrics, left.Rejected - right.Rejected, left.Drops - right.Drops);
}

/// <summary>The traffic of all listeners.</summary>
internal sealed class TrafficTotals
{
    public TrafficTotals()
    {
        All = [StatsDUdp, StatsDTcp, StatsDUnix, Graphite];
    }

    public ProtocolTotals StatsDUdp { get; } = new("statsd_udp");

    public ProtocolTotals StatsDTcp { get; } = new("statsd_tcp");

    public ProtocolTotals StatsDUnix { get; } = new("statsd_unix");

    public ProtocolTotals Graphite { get; } = new("graphite");

    public IReadOnlyList<ProtocolTotals> All { get; }

    /// <summary>Examples of rejected lines; null if none are kept.</summary>
    public RejectedLines? Examples { get; set; }

    public long Lines => All.Sum(protocol => protocol.Lines);

    public long Metrics => All.Sum(protocol => protocol.Metrics);

    public long Rejected => All.Sum(protocol => protocol.Rejections.Total);

    public TrafficCounts Counts => new(All.Sum(protocol => protocol.Packets), Metrics, Rejected, All.Sum(protocol => protocol.Drops));

    public long RejectedFor(RejectionReason reason) => All.Sum(protocol => protocol.Rejections[reason]);
}
