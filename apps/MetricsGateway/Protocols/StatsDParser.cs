namespace MetricsGateway.Protocols;

/// <summary>
/// Parses lines of the StatsD protocol with the DogStatsD extensions:
/// <c>name:value[:value…]|type[|@rate][:value[:value…]|type[|@rate]…][|#tag,name:value…]</c>.
/// </summary>
/// <remarks>
/// Sources: https://github.com/statsd/statsd/blob/master/docs/metric_types.md, its parser (stats.js and lib/helpers.js of version 0.9.0),
/// and https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/. Where they differ, and where this one differs from both,
/// docs/gateway.md has a table.
/// </remarks>
internal sealed class StatsDParser
{
    private const byte FieldSeparator = (byte)'|';
    private const byte ValueSeparator = (byte)':';

    private Sample[] _samples = new Sample[8];
    private StatsDPart[] _parts = new StatsDPart[4];
    private int _sampleCount;
    private int _partCount;

    /// <summary>Parses one line without its newline. One bad part refuses the whole line.</summary>
    /// <returns><see cref="RejectionReason.None"/> if <paramref name="metric"/> is valid.</returns>
    public RejectionReason Parse(ReadOnlySpan<byte> line, out StatsDMetric metric)
    {
        metric = default;
        if (line.StartsWith("_e{"u8))
        {
            return RejectionReason.UnsupportedEvent;
        }

        if (line.StartsWith("_sc|"u8))
        {
            return RejectionReason.UnsupportedServiceCheck;
        }

        if (!LineText.IsPrintableOrTab(line))
        {
            return RejectionReason.InvalidBytes;
        }

        int nameEnd = line.IndexOfAny(FieldSeparator, ValueSeparator);
        ReadOnlySpan<byte> name = nameEnd < 0 ? line : line[..nameEnd];
        if (name.IsEmpty)
        {
            return RejectionReason.EmptyName;
        }

        if (nameEnd < 0 || line[nameEnd] == FieldSeparator)
        {
            return RejectionReason.MissingValue;
        }

        _sampleCount = 0;
        _partCount = 0;
        ReadOnlySpan<byte> tags = default;
        bool hasMore = true;
        for (int position = nameEnd + 1; hasMore; position++)
        {
            RejectionReason reason = ParsePart(line, ref position, ref tags);
            if (reason != RejectionReason.None)
            {
                return reason;
            }

            hasMore = position < line.Length;
        }

        metric = new StatsDMetric
        {
            Line = line,
            Name = name,
            Parts = _parts.AsSpan(0, _partCount),
            Samples = _samples.AsSpan(0, _sampleCount),
            Tags = tags,
        };
        return RejectionReason.None;
    }

    private static int IndexOrEnd(ReadOnlySpan<byte> line, int start, byte separator)
    {
        int index = line[start..].IndexOf(separator);
        return index < 0 ? line.Length : start + index;
    }

    // A type and a rate end at the next field, or at a ":", after which another value begins.
    private static int EndOfField(ReadOnlySpan<byte> line, int start)
    {
        int index = line[start..].IndexOfAny(FieldSeparator, ValueSeparator);
        return index < 0 ? line.Length : start + index;
    }

    private static bool TryParseKind(ReadOnlySpan<byte> type, out MetricKind kind)
    {
        (kind, bool isKnown) = type switch
        {
            [(byte)'c'] => (MetricKind.Counter, true),
            [(byte)'g'] => (MetricKind.Gauge, true),
            [(byte)'m', (byte)'s'] => (MetricKind.Timer, true),
            [(byte)'h'] => (MetricKind.Histogram, true),
            [(byte)'d'] => (MetricKind.Distribution, true),
            [(byte)'s'] => (MetricKind.Set, true),
            _ => (default, false),
        };
        return isKnown;
    }

    /// <summary>Parses values with their type and the fields after it.</summary>
    /// <param name="line">The line.</param>
    /// <param name="position">Where the values begin; afterwards, the ":" before the next ones, or the line's end.</param>
    /// <param name="tags">The line's tags, if this part has them.</param>
    private RejectionReason ParsePart(ReadOnlySpan<byte> line, ref int position, ref ReadOnlySpan<byte> tags)
    {
        int first = position;
        int valuesEnd = IndexOrEnd(line, first, FieldSeparator);
        ReadOnlySpan<byte> values = line[first..valuesEnd];
        if (values.IsEmpty)
        {
            return RejectionReason.MissingValue;
        }

        if (valuesEnd == line.Length)
        {
            return RejectionReason.MissingType;
        }

        int end = EndOfField(line, valuesEnd + 1);

        // statsd trims the type, so there are clients that pad it.
        ReadOnlySpan<byte> type = line[(valuesEnd + 1)..end].Trim(" \t"u8);
        if (!TryParseKind(type, out MetricKind kind))
        {
            return type.IsEmpty ? RejectionReason.MissingType : RejectionReason.UnknownType;
        }

        int count = values.Length;
        if (kind != MetricKind.Set)
        {
            first = _sampleCount;
            RejectionReason reason = ParseSamples(values, kind);
            if (reason != RejectionReason.None)
            {
                return reason;
            }

            count = _sampleCount - first;
        }

        double? sampleRate = null;
        while (end < line.Length && line[end] == FieldSeparator)
        {
            RejectionReason reason = ParseField(line, ref end, ref sampleRate, ref tags);
            if (reason != RejectionReason.None)
            {
                return reason;
            }
        }

        if (_partCount == _parts.Length)
        {
            Array.Resize(ref _parts, _partCount * 2);
        }

        _parts[_partCount++] = new StatsDPart(kind, sampleRate ?? 1, first, count);
        position = end;
        return RejectionReason.None;
    }

    /// <summary>Parses a field after the type.</summary>
    /// <param name="line">The line.</param>
    /// <param name="position">The "|" before the field; afterwards, its end.</param>
    /// <param name="sampleRate">The part's rate, if this is the field.</param>
    /// <param name="tags">The line's tags, if this is the field.</param>
    private static RejectionReason ParseField(
        ReadOnlySpan<byte> line,
        ref int position,
        ref double? sampleRate,
        ref ReadOnlySpan<byte> tags)
    {
        int start = position + 1;
        byte sign = start < line.Length ? line[start] : FieldSeparator;
        if (sign == '@')
        {
            position = EndOfField(line, start);
            if (sampleRate is not null || !DecimalNumber.TryParse(line[(start + 1)..position], out double rate) || rate is <= 0 or > 1)
            {
                return RejectionReason.InvalidSampleRate;
            }

            sampleRate = rate;
            return RejectionReason.None;
        }

        position = IndexOrEnd(line, start, FieldSeparator);
        switch (sign)
        {
            case (byte)'#':
                // As in statsd, the first tags count.
                tags = tags.IsEmpty ? line[(start + 1)..position] : tags;
                return RejectionReason.None;
            case (byte)'T':
                // A value with its own timestamp does not belong to the current interval; DogStatsD does not add such values up either.
                return RejectionReason.UnsupportedTimestamp;
            case FieldSeparator:
                return RejectionReason.None;
            default:
                // A letter begins an extension of a newer protocol (container "c:", "e:", "card:"): like the DogStatsD server, this one
                // skips those that it does not know. A number is a rate without its "@", and must not silently count as 1.
                return char.IsAsciiLetter((char)sign) ? RejectionReason.None : RejectionReason.UnexpectedField;
        }
    }

    // DogStatsD 1.1 packs several values into a line ("1:2:3") and skips empty ones ("1::3").
    private RejectionReason ParseSamples(ReadOnlySpan<byte> values, MetricKind kind)
    {
        int before = _sampleCount;
        while (!values.IsEmpty)
        {
            int end = values.IndexOf(ValueSeparator);
            ReadOnlySpan<byte> text = end < 0 ? values : values[..end];
            values = end < 0 ? default : values[(end + 1)..];
            if (text.IsEmpty)
            {
                continue;
            }

            // statsd allows white space around numbers, and refuses negative durations.
            if ((!DecimalNumber.TryParse(text, out double value) && !DecimalNumber.TryParse(text.Trim(" \t"u8), out value))
                || (kind == MetricKind.Timer && value < 0))
            {
                return RejectionReason.InvalidValue;
            }

            if (_sampleCount == _samples.Length)
            {
                Array.Resize(ref _samples, _sampleCount * 2);
            }

            _samples[_sampleCount++] = new Sample(value, IsSigned: text[0] is (byte)'+' or (byte)'-');
        }

        return _sampleCount == before ? RejectionReason.MissingValue : RejectionReason.None;
    }
}
