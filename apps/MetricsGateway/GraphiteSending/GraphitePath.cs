using System.Text;

namespace MetricsGateway.GraphiteSending;

/// <summary>A series as Graphite wants it, its kind before its name. Its key is clean already. One object serves for one series after the
/// other.</summary>
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
