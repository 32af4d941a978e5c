namespace MetricsGateway.Metrics;

/// <summary>
/// Names a series: the metric's name and its tags, sorted and without duplicates, as <c>name;tag=value;tag</c>.
/// That is Graphite's form, and also what statsd makes of DogStatsD tags.
/// </summary>
internal sealed class SeriesKeyBuilder
{
    private const byte KeySeparator = (byte)';';
    private const byte KeyAssignment = (byte)'=';

    private readonly Comparison<TagRange> _byText;
    private byte[] _text = new byte[256];
    private byte[] _key = new byte[256];
    private TagRange[] _tags = new TagRange[16];

    public SeriesKeyBuilder()
    {
        _byText = (left, right) => Text(left).SequenceCompareTo(Text(right));
    }

    /// <returns>The key; valid until the next call.</returns>
    public ReadOnlySpan<byte> Build(ReadOnlySpan<byte> name, ReadOnlySpan<byte> tags, TagSyntax syntax)
    {
        if (tags.IsEmpty)
        {
            return name;
        }

        int count = CopyTags(tags, syntax);
        Span<TagRange> sorted = _tags.AsSpan(0, count);
        sorted.Sort(_byText);
        return Join(name, sorted);
    }

    private int CopyTags(ReadOnlySpan<byte> tags, TagSyntax syntax)
    {
        EnsureCapacity(ref _text, tags.Length);
        int count = 0;
        int end = 0;
        foreach (Range range in tags.Split(syntax.Separator))
        {
            ReadOnlySpan<byte> tag = tags[range];
            if (tag.IsEmpty)
            {
                continue;
            }

            Span<byte> text = _text.AsSpan(end, tag.Length);

            // A DogStatsD tag may contain the key's separator; statsd writes an underscore for it.
            tag.Replace(text, KeySeparator, (byte)'_');
            int assignment = text.IndexOf(syntax.Assignment);
            if (assignment >= 0)
            {
                text[assignment] = KeyAssignment;
            }

            if (count == _tags.Length)
            {
                Array.Resize(ref _tags, count * 2);
            }

            _tags[count++] = new TagRange(end, tag.Length);
            end += tag.Length;
        }

        return count;
    }

    private ReadOnlySpan<byte> Join(ReadOnlySpan<byte> name, ReadOnlySpan<TagRange> sorted)
    {
        int capacity = name.Length;
        foreach (TagRange tag in sorted)
        {
            capacity += tag.Length + 1;
        }

        EnsureCapacity(ref _key, capacity);
        name.CopyTo(_key);
        int end = name.Length;
        ReadOnlySpan<byte> previous = default;
        foreach (TagRange tag in sorted)
        {
            ReadOnlySpan<byte> text = Text(tag);
            if (!text.SequenceEqual(previous))
            {
                _key[end++] = KeySeparator;
                text.CopyTo(_key.AsSpan(end));
                end += text.Length;
                previous = text;
            }
        }

        return _key.AsSpan(0, end);
    }

    private ReadOnlySpan<byte> Text(TagRange tag) => _text.AsSpan(tag.Start, tag.Length);

    private static void EnsureCapacity(ref byte[] buffer, int capacity)
    {
        if (buffer.Length < capacity)
        {
            buffer = new byte[Math.Max(capacity, buffer.Length * 2)];
        }
    }

    private readonly record struct TagRange(int Start, int Length);
}
