namespace MetricsGateway.Metrics;

/// <summary>How a protocol writes tags.</summary>
internal sealed class TagSyntax
{
    private readonly bool _requiresValue;

    private TagSyntax(byte separator, byte assignment, bool requiresValue)
    {
        Separator = separator;
        Assignment = assignment;
        _requiresValue = requiresValue;
    }

    /// <summary><c>name:value,name</c>: a value is optional, and empty tags (a trailing comma) are passed over.</summary>
    public static TagSyntax DogStatsD { get; } = new((byte)',', (byte)':', requiresValue: false);

    /// <summary><c>name=value;name=value</c>: neither part may be empty.</summary>
    public static TagSyntax Graphite { get; } = new((byte)';', (byte)'=', requiresValue: true);

    public byte Separator { get; }

    public byte Assignment { get; }

    public bool IsValid(ReadOnlySpan<byte> tags)
    {
        foreach (Range range in tags.Split(Separator))
        {
            if (!IsValidTag(tags[range]))
            {
                return false;
            }
        }

        return true;
    }

    private bool IsValidTag(ReadOnlySpan<byte> tag)
    {
        int assignment = tag.IndexOf(Assignment);
        return _requiresValue ? assignment > 0 && assignment < tag.Length - 1 : assignment != 0;
    }
}
