using System.Runtime.InteropServices;

namespace MetricsGateway.Metrics;

/// <summary>
/// Selects series by names. A name without tags selects the series of that name with any tags. A trailing "*" matches any rest, so
/// statsd's folder form <c>sandbox.test.*</c> means the same here.
/// </summary>
/// <remarks>Matching a key takes about the same time for one name and for thousands.</remarks>
internal sealed class SeriesSelection
{
    private const byte TagSeparator = (byte)';';
    private const byte AnyRest = (byte)'*';

    private readonly List<Item> _items = [];
    private readonly Dictionary<byte[], Item> _names = new(Utf8Comparer.Instance);
    private readonly Dictionary<byte[], Item>.AlternateLookup<ReadOnlySpan<byte>> _byName;
    private readonly List<Item> _prefixes = [];

    /// <param name="words">Names, separated by spaces or tabs.</param>
    public SeriesSelection(ReadOnlySpan<byte> words)
    {
        _byName = _names.GetAlternateLookup<ReadOnlySpan<byte>>();
        foreach (Range range in words.SplitAny((byte)' ', (byte)'\t'))
        {
            ReadOnlySpan<byte> word = words[range];
            if (!word.IsEmpty && !_byName.ContainsKey(word))
            {
                Item item = new(word.ToArray());
                _items.Add(item);
                _names.Add(item.Text, item);
                if (item.IsPrefix)
                {
                    _prefixes.Add(item);
                }
            }
        }

        KeepShortestPrefixes();
    }

    public bool IsEmpty => _items.Count == 0;

    /// <summary>The names that selected nothing.</summary>
    public IEnumerable<byte[]> Unfound => _items.Where(item => !item.IsFound).Select(item => item.Text);

    public bool Selects(ReadOnlySpan<byte> key)
    {
        int end = key.IndexOf(TagSeparator);
        bool isSelected = IsNamed(key);
        isSelected |= end >= 0 && IsNamed(key[..end]);
        return isSelected | HasPrefix(key);
    }

    private bool IsNamed(ReadOnlySpan<byte> name)
    {
        if (!_byName.TryGetValue(name, out Item? item) || item.IsPrefix)
        {
            return false;
        }

        item.IsFound = true;
        return true;
    }

    // No prefix begins with another one, so only the last one that does not sort after the key can match.
    private bool HasPrefix(ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = _prefixes.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_prefixes[middle].Prefix.SequenceCompareTo(key) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low == 0 || !key.StartsWith(_prefixes[low - 1].Prefix))
        {
            return false;
        }

        _prefixes[low - 1].IsFound = true;
        return true;
    }

    private void KeepShortestPrefixes()
    {
        _prefixes.Sort((left, right) => left.Prefix.SequenceCompareTo(right.Prefix));
        int kept = 0;
        foreach (Item item in CollectionsMarshal.AsSpan(_prefixes))
        {
            if (kept > 0 && item.Prefix.StartsWith(_prefixes[kept - 1].Prefix))
            {
                // The shorter prefix selects everything that this one would. It is not reported as not found.
                item.IsFound = true;
            }
            else
            {
                _prefixes[kept++] = item;
            }
        }

        _prefixes.RemoveRange(kept, _prefixes.Count - kept);
    }

    private sealed class Item(byte[] text)
    {
        public byte[] Text => text;

        public bool IsPrefix => text is [.., AnyRest];

        public ReadOnlySpan<byte> Prefix => text.AsSpan(0, text.Length - 1);

        public bool IsFound { get; set; }
    }
}
