namespace MetricsGateway.Protocols;

/// <summary>One number of a StatsD line. A gauge takes a signed one as a change, an unsigned one as its new value.</summary>
internal readonly record struct Sample(double Value, bool IsSigned);

/// <summary>A valid StatsD line. Its spans live until the line's buffer changes or the parser parses again.</summary>
internal readonly ref struct StatsDMetric
{
    public required ReadOnlySpan<byte> Name { get; init; }

    public required MetricKind Kind { get; init; }

    /// <summary>At least one number; empty for a set.</summary>
    public ReadOnlySpan<Sample> Samples { get; init; }

    /// <summary>The member that a set gains; empty for every other kind.</summary>
    public ReadOnlySpan<byte> SetValue { get; init; }

    public required double SampleRate { get; init; }

    /// <summary>The text between "|#" and the next "|": tags separated by commas, each with a name.</summary>
    public required ReadOnlySpan<byte> Tags { get; init; }
}
