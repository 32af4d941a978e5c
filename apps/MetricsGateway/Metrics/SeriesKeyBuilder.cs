namespace MetricsGateway.Metrics;

/// <summary>
/// Builds the key of a series: its clean name, and its tags, sorted by name, as <c>name;tag=value;tag=value</c>. That is Graphite's form.
/// One series in Graphite has one key here, so its values are added up here instead of overwritten there.
/// </summary>
/// <remarks>
/// Of tags with the same name the last one counts, as in Graphite. A tag without a value has "true". A tag called "name" becomes "_name",
/// because Graphite keeps the metric's own name under "name". A tag without a name is left out and counted. Empty tags are ignored.
/// </remarks>
internal sealed class SeriesKeyBuilder
{
    private const byte KeySeparator = (byte)';';
    private const byte KeyAssignment = (byte)'=';

    private readonly Comparison<Tag> _byName;
    private byte[] _text = new byte[256];
    private byte[] _key = new byte[256];
    private Tag[] _tags = new Tag[16];
    private int _textLength;
    private int _tagCount;
    private int _droppedTags;

    public SeriesKeyBuilder()
    {
        _byName = (left, right) =>
            NameOf(left).SequenceCompareTo(NameOf(right)) is not 0 and var order ? order : left.Start.CompareTo(right.Start);
    }

    private static ReadOnlySpan<byte> ImpliedValue => "true"u8;

    /// <param name="name">Valid UTF-8. Text after a semicolon is tags in Graphite's form.</param>
    /// <param name="tags">Further tags.</param>
    /// <param name="syntax">The syntax of the further tags.</param>
    /// <returns>The key, valid until the next call; empty if nothing of the name is left.</returns>
    public ReadOnlySpan<byte> Build(ReadOnlySpan<byte> name, ReadOnlySpan<byte> tags, TagSyntax syntax)
    {
        bool isClean = SeriesText.IsCleanName(name);
        if (isClean && tags.IsEmpty)
        {
            return name;
        }

        _textLength = 0;
        _tagCount = 0;
        if (!isClean)
        {
            int semicolon = name.IndexOf(KeySeparator);
            if (semicolon >= 0)
            {
                AddTags(name[(semicolon + 1)..], TagSyntax.Graphite);
                name = name[..semicolon];
            }
        }

        if (!tags.IsEmpty)
        {
            AddTags(tags, syntax);
        }

        Span<Tag> sorted = _tags.AsSpan(0, _tagCount);
        if (sorted.Length > 1)
        {
            sorted.Sort(_byName);
        }

        return Join(name, isClean, sorted);
    }

    /// <summary>The number of tags without a name that were left out since the last call.</summary>
    public int TakeDroppedTags()
    {
        int dropped = _droppedTags;
        _droppedTags = 0;
        return dropped;
    }

    private void AddTags(ReadOnlySpan<byte> tags, TagSyntax syntax)
    {
        foreach (Range range in tags.Split(syntax.Separator))
        {
            ReadOnlySpan<byte> tag = tags[range];
            if (tag.IsEmpty)
            {
                continue;
            }

            int nameLength = syntax.NameLengthOf(tag);
            if (nameLength == 0)
            {
                _droppedTags++;
                continue;
            }

            Add(tag[..nameLength], nameLength >= tag.Length - 1 ? ImpliedValue : tag[(nameLength + 1)..]);
        }
    }

    private void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        EnsureCapacity(ref _text, _textLength, _textLength + name.Length + value.Length + 1);
        if (_tagCount == _tags.Length)
        {
            Array.Resize(ref _tags, _tagCount * 2);
        }

        int start = _textLength;
        if (name.SequenceEqual("name"u8))
        {
            _text[_textLength++] = (byte)'_';
        }

        _textLength += Copy(name, _text.AsSpan(_textLength), isValue: false);
        int nameLength = _textLength - start;
        _textLength += Copy(value, _text.AsSpan(_textLength), isValue: true);
        _tags[_tagCount++] = new Tag(start, nameLength, _textLength - start - nameLength);
    }

    private static int Copy(ReadOnlySpan<byte> text, Span<byte> target, bool isValue)
    {
        if (!SeriesText.IsCleanTag(text))
        {
            return SeriesText.CleanTag(text, target, isValue);
        }

        text.CopyTo(target);
        return text.Length;
    }

    private ReadOnlySpan<byte> Join(ReadOnlySpan<byte> name, bool isClean, ReadOnlySpan<Tag> sorted)
    {
        EnsureCapacity(ref _key, used: 0, name.Length + _textLength + (2 * sorted.Length));
        int end = name.Length;
        if (isClean)
        {
            name.CopyTo(_key);
        }
        else
        {
            end = SeriesText.CleanName(name, _key);
        }

        if (end == 0)
        {
            return default;
        }

        for (int i = 0; i < sorted.Length; i++)
        {
            if (i + 1 < sorted.Length && NameOf(sorted[i]).SequenceEqual(NameOf(sorted[i + 1])))
            {
                continue;
            }

            Tag tag = sorted[i];
            _key[end++] = KeySeparator;
            NameOf(tag).CopyTo(_key.AsSpan(end));
            end += tag.NameLength;
            _key[end++] = KeyAssignment;
            _text.AsSpan(tag.Start + tag.NameLength, tag.ValueLength).CopyTo(_key.AsSpan(end));
            end += tag.ValueLength;
        }

        return _key.AsSpan(0, end);
    }

    private ReadOnlySpan<byte> NameOf(Tag tag) => _text.AsSpan(tag.Start, tag.NameLength);

    private static void EnsureCapacity(ref byte[] buffer, int used, int capacity)
    {
        if (buffer.Length < capacity)
        {
            byte[] larger = new byte[Math.Max(capacity, buffer.Length * 2)];
            buffer.AsSpan(0, used).CopyTo(larger);
            buffer = larger;
        }
    }

    /// <summary>The position of a tag in the text: its name, followed by its value.</summary>
    private readonly record struct Tag(int Start, int NameLength, int ValueLength);
}
