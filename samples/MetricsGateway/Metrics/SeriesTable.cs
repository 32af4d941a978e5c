using System.Diagnostics.CodeAnalysis;

namespace MetricsGateway.Metrics;

/// <summary>All series of one kind by their key. Looking up a known one allocates nothing.</summary>
internal sealed class SeriesTable<TSeries>
    where TSeries : class
{
    private readonly Dictionary<byte[], TSeries> _series = new(Utf8Comparer.Instance);
    private readonly Dictionary<byte[], TSeries>.AlternateLookup<ReadOnlySpan<byte>> _byKey;
    private readonly Quota _names;
    private readonly Func<TSeries> _create;

    public SeriesTable(Quota names, Func<TSeries> create)
    {
        _byKey = _series.GetAlternateLookup<ReadOnlySpan<byte>>();
        _names = names;
        _create = create;
    }

    public int Count => _series.Count;

    public bool TryGet(ReadOnlySpan<byte> key, [NotNullWhen(true)] out TSeries? series) => _byKey.TryGetValue(key, out series);

    /// <returns>False if the series is new and the limit of names is reached.</returns>
    public bool TryGetOrAdd(ReadOnlySpan<byte> key, [NotNullWhen(true)] out TSeries? series)
    {
        if (_byKey.TryGetValue(key, out series))
        {
            return true;
        }

        if (!_names.TryTake())
        {
            return false;
        }

        series = _create();
        _byKey[key] = series;
        return true;
    }

    /// <summary>Deletes every series that matches and reports the key of each.</summary>
    public int Delete(SeriesPattern pattern, Action<ReadOnlySpan<byte>> deleted)
    {
        int count = 0;
        foreach (byte[] key in _series.Keys)
        {
            if (pattern.IsMatch(key))
            {
                // A dictionary may lose entries while it is enumerated.
                _series.Remove(key);
                _names.Return();
                count++;
                deleted(key);
            }
        }

        return count;
    }

    public Dictionary<byte[], TSeries>.Enumerator GetEnumerator() => _series.GetEnumerator();
}
