using System.Diagnostics.CodeAnalysis;

namespace MetricsGateway.Metrics;

/// <summary>Why a series is not made.</summary>
internal enum SeriesRefusal
{
    TooManyNames,
    TooManyBytes,
    Reserved,
}

/// <summary>All series of one kind by their key. Looking up a known one allocates nothing.</summary>
/// <remarks>
/// <para>
/// It grows one bucket a name (linear hashing; Litwin 1980): there is no moment at which all names are sorted in anew, which would hold up
/// the loop for tens of milliseconds at a million names. Bucket <c>n</c> is split off from the one that has the same hash without its
/// highest bit, so as many bits of the hash count as the number of buckets has, or one less.
/// </para>
/// <para>
/// Beside the buckets there is a list of places, which a worker can go through while the loop adds to it and deletes from it. In a place
/// the worker finds a series of its interval, nothing, or one that came later, which says so itself. So a place that is free is used again
/// at once, and there are no more places than there were names at any one time.
/// </para>
/// <para>
/// Buckets and the series in them name each other by places, which are numbers: the places alone refer to series. A collection of garbage
/// looks at every object that another one refers to, and at each place in an old object that a new reference was written to. A new name
/// writes one, behind the one before, instead of one in a bucket that may lie anywhere.
/// </para>
/// </remarks>
internal sealed class SeriesTable<TSeries>
    where TSeries : Series
{
    // Where no series is.
    private const int Nowhere = -1;

    // The place of the first series of each.
    private readonly ChunkedList<int> _buckets = new();
    private readonly ChunkedList<TSeries?> _places = new();
    private readonly Quota _names;
    private readonly Quota _nameBytes;
    private readonly StoreHalf _half;
    private readonly Func<byte[], TSeries> _create;
    private readonly IReadOnlyList<byte[]> _reserved;
    private readonly Stack<int> _freePlaces = [];

    // Deleted while a worker had their other half, which is therefore not released yet.
    private readonly Queue<TSeries> _unreleased = [];
    private uint _mask;
    private bool _isShared;

    /// <param name="names">Where the name of each series comes from.</param>
    /// <param name="nameBytes">Where the bytes of each key come from.</param>
    /// <param name="half">The half that belongs to the interval that runs.</param>
    /// <param name="create">Makes a series of a key.</param>
    /// <param name="reserved">Keys that no series may have.</param>
    public SeriesTable(Quota names, Quota nameBytes, StoreHalf half, Func<byte[], TSeries> create, IReadOnlyList<byte[]>? reserved = null)
    {
        _names = names;
        _nameBytes = nameBytes;
        _half = half;
        _create = create;
        _reserved = reserved ?? [];
        _buckets.Add(Nowhere);
    }

    public int Count { get; private set; }

    /// <summary>How many places there are: those of all series, and those that are free.</summary>
    public int PlaceCount => _places.Count;

    /// <summary>Whether a series is deleted at the end of an interval in which nothing arrived for it.</summary>
    public bool DeletesIdle { get; set; }

    /// <summary>Why the last series that was not made was not.</summary>
    public SeriesRefusal LastRefusal { get; private set; }

    public bool TryGet(ReadOnlySpan<byte> key, [NotNullWhen(true)] out TSeries? series) =>
        TryFind(key, Utf8Comparer.HashOf(key), out series);

    /// <returns>False if the series is new and may not be made; <see cref="LastRefusal"/> says why.</returns>
    public bool TryGetOrAdd(ReadOnlySpan<byte> key, [NotNullWhen(true)] out TSeries? series)
    {
        int hash = Utf8Comparer.HashOf(key);
        return TryFind(key, hash, out series) || TryAdd(key, hash, out series);
    }

    /// <summary>The series in a place, or null if it is free. Who goes through all places may do so a part at a time.</summary>
    public TSeries? At(int place) => _places[place];

    /// <summary>Deletes a series that is in the table.</summary>
    public void Delete(TSeries series)
    {
        Unlink(series);
        Count--;
        _places[series.Place] = null;
        _freePlaces.Push(series.Place);
        series.Place = -1;
        _names.Return();
        _nameBytes.Return(series.Key.Length);
        if (_isShared)
        {
            _unreleased.Enqueue(series);
        }
        else
        {
            series.Release();
        }
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
        return new TableSnapshot<TSeries>(_places.TakeView(), _half.Other, _half.Interval, DeletesIdle);
    }

    /// <summary>No worker looks any more. What was deleted meanwhile can be released, by <see cref="ReleaseDeleted"/>.</summary>
    public void EndSnapshot() => _isShared = false;

    /// <summary>Releases what was deleted while a worker looked, one series after the other. It must be gone through before the next
    /// snapshot.</summary>
    public IEnumerable<int> ReleaseDeleted()
    {
        while (_unreleased.TryDequeue(out TSeries? series))
        {
            series.Release();
            yield return _unreleased.Count;
        }
    }

    private int BucketOf(int hash)
    {
        uint bucket = (uint)hash & _mask;
        return (int)(bucket < (uint)_buckets.Count ? bucket : bucket & (_mask >> 1));
    }

    private bool TryFind(ReadOnlySpan<byte> key, int hash, [NotNullWhen(true)] out TSeries? series)
    {
        int place = _buckets[BucketOf(hash)];
        while (place >= 0)
        {
            TSeries next = _places[place]!;
            if (next.Hash == hash && key.SequenceEqual(next.Key))
            {
                series = next;
                return true;
            }

            place = next.Next;
        }

        series = null;
        return false;
    }

    private bool TryAdd(ReadOnlySpan<byte> key, int hash, [NotNullWhen(true)] out TSeries? series)
    {
        series = null;
        foreach (byte[] reserved in _reserved)
        {
            if (key.SequenceEqual(reserved))
            {
                LastRefusal = SeriesRefusal.Reserved;
                return false;
            }
        }

        if (!_names.TryTake())
        {
            LastRefusal = SeriesRefusal.TooManyNames;
            return false;
        }

        if (!_nameBytes.TryTake(key.Length))
        {
            _names.Return();
            LastRefusal = SeriesRefusal.TooManyBytes;
            return false;
        }

        series = _create(key.ToArray());
        series.Hash = hash;
        series.Place = TakePlace(series);
        ref int bucket = ref _buckets[BucketOf(hash)];
        series.Next = bucket;
        bucket = series.Place;
        Count++;
        if (Count > _buckets.Count)
        {
            SplitBucket();
        }

        return true;
    }

    private void SplitBucket()
    {
        uint added = (uint)_buckets.Count;
        if (added > _mask)
        {
            _mask = (2 * _mask) + 1;
        }

        int source = (int)(added & (_mask >> 1));
        int place = _buckets[source];
        int stays = Nowhere;
        int moves = Nowhere;
        while (place >= 0)
        {
            TSeries series = _places[place]!;
            place = series.Next;
            ref int target = ref ((uint)series.Hash & _mask) == added ? ref moves : ref stays;
            series.Next = target;
            target = series.Place;
        }

        _buckets[source] = stays;
        _buckets.Add(moves);
    }

    private void Unlink(TSeries series)
    {
        ref int link = ref _buckets[BucketOf(series.Hash)];
        if (link == series.Place)
        {
            link = series.Next;
            return;
        }

        TSeries before = _places[link]!;
        while (before.Next != series.Place)
        {
            before = _places[before.Next]!;
        }

        before.Next = series.Next;
    }

    private int TakePlace(TSeries series)
    {
        if (_freePlaces.TryPop(out int free))
        {
            _places[free] = series;
            return free;
        }

        _places.Add(series);
        return _places.Count - 1;
    }
}
