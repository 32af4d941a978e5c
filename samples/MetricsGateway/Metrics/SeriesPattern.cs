namespace MetricsGateway.Metrics;

/// <summary>
/// Selects series by name. A trailing "*" stands for any rest, so that statsd's folder form <c>sandbox.test.*</c>
/// means what it means there; a name without tags selects the series of that name with all their tags.
/// </summary>
internal readonly ref struct SeriesPattern(ReadOnlySpan<byte> text)
{
    private const byte TagSeparator = (byte)';';

    private readonly ReadOnlySpan<byte> _text = text;

    public bool IsMatch(ReadOnlySpan<byte> key)
    {
        if (_text is [.. var prefix, (byte)'*'])
        {
            return key.StartsWith(prefix);
        }

        if (!key.StartsWith(_text))
        {
            return false;
        }

        bool isTagged = _text.Contains(TagSeparator);
        return key.Length == _text.Length || (!isTagged && key[_text.Length] == TagSeparator);
    }
}
