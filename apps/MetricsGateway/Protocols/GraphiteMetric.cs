namespace MetricsGateway.Protocols;

/// <summary>A valid line of the Graphite plaintext protocol. Its spans live as long as the line's buffer.</summary>
internal readonly ref struct GraphiteMetric
{
    public required ReadOnlySpan<byte> Path { get; init; }

    /// <summary>The text after the path's first ";": tags separated by semicolons.</summary>
    public required ReadOnlySpan<byte> Tags { get; init; }

    public required double Value { get; init; }
}
