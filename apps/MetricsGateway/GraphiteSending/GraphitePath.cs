using System.Text;

namespace MetricsGateway.GraphiteSending;

/// <summary>The path of a series in Graphite: its kind before its name. The key is already clean. One object is reused for all
/// series.</summary>
internal sealed class GraphitePath
{
    private readonly int _start;
    private byte[] _name;
    private byte[] _tags = new byte[256];
    private int _nameLength;
    private int _tagsLength;

    /// <param name="prefix">The beginning of every name; empty for none.</param>
    /// <param name="kind">The part after it, with its dot.</param>
    public GraphitePath(string prefix, ReadOnlySpan<byte> kind)
    {
        byte[] start = [.. Encoding.UTF8.GetBytes(prefix.Length == 0 ? string.Empty : $"{prefix}."), .. kind];
        _start = start.Length;
        _name = new byte[_start + 256];
        start.CopyTo(_name, 0);
    }

    public ReadOnlySpan<byte> Name => _name.AsSpan(0, _nameLength);

    /// <summary>The tags, with a semicolon before each; empty if there are none.</summary>
    public ReadOnlySpan<byte> Tags => _tags.AsSpan(0, _tagsLength);

    /// <param name="key">A series' key: a name, followed by semicolons and tags.</param>
    public void Set(ReadOnlySpan<byte> key)
    {
        int end = key.IndexOf((byte)';');
        ReadOnlySpan<byte> name = end < 0 ? key : key[..end];
        ReadOnlySpan<byte> tags = end < 0 ? default : key[end..];
        if (_name.Length < _start + name.Length)
        {
            Array.Resize(ref _name, _start + (2 * name.Length));
        }

        if (_tags.Length < tags.Length)
        {
            _tags = new byte[2 * tags.Length];
        }

        name.CopyTo(_name.AsSpan(_start));
        _nameLength = _start + name.Length;
        tags.CopyTo(_tags);
        _tagsLength = tags.Length;
    }
}
