namespace MetricsGateway.Protocols;

/// <summary>One number of a StatsD line. A gauge takes a signed number as a change, an unsigned one as its new value.</summary>
internal readonly record struct Sample(double Value, bool IsSigned);

/// <summary>Values of a line that share a type and a sample rate. Most lines have one such part.</summary>
/// <param name="Kind">The type.</param>
/// <param name="SampleRate">Above 0 and at most 1.</param>
/// <param name="First">The index of its first number in <see cref="StatsDMetric.Samples"/>; for a set, of its value in
/// <see cref="StatsDMetric.Line"/>.</param>
/// <param name="Count">The number of its numbers; for a set, the length of its value in bytes.</param>
internal readonly record struct StatsDPart(MetricKind Kind, double SampleRate, int First, int Count);

/// <summary>A valid StatsD line. Its spans live until the line's buffer changes or the parser parses again.</summary>
internal readonly ref struct StatsDMetric
{
    public required ReadOnlySpan<byte> Line { get; init; }

    /// <summary>As received: it is cleaned when the series' key is built.</summary>
    public required ReadOnlySpan<byte> Name { get; init; }

    /// <summary>At least one.</summary>
    public required ReadOnlySpan<StatsDPart> Parts { get; init; }

    /// <summary>The numbers of all parts.</summary>
    public required ReadOnlySpan<Sample> Samples { get; init; }

    /// <summary>The text between the first "|#" and the next "|": tags separated by commas.</summary>
    public required ReadOnlySpan<byte> Tags { get; init; }

    /// <summary>The numbers of a part; at least one. A set has none.</summary>
    public ReadOnlySpan<Sample> SamplesOf(in StatsDPart part) => Samples.Slice(part.First, part.Count);

    /// <summary>The value to add to a set.</summary>
    public ReadOnlySpan<byte> SetValueOf(in StatsDPart part) => Line.Slice(part.First, part.Count);
}
