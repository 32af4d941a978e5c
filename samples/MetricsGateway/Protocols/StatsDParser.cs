using MetricsGateway.Metrics;

namespace MetricsGateway.Protocols;

/// <summary>
/// Parses lines of the StatsD protocol with the DogStatsD extensions:
/// <c>name:value[:value…]|type[|@rate][|#tag,name:value…]</c>.
/// </summary>
/// <remarks>
/// Sources: https://github.com/statsd/statsd/blob/master/docs/metric_types.md and
/// https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/.
/// </remarks>
internal sealed class StatsDParser
{
    private const byte FieldSeparator = (byte)'|';
    private const byte ValueSeparator = (byte)':';

    private Sample[] _samples = new Sample[8];

    /// <summary>Parses one line without its newline.</summary>
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

        if (!LineText.IsPrintable(line))
        {
            return RejectionReason.InvalidBytes;
        }

        ReadOnlySpan<byte> fields = line;
        ReadOnlySpan<byte> nameAndValue = NextField(ref fields, out bool hasType);
        int colon = nameAndValue.IndexOf(ValueSeparator);
        ReadOnlySpan<byte> name = colon < 0 ? nameAndValue : nameAndValue[..colon];
        if (name.IsEmpty)
        {
            return RejectionReason.EmptyName;
        }

        if (colon < 0 || colon == nameAndValue.Length - 1)
        {
            return RejectionReason.MissingValue;
        }

        if (!hasType)
        {
            return RejectionReason.MissingType;
        }

        // statsd trims the type, so clients that pad it exist.
        ReadOnlySpan<byte> type = NextField(ref fields, out bool hasExtensions).Trim((byte)' ');
        if (!TryParseKind(type, out MetricKind kind))
        {
            return type.IsEmpty ? RejectionReason.MissingType : RejectionReason.UnknownType;
        }

        ReadOnlySpan<byte> values = nameAndValue[(colon + 1)..];
        int sampleCount = 0;
        if (kind != MetricKind.Set)
        {
            RejectionReason reason = ParseSamples(values, kind, out sampleCount);
            if (reason != RejectionReason.None)
            {
                return reason;
            }
        }

        double sampleRate = 1;
        ReadOnlySpan<byte> tags = default;
        while (hasExtensions)
        {
            ReadOnlySpan<byte> field = NextField(ref fields, out hasExtensions);
            if (field.StartsWith("@"u8))
            {
                if (!DecimalNumber.TryParse(field[1..], out sampleRate) || sampleRate is <= 0 or > 1)
                {
                    return RejectionReason.InvalidSampleRate;
                }
            }
            else if (field.StartsWith("#"u8))
            {
                tags = field[1..];
                if (!TagSyntax.DogStatsD.IsValid(tags))
                {
                    return RejectionReason.InvalidTag;
                }
            }

            // Anything else is an extension of a newer protocol (container "c:", timestamp "T", "e:", "card:"):
            // the DogStatsD server skips fields that it does not know, and so does this one.
        }

        metric = new StatsDMetric
        {
            Name = name,
            Kind = kind,
            Samples = _samples.AsSpan(0, sampleCount),
            SetValue = kind == MetricKind.Set ? values : default,
            SampleRate = sampleRate,
            Tags = tags,
        };
        return RejectionReason.None;
    }

    private static ReadOnlySpan<byte> NextField(scoped ref ReadOnlySpan<byte> rest, out bool isFollowed)
    {
        int end = rest.IndexOf(FieldSeparator);
        isFollowed = end >= 0;
        ReadOnlySpan<byte> field = isFollowed ? rest[..end] : rest;
        rest = isFollowed ? rest[(end + 1)..] : default;
        return field;
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

    // DogStatsD 1.1 packs several values into a line ("1:2:3") and passes over empty ones ("1::3");
    // one bad value spoils the whole line.
    private RejectionReason ParseSamples(ReadOnlySpan<byte> values, MetricKind kind, out int count)
    {
        count = 0;
        while (!values.IsEmpty)
        {
            int end = values.IndexOf(ValueSeparator);
            ReadOnlySpan<byte> text = end < 0 ? values : values[..end];
            values = end < 0 ? default : values[(end + 1)..];
            if (text.IsEmpty)
            {
                continue;
            }

            // statsd refuses negative durations.
            if (!DecimalNumber.TryParse(text, out double value) || (kind == MetricKind.Timer && value < 0))
            {
                return RejectionReason.InvalidValue;
            }

            if (count == _samples.Length)
            {
                Array.Resize(ref _samples, count * 2);
            }

            _samples[count++] = new Sample(value, IsSigned: text[0] is (byte)'+' or (byte)'-');
        }

        return count == 0 ? RejectionReason.MissingValue : RejectionReason.None;
    }
}
