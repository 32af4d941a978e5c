using MetricsGateway.Metrics;

namespace MetricsGateway.Protocols;

/// <summary>
/// Stores the metrics of one line protocol and counts each line that is not empty exactly once: as a metric, or by the reason for its
/// rejection. One receiver serves all connections of its listener; each connection has its own splitter.
/// </summary>
internal abstract class LineReceiver(ProtocolTotals totals, int maxLineLength)
{
    /// <summary>The limit of a line's length in bytes.</summary>
    public int MaxLineLength { get; set; } = maxLineLength;

    /// <summary>The counts of what was received.</summary>
    protected ProtocolTotals Totals => totals;

    /// <summary>Takes examples of rejected lines; null for none.</summary>
    public RejectedLines? Examples { get; set; }

    /// <summary>Describes the sender of the current input; null if it is not known. Called only for an example.</summary>
    public Func<string>? Sender { get; set; }

    public LineSplitter CreateSplitter() => new(MaxLineLength);

    /// <summary>Receives a datagram of whole lines; the last one needs no newline.</summary>
    /// <param name="packet">The bytes of the datagram.</param>
    /// <param name="isTruncated">Whether the datagram was larger than the buffer: the part that was cut off, with the line that it began
    /// in, is one rejected line.</param>
    public void ReceivePacket(ReadOnlySpan<byte> packet, bool isTruncated = false)
    {
        CountPacket(packet);
        while (!packet.IsEmpty)
        {
            int newline = packet.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = newline < 0 ? packet : packet[..newline];
            packet = newline < 0 ? default : packet[(newline + 1)..];
            if (newline < 0 && isTruncated)
            {
                // The truncated line must not be taken for a whole one.
                break;
            }

            line = line is [.., (byte)'\r'] ? line[..^1] : line;
            if (line.Length > MaxLineLength)
            {
                Reject(RejectionReason.LineTooLong, line);
            }
            else
            {
                ReceiveLine(line);
            }
        }

        if (isTruncated)
        {
            Reject(RejectionReason.PacketTruncated, default);
        }
    }

    /// <summary>Receives the data of one read from a stream.</summary>
    public void ReceiveChunk(ReadOnlySpan<byte> chunk, LineSplitter splitter)
    {
        CountPacket(chunk);
        while (true)
        {
            switch (splitter.Read(ref chunk, out ReadOnlySpan<byte> line))
            {
                case LineRead.Line:
                    ReceiveLine(line);
                    break;
                case LineRead.TooLong:
                    Reject(RejectionReason.LineTooLong, default);
                    break;
                default:
                    return;
            }
        }
    }

    /// <summary>Receives the last line of a stream, which has no newline.</summary>
    public void ReceiveEnd(LineSplitter splitter)
    {
        switch (splitter.Finish(out ReadOnlySpan<byte> line))
        {
            case LineRead.Line:
                ReceiveLine(line);
                break;
            case LineRead.TooLong:
                Reject(RejectionReason.LineTooLong, default);
                break;
        }
    }

    /// <summary>The reason for the rejection of a line that gets no series.</summary>
    protected static RejectionReason ReasonOf(SeriesRefusal refusal) => refusal switch
    {
        SeriesRefusal.Reserved => RejectionReason.ReservedName,
        SeriesRefusal.TooManyBytes => RejectionReason.TooManyNameBytes,
        _ => RejectionReason.TooManyNames,
    };

    /// <summary>Parses and stores one line.</summary>
    protected abstract RejectionReason Store(ReadOnlySpan<byte> line);

    private void CountPacket(ReadOnlySpan<byte> bytes)
    {
        totals.Packets++;
        totals.Bytes += bytes.Length;
    }

    private void ReceiveLine(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
        {
            return;
        }

        RejectionReason reason = Store(line);
        if (reason == RejectionReason.None)
        {
            totals.Lines++;
            totals.Metrics++;
        }
        else
        {
            Reject(reason, line);
        }
    }

    private void Reject(RejectionReason reason, ReadOnlySpan<byte> line)
    {
        totals.Lines++;
        totals.Rejections.Add(reason);
        Examples?.Add(totals.Name, Sender, reason, line);
    }
}
