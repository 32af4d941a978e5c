using System.Diagnostics.CodeAnalysis;

namespace MetricsGateway.Metrics;

/// <summary>All series of one kind by their key. Looking up a known one allocates nothing.</summary>
/// <remarks>
/// Beside the dictionary there is a list of places, which a worker can go through while the loop adds to it and deletes from it. In a place
/// the worker finds a series of its interval, nothing, or one that came later, which says so itself. So a place that is free is used again
/// at once, and there are no more places than there were names at any one time.
/// </remarks>
internal sealed class SeriesTable<TSeries>
    where TSeries : Series
{
    private readonly Dictionary<byte[], TSeries> _series = new(Utf8Comparer.Instance);
    private readonly Dictionary<byte[], TSeries>.AlternateLookup<ReadOnlySpan<byte>> _byKey;
    private readonly Quota _names;
    private readonly StoreHalf _half;
    private readonly Func<byte[], TSeries> _create;
    private readonly Stack<int> _freePlaces = [];

    // Deleted while a worker had their other half, which is therefore not released yet.
    private readonly List<TSeries> _unreleased = [];
    private TSeries?[] _places = new TSeries?[16];
    private bool _isShared;

    /// <param name="names">Where the name of each series comes from.</param>
    /// <param name="half">The half that belongs to the interval that runs.</param>
    /// <param name="create">Makes a series of a key.</param>
    public SeriesTable(Quota names, StoreHalf half, Func<byte[], TSeries> create)
    {
        _byKey = _series.GetAlternateLookup<ReadOnlySpan<byte>>();
        _names = names;
        _half = half;
        _create = create;
    }

    public int Count => _series.Count;

    /// <summary>How many places there are: those of all series, and those that are free.</summary>
    public int PlaceCount { get; private set; }

    /// <summary>Whether a series is deleted at the end of an interval in which nothing arrived for it.</summary>
    public bool DeletesIdle { get; set; }

    public bool TryGet(ReadOnlySpan<byte> key, [NotNullWhen(true)] out TSeries? series) => _byKey.TryGetValue(key, out series);

    /// <returns>False if the series is new and the limit of names is reached.</returns>
    public bool TryGetOrAdd(ReadOnlySpan<byte> key, [NotNullWhen(true)] out TSeries? series) =>
        _byKey.TryGetValue(key, out series) || TryAdd(key, out series);

    /// <summary>Deletes every series that matches and reports the key of each.</summary>
    public int Delete(SeriesPattern pattern, Action<ReadOnlySpan<byte>> deleted)
    {
        int count = 0;

        // A dictionary may lose entries while it is enumerated.
        foreach ((byte[] key, TSeries series) in _series)
        {
            if (pattern.IsMatch(key))
            {
                Delete(series);
                count++;
                deleted(key);
            }
        }

        return count;
    }

    /// <summary>Deletes a series for which nothing arrived in the interval that was told, unless something has since.</summary>
    public void DeleteIfIdle(TSeries series)
    {
        if (DeletesIdle && series.Place >= 0 && series.IsIdle)
        {
            Delete(series);
        }
    }

    /// <summary>What a worker may see until <see cref="EndSnapshot"/>. To be taken when the halves have been swapped.</summary>
    public TableSnapshot<TSeries> TakeSnapshot()
    {
        _isShared = true;
        return new TableSnapshot<TSeries>(_places, PlaceCount, _half.Other, _half.Interval, DeletesIdle);
    }

    /// <summary>No worker looks any more.</summary>
    public void EndSnapshot()
    {
        _isShared = false;
        _unreleased.ForEach(series => series.Release());
        _unreleased.Clear();
    }

    public Dictionary<byte[], TSeries>.Enumerator GetEnumerator() => _series.GetEnumerator();

    private bool TryAdd(ReadOnlySpan<byte> key, [NotNullWhen(true)] out TSeries? series)
    {
        series = null;
        if (!_names.TryTake())
        {
            return false;
        }

        byte[] text = key.ToArray();
        series = _create(text);
        _series.Add(text, series);
        series.Place = TakePlace();
        _places[series.Place] = series;
        return true;
    }

    private int TakePlace()
    {
        if (_freePlaces.TryPop(out int free))
        {
            return free;
        }

        if (PlaceCount == _places.Length)
        {
            Array.Resize(ref _places, 2 * PlaceCount);
        }

        return PlaceCount++;
    }

    private void Delete(TSeries series)
    {
        _series.Remove(series.Key);
        _places[series.Place] = null;
        _freePlaces.Push(series.Place);
        series.Place = -1;
        _names.Return();
        if (_isShared)
        {
            _unreleased.Add(series);
        }
        else
        {
            series.Release();
        }
    }
}
