using System.Buffers;
using System.Text;

namespace MetricsGateway.GraphiteSending;

/// <summary>
/// A series as Graphite wants it: a name that breaks neither the line nor the tree of names, and tags that have a value each.
/// One object serves for one series after the other.
/// </summary>
internal sealed class GraphitePath
{
    private readonly int _start;
    private byte[] _name;
    private byte[] _tags = new byte[256];
    private int _nameLength;
    private int _tagsLength;

    /// <param name="prefix">What every name begins with; empty for nothing.</param>
    /// <param name="kind">What follows it, with its dot.</param>
    public GraphitePath(string prefix, ReadOnlySpan<byte> kind)
    {
        byte[] start = [.. Encoding.UTF8.GetBytes(prefix.Length == 0 ? string.Empty : $"{prefix}."), .. kind];
        _start = start.Length;
        _name = new byte[_start + 256];
        start.CopyTo(_name, 0);
    }

    public ReadOnlySpan<byte> Name => _name.AsSpan(0, _nameLength);

    /// <summary>With a semicolon before each; empty if there are none.</summary>
    public ReadOnlySpan<byte> Tags => _tags.AsSpan(0, _tagsLength);

    /// <param name="key">A series' key: a name, and behind semicolons its tags.</param>
    /// <returns>False if nothing of the name is left, so that it cannot be sent.</returns>
    public bool TrySet(ReadOnlySpan<byte> key)
    {
        int end = key.IndexOf((byte)';');
        ReadOnlySpan<byte> name = end < 0 ? key : key[..end];
        if (_name.Length < _start + name.Length)
        {
            Array.Resize(ref _name, _start + (2 * name.Length));
        }

        _nameLength = _start + CleanName(name, _name.AsSpan(_start));
        _tagsLength = 0;
        if (end >= 0)
        {
            SetTags(key[(end + 1)..]);
        }

        return _nameLength > _start;
    }

    // What statsd makes of names: a space is "_", a slash "-", and what is neither a letter, a digit, nor one of "_-." is left out.
    // What is beyond ASCII, which it leaves out too, is kept; Graphite has no difficulty with it, but for spaces.
    private static int CleanName(ReadOnlySpan<byte> name, Span<byte> target)
    {
        int length = 0;
        for (int i = 0; i < name.Length; i++)
        {
            byte value = name[i];
            if (value >= 0x80)
            {
                i += CopyBeyondAscii(name[i..], target, ref length) - 1;
                continue;
            }

            byte clean = value switch
            {
                (byte)' ' or (byte)'\t' => (byte)'_',
                (byte)'/' => (byte)'-',
                (byte)'_' or (byte)'-' or (byte)'.' => value,
                _ => char.IsAsciiLetterOrDigit((char)value) ? value : (byte)0,
            };
            if (clean != 0)
            {
                target[length++] = clean;
            }
        }

        return length;
    }

    // Graphite divides a line at every white space that Unicode has: a no-break space in a name would make the line an invalid one.
    private static int CopyBeyondAscii(ReadOnlySpan<byte> text, Span<byte> target, ref int length)
    {
        OperationStatus status = Rune.DecodeFromUtf8(text, out Rune rune, out int count);
        if (status == OperationStatus.Done && Rune.IsWhiteSpace(rune))
        {
            target[length++] = (byte)'_';
        }
        else
        {
            text[..count].CopyTo(target[length..]);
            length += count;
        }

        return count;
    }

    private void SetTags(ReadOnlySpan<byte> tags)
    {
        // A tag without a value gets one, and each a semicolon.
        int longest = tags.Length + ((tags.Count((byte)';') + 1) * (";=true".Length + 1));
        if (_tags.Length < longest)
        {
            _tags = new byte[2 * longest];
        }

        foreach (Range range in tags.Split((byte)';'))
        {
            ReadOnlySpan<byte> tag = tags[range];
            int assignment = tag.IndexOf((byte)'=');
            ReadOnlySpan<byte> name = assignment < 0 ? tag : tag[..assignment];
            ReadOnlySpan<byte> value = assignment < 0 ? default : tag[(assignment + 1)..];
            if (name.IsEmpty)
            {
                // A name of a metric may end with a semicolon, or have two of them.
                continue;
            }

            Append(";"u8);
            AppendClean(name, isName: true);
            Append("="u8);
            AppendClean(value.IsEmpty ? "true"u8 : value, isName: false);
        }
    }

    // Graphite refuses "!" and "^" in the name of a tag, "~" at the beginning of a value, and a space ends the path.
    private void AppendClean(ReadOnlySpan<byte> text, bool isName)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] >= 0x80)
            {
                i += CopyBeyondAscii(text[i..], _tags, ref _tagsLength) - 1;
                continue;
            }

            bool isRefused = text[i] is (byte)' ' or (byte)'\t'
                || (isName ? text[i] is (byte)'!' or (byte)'^' : i == 0 && text[i] == (byte)'~');
            _tags[_tagsLength++] = isRefused ? (byte)'_' : text[i];
        }
    }

    private void Append(ReadOnlySpan<byte> text)
    {
        text.CopyTo(_tags.AsSpan(_tagsLength));
        _tagsLength += text.Length;
    }
}
