namespace MetricsGateway.Metrics;

/// <summary>How a protocol writes tags.</summary>
internal sealed class TagSyntax
{
    private TagSyntax(byte separator, byte? assignment)
    {
        Separator = separator;
        Assignment = assignment;
    }

    /// <summary><c>name:value,name</c>, or <c>name=value</c> as in Graphite; a value is optional.</summary>
    public static TagSyntax DogStatsD { get; } = new((byte)',', (byte)':');

    /// <summary><c>name=value;name=value</c>.</summary>
    public static TagSyntax Graphite { get; } = new((byte)';', assignment: null);

    public byte Separator { get; }

    /// <summary>The character between name and value, besides "=", which every protocol allows.</summary>
    public byte? Assignment { get; }

    /// <summary>The length of a tag's name; the tag's length if there is no value.</summary>
    public int NameLengthOf(ReadOnlySpan<byte> tag)
    {
        int end = Assignment is { } assignment ? tag.IndexOfAny(assignment, (byte)'=') : tag.IndexOf((byte)'=');
        return end < 0 ? tag.Length : end;
    }

    /// <summary>Whether each tag has a name and a value, as carbon requires.</summary>
    public bool AreWhole(ReadOnlySpan<byte> tags)
    {
        foreach (Range range in tags.Split(Separator))
        {
            ReadOnlySpan<byte> tag = tags[range];
            int nameLength = NameLengthOf(tag);
            if (nameLength == 0 || nameLength >= tag.Length - 1)
            {
                return false;
            }
        }

        return true;
    }
}
