using System.Diagnostics.CodeAnalysis;

namespace MetricsGateway.Metrics;

/// <summary>All series of one kind by their key. Looking up a known one allocates nothing.</summary>
internal sealed class SeriesTable<TSeries>
    where TSeries : class, ISeries
{
    private readonly Dictionary<byte[], TSeries> _series = new(Utf8Comparer.Instance);
    private readonly Dictionary<byte[], TSeries>.AlternateLookup<ReadOnlySpan<byte>> _byKey;
    private readonly Quota _names;
    private readonly Func<TSeries> _create;

    /// <param name="names">Where the name of each series comes from.</param>
    /// <param name="create">Makes a series.</param>
    public SeriesTable(Quota names, Func<TSeries> create)
    {
        _byKey = _series.GetAlternateLookup<ReadOnlySpan<byte>>();
        _names = names;
        _create = create;
    }

    public int Count => _series.Count;

    /// <summary>Whether a series is deleted at the end of an interval in which nothing arrived for it.</summary>
    public bool DeletesIdle { get; set; }

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
                Delete(key);
                count++;
                deleted(key);
            }
        }

        return count;
    }

    /// <summary>Whether the series is part of what the interval tells: it is not where it will be deleted because nothing arrived for it.</summary>
    public bool IsTold(TSeries series) => !DeletesIdle || !series.IsIdle;

    /// <summary>Begins the next interval for every series that stays.</summary>
    public void BeginInterval()
    {
        foreach ((byte[] key, TSeries series) in _series)
        {
            if (IsTold(series))
            {
                series.BeginInterval();
            }
            else
            {
                Delete(key);
            }
        }
    }

    public Dictionary<byte[], TSeries>.Enumerator GetEnumerator() => _series.GetEnumerator();

    // A dictionary may lose entries while it is enumerated.
    private void Delete(byte[] key)
    {
        _series.Remove(key, out TSeries? series);
        series!.Release();
        _names.Return();
    }
}
