using MetricsGateway.Metrics;

namespace MetricsGateway.Protocols;

/// <summary>Parses lines of the Graphite plaintext protocol: <c>path[;tag=value…] value timestamp</c>.</summary>
/// <remarks>
/// Sources: https://graphite.readthedocs.io/en/latest/feeding-carbon.html and
/// https://graphite.readthedocs.io/en/latest/tags.html.
/// </remarks>
internal static class GraphiteParser
{
    /// <summary>Parses one line without its newline.</summary>
    /// <returns><see cref="RejectionReason.None"/> if <paramref name="metric"/> is valid.</returns>
    public static RejectionReason Parse(ReadOnlySpan<byte> line, out GraphiteMetric metric)
    {
        metric = default;
        if (!LineText.IsPrintableOrTab(line))
        {
            return RejectionReason.InvalidBytes;
        }

        ReadOnlySpan<byte> rest = line;
        ReadOnlySpan<byte> series = NextField(ref rest);
        int semicolon = series.IndexOf((byte)';');
        ReadOnlySpan<byte> path = semicolon < 0 ? series : series[..semicolon];
        ReadOnlySpan<byte> tags = semicolon < 0 ? default : series[(semicolon + 1)..];
        if (path.IsEmpty)
        {
            return RejectionReason.EmptyName;
        }

        if (semicolon >= 0 && !TagSyntax.Graphite.AreWhole(tags))
        {
            return RejectionReason.InvalidTag;
        }

        ReadOnlySpan<byte> valueText = NextField(ref rest);
        if (valueText.IsEmpty)
        {
            return RejectionReason.MissingValue;
        }

        if (!DecimalNumber.TryParse(valueText, out double value))
        {
            return RejectionReason.InvalidValue;
        }

        ReadOnlySpan<byte> timestamp = NextField(ref rest);
        if (timestamp.IsEmpty)
        {
            return RejectionReason.MissingTimestamp;
        }

        if (!IsTimestamp(timestamp))
        {
            return RejectionReason.InvalidTimestamp;
        }

        if (!NextField(ref rest).IsEmpty)
        {
            return RejectionReason.UnexpectedField;
        }

        metric = new GraphiteMetric { Path = path, Tags = tags, Value = value };
        return RejectionReason.None;
    }

    // carbon splits at any run of white space.
    private static ReadOnlySpan<byte> NextField(scoped ref ReadOnlySpan<byte> rest)
    {
        rest = rest.TrimStart(" \t"u8);
        int end = rest.IndexOfAny((byte)' ', (byte)'\t');
        ReadOnlySpan<byte> field = end < 0 ? rest : rest[..end];
        rest = rest[field.Length..];
        return field;
    }

    // carbon reads the timestamp as a float and takes -1 as "now"; senders of the collectd family write N for the same.
    private static bool IsTimestamp(ReadOnlySpan<byte> text) =>
        text.SequenceEqual("N"u8) || (DecimalNumber.TryParse(text, out double seconds) && seconds is >= 0 or -1);
}
